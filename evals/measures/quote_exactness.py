"""Share of quotes that are the slice of the article, and of the answer, that they claim to be. Unscored without any."""

from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    if outcome.answer is None or not outcome.answer.citations:
        return None
    return 1 - len(outcome.false_quotes) / len(outcome.answer.citations)


QUOTE_EXACTNESS = Measure(name="quote_exactness", title="Exact quotes", score=_score)
