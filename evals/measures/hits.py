"""Whether search found an expected work among the first 1, 3, 5 and 10 works. Unscored where no work is expected."""

from functools import partial

from evals.measures.measure import Measure
from evals.measures.ranking import hit, relevant_works, works_found
from evals.records import Outcome

_KS = (1, 3, 5, 10)


def _score(k: int, outcome: Outcome, _: float | None) -> float | None:
    relevant = relevant_works(outcome.case)
    return hit(works_found(outcome.found), relevant, k) if relevant else None


HITS = tuple(
    Measure(name=f"hit@{k}", title=f"Right article among the first {k}", score=score)
    for k, score in ((k, partial(_score, k)) for k in _KS)
)
