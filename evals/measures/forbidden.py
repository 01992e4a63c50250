"""Whether a quote shows what belongs to another model, place or time. Unscored where nothing is forbidden or cited."""

from evals.golden import holds, normalise
from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    forbidden = outcome.case.expect.forbidden
    if not forbidden or outcome.answer is None or not outcome.answer.citations:
        return None
    quotes = [normalise(citation.quote) for citation in outcome.answer.citations]
    return float(any(holds(quote, form) for quote in quotes for form in forbidden))


FORBIDDEN = Measure(name="forbidden", title="Answers that quote what they must not", direction="lower", score=_score)
