"""Whether an error stood in the way of an answer. Always scored."""

from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    return float(outcome.answer is None)


ERRORS = Measure(name="errors", title="Questions that ended in an error", direction="lower", score=_score)
