"""Share of the case's facts and fragments that cited quotes cover, by span overlap (``evals/measures/evidence.py``).

Zero for an answerable question that was not answered; unscored where the articles do not hold the answer.
"""

from evals.measures.evidence import shown
from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    if not outcome.case.answerable:
        return None
    parts = shown(outcome.case, outcome.answer)
    return sum(parts) / len(parts)


CITATION_RECALL = Measure(name="citation_recall", title="What was asked, shown by citations", score=_score)
