"""Whether an answer shows what belongs to another model, place or time: in a quote, or in the text of an LLM.

Unscored where nothing is forbidden, and where nothing is cited or written.
"""

from evals.golden import holds, normalise, own_words
from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    forbidden = outcome.case.expect.forbidden
    if not forbidden or outcome.answer is None:
        return None
    shown = [*(normalise(citation.quote) for citation in outcome.answer.citations), *own_words(outcome.answer)]
    return float(any(holds(text, form) for text in shown for form in forbidden)) if shown else None


FORBIDDEN = Measure(name="forbidden", title="Answers that show what they must not", direction="lower", score=_score)
