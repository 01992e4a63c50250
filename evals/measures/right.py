"""Whether nothing speaks against the outcome (``evals/verdicts.py``). Always scored: an error is not right."""

from evals.measures.measure import Measure
from evals.records import Outcome
from evals.verdicts import reasons


def _score(outcome: Outcome, _: float | None) -> float | None:
    return float(not reasons(outcome))


RIGHT = Measure(name="right", title="Right answers", score=_score)
