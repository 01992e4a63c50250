"""Small real encoders whose vectors can be read: one dimension per word."""

import re

import numpy as np
from numpy.typing import NDArray

from index.records import PassageVectors, QuestionVectors, Vectors
from index.token_vectors import TOKEN_DIM, QuestionTokens, Tokens, pack

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

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        return [self.encode_question(text) for text in texts]

    def read_pairs(self, question: str, texts: list[str]) -> None:
        return None

    def read_across(self, question: str, texts: list[str]) -> None:
        return None

    def surprises(self, words: list[str]) -> list[float]:
        return [0.0] * len(words)

    def _vectors(self, texts: list[str]) -> Vectors:
        rows = [[float(text.lower().count(word)) for word in WORDS] for text in texts]
        counts = np.array([[*row, 0.0 if any(row) else 1.0] for row in rows], np.float32).reshape(-1, self.dim)
        vectors: Vectors = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)
        return vectors


class TokenWordEncoder(WordEncoder):
    """Gives token vectors too: every word of any text has an axis of its own, so that equal words have cosine 1."""

    def __init__(self) -> None:
        super().__init__()
        self._axes: dict[str, int] = {}

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        return PassageVectors(super().encode_passages(texts).vectors, [pack(self.tokens(text)) for text in texts])

    def encode_question(self, text: str) -> QuestionVectors:
        own = self.tokens(text)
        weights = np.full(len(own.starts), 1 / max(len(own.starts), 1), np.float32)
        tokens = QuestionTokens(vectors=own.vectors, weights=weights, starts=own.starts, ends=own.ends)
        return QuestionVectors(super().encode_question(text).vector, tokens)

    def tokens(self, text: str) -> Tokens:
        words = list(re.finditer(r"\w+", text))
        axes = [self._axes.setdefault(word[0].lower(), len(self._axes)) for word in words]
        return Tokens(
            vectors=np.eye(TOKEN_DIM, dtype=np.float32)[axes],
            starts=np.array([word.start() for word in words], np.int32),
            ends=np.array([word.end() for word in words], np.int32),
        )
