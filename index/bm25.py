"""BM25 over the terms of many short documents, in memory: which share the question's rare terms.

In: pairs of a document's key and its terms (``index/lexical.py``). Out: scores, or the best documents with theirs.
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

Keys = NDArray[np.int64]
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
    """Postings by term: rows of documents, and for each in 255 steps how much its repetitions count there."""

    def __init__(
        self, documents: Iterable[tuple[int, Sequence[str]]], parameters: Bm25Parameters | None = None
    ) -> None:
        self._parameters = parameters or Bm25Parameters()
        self._kind_weights = _kind_weights(self._parameters)
        self._vocabulary: dict[str, int] = {}
        self.keys, columns, counts, sizes = self._read(documents)
        rows = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        saturations = self._saturations(counts, rows, len(sizes))
        del counts
        self._starts = np.concatenate(([0], np.cumsum(np.bincount(columns, minlength=len(self._vocabulary)))))
        order = np.argsort(columns, kind="stable")
        self._rows = rows[order]
        self._saturation_steps = saturations[order]

    def __len__(self) -> int:
        return len(self.keys)

    def scores(self, question_terms: Iterable[str]) -> NDArray[np.float32]:
        """``[n_docs]`` in the order of ``keys``, zero where nothing is shared."""
        scores = np.zeros(len(self), dtype=np.float32)
        for term, repeats in Counter(question_terms).items():
            column = self._vocabulary.get(term)
            if column is not None:
                start, end = self._starts[column : column + 2]
                weight = np.float32(repeats * self._weight(term, int(end - start)) / _STEPS)
                scores[self._rows[start:end]] += self._saturation_steps[start:end] * weight
        return scores

    def rarity(self, term: str) -> float:
        """1 for a term that no document holds, near 0 for one that all hold."""
        column = self._vocabulary.get(term)
        found = 0 if column is None else int(self._starts[column + 1] - self._starts[column])
        return float(1 - np.log1p(found) / np.log1p(len(self) + 1))

    def ceiling(self, question_terms: Iterable[str]) -> float:
        """The score that a document with endless repetitions of every term would reach; 0 for no terms."""
        total = 0.0
        for term, repeats in Counter(question_terms).items():
            column = self._vocabulary.get(term)
            found = 0 if column is None else int(self._starts[column + 1] - self._starts[column])
            total += repeats * self._weight(term, found)
        return total

    def top(self, question_terms: Iterable[str], top_k: int) -> list[tuple[int, float]]:
        """Keys with scores above zero, best first, equal ones in the order they came; at most ``top_k``."""
        scores = self.scores(question_terms)
        candidates = np.arange(len(scores))
        if 0 < top_k < len(scores):
            candidates = np.flatnonzero(scores >= np.partition(scores, -top_k)[-top_k])
        best = candidates[np.argsort(-scores[candidates], kind="stable")][: max(top_k, 0)]
        return [(int(self.keys[row]), float(scores[row])) for row in best if scores[row] > 0]

    def _weight(self, term: str, found: int) -> float:
        rarity = float(np.log1p((len(self) - found + 0.5) / (found + 0.5)))
        return rarity * self._kind_weights.get(term[:1], 1.0) * (self._parameters.k1 + 1)

    def _read(self, documents: Iterable[tuple[int, Sequence[str]]]) -> tuple[Keys, Counts, Counts, Counts]:
        """Keys; for each document in turn its columns, and their counts; how many columns each document has."""
        vocabulary = self._vocabulary
        keys, columns, counts, sizes = array("q"), array("i"), array("i"), array("i")
        for key, terms in documents:
            counted = Counter(terms)
            keys.append(key)
            sizes.append(len(counted))
            columns.extend([vocabulary.setdefault(term, len(vocabulary)) for term in counted])
            counts.extend(counted.values())
        return (
            np.frombuffer(keys, np.int64),
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
