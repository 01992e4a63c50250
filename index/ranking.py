"""How the arms' figures make one score: a linear model, fair between languages. Pure.

In: late interaction, cosine and term coverage of candidates, which of them are in another language than the question,
and which of those have no version in it. Out: scores, higher is better. Term coverage means less across languages and
has a weight of its own there. All that speaks for an answer looks weaker there, so that a passage that exists in other
languages only is credited for it; one that has a version in the question's language is not: that one is judged.
Coefficients are data, fitted by ``evals/benchmarks/fit_ranking.py``.
"""

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

MATCH_POWER = 1.5
"""One close match says more than two loose ones."""
SPREAD_PRIOR = 0.1
SPREAD_PRIOR_ROWS = 10
"""How far a question token's matches spread over candidates, and how many candidates that counts as."""

Floats = NDArray[np.float32]


class RankingWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log-odds per unit of each figure."""

    matched: float
    cosine: float
    coverage: float
    foreign_coverage: float
    untranslated: float
    common: float
    origin: float
    """Log-odds that stand for an even chance, so that scores fill the range from 0 to 1."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of each candidate, all ``[n]``."""

    matched: Floats
    cosines: Floats
    coverages: Floats
    foreign: NDArray[np.bool_]
    """Whether in another language than the question."""
    untranslated: NDArray[np.bool_]
    """Of the foreign ones, those that have no version in the question's language to be judged by."""
    common: Floats
    """How near the passage lies to questions in general: taken from what brings it near to this one."""


@cache
def ranking_weights() -> RankingWeights:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("index") / "data" / "ranking.json").read_bytes(), type=RankingWeights)


def matched(best: Floats, weights: Floats) -> Floats:
    """``[n]`` from ``best [question tokens, n]``: late interaction that weighs what tells the candidates apart.

    A token that all candidates match alike tells nothing, so each weight is multiplied by the spread of its matches.
    """
    count = best.shape[1]
    if not count:
        return np.zeros(0, np.float32)
    variances = (count * best.var(axis=1) + SPREAD_PRIOR_ROWS * SPREAD_PRIOR**2) / (count + SPREAD_PRIOR_ROWS)
    telling = weights * np.sqrt(variances)
    found: Floats = (telling @ _powers(best) / max(float(telling.sum()), 1e-9)).astype(np.float32)
    return found


def commonness(common: Floats) -> Floats:
    """``[n]`` from ``[common tokens, n]``; zeros without common tokens."""
    found: Floats = _powers(common).sum(axis=0) / max(len(common), 1)
    return found


def columns(figures: Figures) -> Floats:
    """``[n, 6]``: in the order of the weights, what each is multiplied with."""
    foreign = figures.foreign.astype(np.float32)
    own_coverages, foreign_coverages = figures.coverages * (1 - foreign), figures.coverages * foreign
    untranslated = figures.untranslated.astype(np.float32)
    return np.stack(
        [figures.matched, figures.cosines, own_coverages, foreign_coverages, untranslated, figures.common], axis=1
    )


def log_odds(figures: Figures) -> Floats:
    """``[n]``: of being the passage asked for, up to a constant per question."""
    *factors, origin = msgspec.structs.astuple(ranking_weights())
    odds: Floats = columns(figures) @ np.array(factors, np.float32) - np.float32(origin)
    return odds


def _powers(cosines: Floats) -> Floats:
    powers: Floats = np.maximum(cosines, 0) ** np.float32(MATCH_POWER)
    return powers
