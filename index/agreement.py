"""Versions of one work speak for each other: where one passage answers, its translations answer too.

In: candidates' scores, and where each stands in which version of which work. Out: scores, raised towards that of the
best counterpart, the passage at the same place of another version. No work's best passage gains or loses, so that a
work that exists in one language only is judged as before. Pure.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

AGREEMENT = 0.8
"""How much of its distance from the best counterpart a passage is spared."""
LEAST_SHARED = 0.5
"""Share of the shorter passage that lies at the same place."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Of each candidate, all ``[n]``."""

    works: NDArray[np.int32]
    articles: NDArray[np.int32]
    """Numbers that tell works and articles apart."""
    starts: NDArray[np.float32]
    """Shares of the article's length, 0 to 1."""
    ends: NDArray[np.float32]


def agreed(scores: NDArray[np.float32], places: Places) -> NDArray[np.float32]:
    """``[n]``, none below what it was."""
    best = np.full(len(scores), -np.inf, np.float32)
    one, other = _counterparts(places)
    np.maximum.at(best, one, scores[other])
    return np.where(best > scores, scores + AGREEMENT * (np.maximum(best, scores) - scores), scores)


def _counterparts(places: Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of candidates, each pair both ways."""
    starts, ends = places.starts, places.ends
    one, other = np.nonzero(places.works[:, None] == places.works[None, :])
    shared = np.minimum(ends[one], ends[other]) - np.maximum(starts[one], starts[other])
    shorter = np.minimum(ends[one] - starts[one], ends[other] - starts[other])
    are = (places.articles[one] != places.articles[other]) & (shared >= LEAST_SHARED * shorter)
    return one[are], other[are]
