"""How sure a mean is, and whether two runs differ, with questions clustered by the work they ask about.

In: values of questions, one column for each measure, NaN for unscored; the cluster of each question. Out: arrays,
one entry per column. Deterministic: chance comes from a fixed seed. Pure numpy; refuses nothing.

Questions about one article succeed and fail together. So whole clusters are drawn again (percentile bootstrap), and
whole clusters are given the other sign (paired permutation test), never single questions.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES, FLIPS = 2_000, 20_000
LEVEL = 0.95
_SEED = 20_240_607
_BLOCK = 250
"""Draws at once, which bounds the memory."""
_SAME = 1e-9
"""Sums nearer than this are ties: they differ by rounding alone."""


class Clustered(NamedTuple):
    """Per cluster and column: float64 [clusters, columns]."""

    sums: Floats
    counts: Floats
    """Of scored questions."""


class Interval(NamedTuple):
    """Per column; NaN where nothing is scored."""

    low: Floats
    high: Floats


def clustered(values: Floats, clusters: Sequence[str], groups: Iterable[Sequence[int]]) -> Clustered:
    """Sums of ``values`` [questions, measures] over each cluster, clusters in the order of their names.

    For every group of questions in turn as many columns as there are measures.
    """
    names, place = np.unique(np.array(clusters), return_inverse=True)
    parts = [_summed(values[list(group)], place[list(group)], len(names)) for group in groups]
    return Clustered(np.hstack([part.sums for part in parts]), np.hstack([part.counts for part in parts]))


def mean_intervals(data: Clustered, level: float = LEVEL) -> Interval:
    """Percentile bootstrap of the mean over questions: as many clusters as there are, drawn with replacement."""
    return _percentiles(_drawn_means(data), level)


def difference_intervals(before: Clustered, after: Clustered, level: float = LEVEL) -> Interval:
    """The same of the second mean less the first, each over its own questions, of the same clusters."""
    return _percentiles(_drawn_means(after) - _drawn_means(before), level)


def _drawn_means(data: Clustered) -> Floats:
    """[resamples, columns], the same draws for the same number of clusters; NaN where nothing scored was drawn."""
    clusters, columns = data.sums.shape
    means = np.full((RESAMPLES, columns), np.nan)
    for rows, drawn in _draws(clusters):
        counts = drawn @ data.counts
        np.divide(drawn @ data.sums, counts, out=means[rows], where=counts > 0)
    return means


def _percentiles(drawn: Floats, level: float) -> Interval:
    ascending = np.sort(drawn, axis=0)  # NaN goes last
    usable = RESAMPLES - np.isnan(ascending).sum(axis=0)
    tail = (1 - level) / 2
    return Interval(_quantile(ascending, usable, tail), _quantile(ascending, usable, 1 - tail))


def loss_probabilities(differences: Clustered) -> Floats:
    """One-sided mid-p of a paired sign-flip test by cluster: small where the second run is worse.

    ``differences`` are gains of the second run over the first. If the two were alike, each cluster's sum could as well
    have the other sign; p is the share of random signs that give a smaller total than the one seen, and half of those
    that give the same (Lancaster 1961; for paired yes-or-no outcomes it is McNemar's mid-p). For gains it is 1 - p.
    """
    differs: NDArray[np.bool_] = np.asarray(np.abs(differences.sums) > _SAME)
    columns = np.asarray(differs.any(axis=0))
    sums = differences.sums[differs.any(axis=1)][:, columns]
    seen, below = sums.sum(axis=0), np.zeros(sums.shape[1])
    rng = np.random.default_rng(_SEED)
    for _ in range(0, FLIPS, _BLOCK):
        totals = (rng.integers(0, 2, size=(_BLOCK, len(sums))) * 2.0 - 1.0) @ sums
        below += (totals < seen - _SAME).sum(axis=0) + (np.abs(totals - seen) <= _SAME).sum(axis=0) / 2
    probabilities = np.full(len(columns), 0.5)
    # The seen signs are one draw more, a tie with itself: no p is zero.
    probabilities[columns] = (below + 0.5) / (FLIPS + 1)
    return probabilities


def least_probabilities(differences: Clustered) -> Floats:
    """The smallest p that ``loss_probabilities`` could give: every cluster that differs at all has lost."""
    differing = (np.abs(differences.sums) > _SAME).sum(axis=0)
    return np.asarray(0.5 ** (differing + 1), dtype=np.float64)


def holm(probabilities: Floats) -> Floats:
    """Corrected for how many there are (Holm 1979): any below alpha is a false alarm in at most a share alpha."""
    order = np.argsort(probabilities, kind="stable")
    factors = np.arange(len(order), 0, -1)
    corrected = np.empty(len(order))
    corrected[order] = np.minimum(np.maximum.accumulate(probabilities[order] * factors), 1.0)
    return corrected


def _summed(values: Floats, place: NDArray[np.int_], clusters: int) -> Clustered:
    scored = ~np.isnan(values)
    sums, counts = (np.zeros((clusters, values.shape[1])) for _ in range(2))
    np.add.at(sums, place, np.where(scored, values, 0.0))
    np.add.at(counts, place, scored)
    return Clustered(sums, counts)


def _draws(clusters: int) -> Iterator[tuple[slice, Floats]]:
    """Blocks of resamples: how often each cluster is drawn, [resamples, clusters]."""
    rng = np.random.default_rng(_SEED)
    for start in range(0, RESAMPLES, _BLOCK):
        size = min(_BLOCK, RESAMPLES - start)
        drawn = rng.integers(0, clusters, size=(size, clusters)) + clusters * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * clusters).reshape(size, clusters)
        yield slice(start, start + size), times.astype(np.float64)


def _quantile(ascending: Floats, usable: NDArray[np.int_], share: float) -> Floats:
    """Per column, of its first ``usable`` rows, interpolated linearly."""
    at = share * np.maximum(usable - 1, 0)
    lower = np.floor(at).astype(int)
    upper = np.minimum(lower + 1, np.maximum(usable - 1, 0))
    columns = np.arange(ascending.shape[1])
    weight = at - lower
    return np.asarray(ascending[lower, columns] * (1 - weight) + ascending[upper, columns] * weight)
