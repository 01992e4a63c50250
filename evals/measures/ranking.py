"""A ranking against what is relevant: hit@k, reciprocal rank, nDCG@k. Pure.

In: ids, best first, none twice; the grade of each relevant id (a grade of 0 or less is not relevant, an id without one
neither). Out: 0 to 1. Without a relevant id there is nothing to find: 0, as in trec_eval; callers leave such questions
unscored. Source of nDCG: Järvelin and Kekäläinen 2002, with the grade as gain and log2(rank + 1) as discount.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from evals.golden import Case
from evals.records import Found


def hit(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """1 if one of the first ``k`` is relevant."""
    return float(any(grades.get(one, 0) > 0 for one in ranking[:k]))


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """One over the rank of the first relevant id."""
    return next((1 / rank for rank, one in enumerate(ranking, start=1) if grades.get(one, 0) > 0), 0.0)


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Discounted gain of the first ``k``, against that of the best ranking there could be."""
    ideal = _discounted(sorted(grades.values(), reverse=True)[:k])
    return _discounted(grades.get(one, 0) for one in ranking[:k]) / ideal if ideal else 0.0


def works_found(found: Iterable[Found]) -> tuple[str, ...]:
    """A ranking of works: each at the rank that its first hit gives it among the works, later hits of it left out."""
    return tuple(dict.fromkeys(hit.work for hit in found))


def relevant_works(case: Case) -> dict[str, int]:
    """Every work that the case expects, at grade 1. Which passage of it was hit is not asked here."""
    return dict.fromkeys(case.expect.works, 1)


def _discounted(grades: Iterable[int]) -> float:
    return math.fsum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))
