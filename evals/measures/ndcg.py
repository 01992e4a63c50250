"""nDCG@10 of the works found, all expected works at grade 1. Unscored where no work is expected."""

from evals.measures.measure import Measure
from evals.measures.ranking import ndcg, relevant_works, works_found
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    relevant = relevant_works(outcome.case)
    return ndcg(works_found(outcome.found), relevant, 10) if relevant else None


NDCG = Measure(name="ndcg@10", title="nDCG of the first ten articles", score=_score)
