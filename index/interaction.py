"""Late interaction of a question with several passages at once: the tokens of all of them in one matrix.

In: packed token vectors of passages with the mean of each one's language, a question's tokens. Out: cosines, and their
maxima and means over runs of tokens. Method: ColBERT's MaxSim (arXiv 2004.12832). Pure. A passage may have no tokens.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.token_vectors import TOKEN_DIM, unpack

STRIDE = 1 << 17
"""From one passage's offsets to the next one's, so that a single ascending array holds those of all."""

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


class Passages(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of several passages, one passage after the other."""

    vectors: Floats
    """``[tokens, TOKEN_DIM]``, less the mean of the language, of unit norm."""
    starts: Places
    """Offsets in the embedded text, plus ``STRIDE`` times the number of the passage; ascending."""
    ends: Places
    bounds: Places
    """``[passages + 1]``: where each passage's tokens begin, and the end of all."""


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """Runs of tokens ``first ≤ token < last``, in ascending order; they may overlap or be empty."""

    first: Places
    last: Places


def joined(packed: Sequence[bytes], means: Sequence[Floats]) -> Passages:
    """``means``: of each passage's language."""
    tokens = [unpack(data) for data in packed]
    bounds = np.cumsum([0, *(len(one.starts) for one in tokens)])
    vectors = np.empty((int(bounds[-1]), TOKEN_DIM), np.float32)
    starts, ends = np.empty((2, int(bounds[-1])), np.int64)
    for number, (one, mean) in enumerate(zip(tokens, means, strict=True)):
        own = slice(bounds[number], bounds[number + 1])
        np.subtract(one.vectors, mean, out=vectors[own])
        np.add(one.starts, number * STRIDE, out=starts[own])
        np.add(one.ends, number * STRIDE, out=ends[own])
    return Passages(vectors=_to_unit(vectors), starts=starts, ends=ends, bounds=bounds)


def cosines(question: Floats, passages: Passages) -> Floats:
    """``[question tokens, passage tokens]``; ``question`` is of unit norm."""
    found: Floats = question @ passages.vectors.T
    return found


def unit(vectors: Floats, mean: Floats) -> Floats:
    """Less the mean, of unit norm."""
    return _to_unit(vectors - mean)


def touching(passages: Passages, starts: Places, ends: Places) -> Runs:
    """The tokens that lie in each span, in part or whole; offsets count as those of the passages do."""
    first = np.searchsorted(passages.ends, starts, side="right")
    return Runs(first=first, last=np.maximum(first, np.searchsorted(passages.starts, ends, side="left")))


def whole(passages: Passages) -> Runs:
    """One run per passage."""
    return Runs(first=passages.bounds[:-1], last=passages.bounds[1:])


def maxima(values: Floats, runs: Runs) -> Floats:
    """``[rows, runs]``: each row's largest value in each run, 0 in an empty one."""
    if not len(runs.first):
        return np.zeros((len(values), 0), np.float32)
    padded = np.zeros((values.shape[1] + 1, len(values)), np.float32)
    padded[:-1] = values.T
    found: Floats = np.maximum.reduceat(padded, np.stack([runs.first, runs.last], axis=1).ravel(), axis=0)[::2].T
    return np.where(runs.last > runs.first, found, np.float32(0))


def means(values: Floats, runs: Runs) -> Floats:
    """``[runs]``: the mean of ``values [tokens]`` in each run, 0 in an empty one."""
    sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    found: Floats = ((sums[runs.last] - sums[runs.first]) / np.maximum(runs.last - runs.first, 1)).astype(np.float32)
    return found


def _to_unit(vectors: Floats) -> Floats:
    """In place."""
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.maximum(norms, np.float32(1e-6))[:, None]
    return vectors
