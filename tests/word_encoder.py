"""A small real encoder whose vectors can be read: one dimension per word of a fixed vocabulary."""

import numpy as np
from numpy.typing import NDArray

from index.records import PassageVectors, QuestionVectors, Vectors

WORDS = ("battery", "charging", "range", "brussels", "cars", "winter", "price", "heron")


class WordEncoder:
    """Counts the words it knows; texts without any share one direction of their own."""

    dim = len(WORDS) + 1
    fingerprint = "words"
    max_tokens = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split()) + 2

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        self.encoded += texts
        return PassageVectors(self._vectors(texts), [b""] * len(texts))

    def encode_question(self, text: str) -> QuestionVectors:
        vector: NDArray[np.float32] = self._vectors([text])[0]
        return QuestionVectors(vector, None)

    def _vectors(self, texts: list[str]) -> Vectors:
        rows = [[float(text.lower().count(word)) for word in WORDS] for text in texts]
        counts = np.array([[*row, 0.0 if any(row) else 1.0] for row in rows], np.float32).reshape(-1, self.dim)
        vectors: Vectors = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)
        return vectors
