"""How the arms' figures make one score: a linear model, fair between languages. Pure.

In: late interaction, cosine and term coverage of candidates, and which of them are in another language than the
question. Out: scores, higher is better. Term coverage means less, and less of it is to be expected, across languages:
foreign candidates have a weight and a start of their own. Coefficients are data, fitted by
``evals/benchmarks/fit_ranking.py``.
"""

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray


class RankingWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log-odds per unit of each figure."""

    late: float
    cosine: float
    coverage: float
    foreign_coverage: float
    foreign: float
    origin: float
    """Log-odds that stand for an even chance, so that scores fill the range from 0 to 1."""


@cache
def ranking_weights() -> RankingWeights:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("index") / "data" / "ranking.json").read_bytes(), type=RankingWeights)


def log_odds(
    late: NDArray[np.float32],
    cosines: NDArray[np.float32],
    coverages: NDArray[np.float32],
    foreign: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """``[n]``: of being the passage asked for, up to a constant per question."""
    weights = ranking_weights()
    terms = np.where(foreign, weights.foreign_coverage * coverages + weights.foreign, weights.coverage * coverages)
    odds: NDArray[np.float32] = (weights.late * late + weights.cosine * cosines + terms - weights.origin).astype(
        np.float32
    )
    return odds
