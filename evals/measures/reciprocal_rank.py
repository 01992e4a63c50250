"""One over the rank of the first expected work (MRR over questions). Unscored where no work is expected."""

from evals.measures.measure import Measure
from evals.measures.ranking import reciprocal_rank, relevant_works, works_found
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    relevant = relevant_works(outcome.case)
    return reciprocal_rank(works_found(outcome.found), relevant) if relevant else None


RECIPROCAL_RANK = Measure(name="mrr", title="Reciprocal rank of the right article", score=_score)
