"""BM25 over the terms of many short documents, in memory: which share the question's rare terms.

In: the terms of each document (``index/lexical.py``). Out: a score for each, in the same order.
An index is immutable; threads may share it. A document without terms, and a question that shares none, score zero.

The form is that of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with
the inverse document frequency that stays positive, ln(1 + (n - df + 0.5) / (df + 0.5)).
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Counts = NDArray[np.int32]
_STEPS = np.float32(255)


class Bm25Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Tuned on the even articles of XQuAD in six languages; see docs/decisions."""

    k1: float = 0.9
    """How late repetition stops to count."""
    b: float = 0.75
    """How much long documents are held back, 0 to 1."""
    gram_weight: float = 0.4
    """Of terms that start with ``~``; words weigh 1."""
    sound_weight: float = 0.3
    """Of terms that start with ``+``."""
    character_weight: float = 0.3
    """Of terms that start with ``'``."""
    figure_weight: float = 1.5
    """Of terms that start with ``#`` or ``@``."""


class Bm25Index:
    """A column of postings for each term: rows of documents, and in 255 steps how much its repetitions count there."""

    def __init__(self, documents: Iterable[Sequence[str]], parameters: Bm25Parameters | None = None) -> None:
        self._parameters = parameters or Bm25Parameters()
        self._kind_weights = _kind_weights(self._parameters)
        self._vocabulary: dict[str, int] = {}
        columns, counts, sizes = self._read(documents)
        rows = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        saturations = self._saturations(counts, rows, len(sizes))
        del counts, rows
        starts = np.concatenate(([0], np.cumsum(sizes)))
        shape = (len(sizes), len(self._vocabulary))
        self._saturation_steps = csr_array((saturations, columns, starts), shape=shape).tocsc()

    def __len__(self) -> int:
        return int(self._saturation_steps.shape[0])

    def scores(self, question_terms: Iterable[str]) -> NDArray[np.float32]:
        """``[n_docs]`` in the order of the documents, zero where nothing is shared."""
        repeats = {term: count for term, count in Counter(question_terms).items() if term in self._vocabulary}
        weights = [count * self._weight(term, self._found(term)) for term, count in repeats.items()]
        steps = self._saturation_steps[:, [self._vocabulary[term] for term in repeats]]
        scores: NDArray[np.float32] = steps @ (np.array(weights, np.float32) / _STEPS)
        return scores

    def rarity(self, term: str) -> float:
        """1 for a term that no document holds, near 0 for one that all hold."""
        return float(1 - np.log1p(self._found(term)) / np.log1p(len(self) + 1))

    def ceiling(self, question_terms: Iterable[str]) -> float:
        """The score that a document with endless repetitions of every term would reach; 0 for no terms."""
        counted = Counter(question_terms)
        return sum((repeats * self._weight(term, self._found(term)) for term, repeats in counted.items()), 0.0)

    def _found(self, term: str) -> int:
        """In how many documents."""
        column = self._vocabulary.get(term)
        starts = self._saturation_steps.indptr
        return 0 if column is None else int(starts[column + 1] - starts[column])

    def _weight(self, term: str, found: int) -> float:
        rarity = float(np.log1p((len(self) - found + 0.5) / (found + 0.5)))
        return rarity * self._kind_weights.get(term[:1], 1.0) * (self._parameters.k1 + 1)

    def _read(self, documents: Iterable[Sequence[str]]) -> tuple[Counts, Counts, Counts]:
        """For each document in turn its columns, and their counts; how many columns each document has."""
        vocabulary = self._vocabulary
        columns, counts, sizes = array("i"), array("i"), array("i")
        for terms in documents:
            counted = Counter(terms)
            sizes.append(len(counted))
            columns.extend([vocabulary.setdefault(term, len(vocabulary)) for term in counted])
            counts.extend(counted.values())
        return (
            np.frombuffer(columns, np.int32),
            np.frombuffer(counts, np.int32),
            np.frombuffer(sizes, np.int32),
        )

    def _saturations(self, counts: Counts, rows: Counts, documents: int) -> NDArray[np.uint8]:
        """For each posting count / (count + k1 · length norm), 0 to 1 as 1 to 255: what occurs never counts nothing."""
        k1, b = self._parameters.k1, self._parameters.b
        lengths = np.bincount(rows, weights=counts, minlength=documents)
        mean = max(float(lengths.mean()), 1.0) if documents else 1.0
        norms = (k1 * (1 - b + b * lengths / mean)).astype(np.float32)
        repeated = counts.astype(np.float32)
        return np.rint(_STEPS * repeated / (repeated + norms[rows])).clip(1).astype(np.uint8)


def _kind_weights(parameters: Bm25Parameters) -> dict[str, float]:
    return {
        "~": parameters.gram_weight,
        "+": parameters.sound_weight,
        "'": parameters.character_weight,
        "#": parameters.figure_weight,
        "@": parameters.figure_weight,
    }
