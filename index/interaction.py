"""Late interaction of a question with several passages at once: the tokens of all of them in one matrix.

In: packed token vectors of passages with the mean of each one's language, a question's tokens. Out: cosines, and their
maxima and means over runs of tokens. Method: ColBERT's MaxSim (arXiv 2004.12832). Pure. A passage may have no tokens.
"""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.token_vectors import TOKEN_DIM, quantised

STRIDE = 1 << 17
"""From one passage's offsets to the next one's, so that a single ascending array holds those of all."""

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

_NO_VECTORS = np.zeros((0, TOKEN_DIM), np.int8)
_NO_FLOATS = np.zeros(0, np.float32)
_NO_PLACES = np.zeros(0, np.int64)


class Passages(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of several passages, one passage after the other."""

    vectors: Floats
    """``[tokens, TOKEN_DIM]``, as they are stored: to be scaled."""
    scales: Floats
    """``[tokens]``."""
    means: Floats
    """``[languages, TOKEN_DIM]``."""
    language: Places
    """``[tokens]``: whose mean is to be taken from each vector."""
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
    tokens = [quantised(data) for data in packed]
    sizes = [len(one.starts) for one in tokens]
    distinct = {id(mean): mean for mean in means}
    number_of = {key: number for number, key in enumerate(distinct)}
    shifts = np.repeat(np.arange(len(tokens)) * STRIDE, sizes)
    return Passages(
        vectors=np.concatenate([_NO_VECTORS, *(one.vectors for one in tokens)]).astype(np.float32),
        scales=np.concatenate([_NO_FLOATS, *(one.scales for one in tokens)], dtype=np.float32),
        means=np.stack(list(distinct.values())) if distinct else np.zeros((0, TOKEN_DIM), np.float32),
        language=np.repeat(np.array([number_of[id(mean)] for mean in means], np.int64), sizes),
        starts=np.concatenate([_NO_PLACES, *(one.starts for one in tokens)]) + shifts,
        ends=np.concatenate([_NO_PLACES, *(one.ends for one in tokens)]) + shifts,
        bounds=np.cumsum([0, *sizes]),
    )


def cosines(question: Floats, passages: Passages) -> Floats:
    """``[passage tokens, question tokens]`` of passages less the mean of their language; ``question`` is of unit norm.

    One product for all, and the means taken from its result: cheaper than from every vector.
    """
    vectors, scales = passages.vectors, passages.scales
    products = vectors @ np.concatenate([question, passages.means]).T
    along_mean = products[np.arange(len(vectors)), len(question) + passages.language]
    norm_of_mean = np.einsum("ij,ij->i", passages.means, passages.means)[passages.language]
    squares = scales * (scales * np.einsum("ij,ij->i", vectors, vectors) - 2 * along_mean) + norm_of_mean
    norms = np.sqrt(np.maximum(squares, np.float32(1e-12)))
    found: Floats = products[:, : len(question)] * (scales / norms)[:, None]
    shifts = passages.means @ question.T
    for start, end in pairwise(passages.bounds.tolist()):
        if start < end:
            found[start:end] -= shifts[passages.language[start]] / norms[start:end, None]
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
    """``[runs, columns]``: in each run the largest of ``values [tokens, columns]``, 0 in an empty one."""
    if not len(runs.first):
        return np.zeros((0, values.shape[1]), np.float32)
    padded = np.concatenate([values, np.zeros((1, values.shape[1]), np.float32)])
    found: Floats = np.maximum.reduceat(padded, np.stack([runs.first, runs.last], axis=1).ravel(), axis=0)[::2]
    return np.where((runs.last > runs.first)[:, None], found, np.float32(0))


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
