"""An encoder that takes no time: every word has a direction of its own, a text the mean of its words'.

In: texts. Out: vectors, the same for the same text in every process. It stands in for the model where what is counted
is how often something is written, not how well it is found.
"""

import re
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.records import PassageVectors, QuestionVectors, Vectors

DIM = 384
_WORD = re.compile(r"\w+")


class HashedWords:
    """An Encoder; the arguments are those of the real one."""

    dim = DIM
    fingerprint = "hashed-words"
    max_tokens = 512

    def __init__(self, _model: str = "", _folder: Path | None = None) -> None: ...

    def count_tokens(self, text: str) -> int:
        return 2 + text.count(" ") + text.count("\n")

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        vectors = np.array([self._vector(text) for text in texts], np.float32).reshape(-1, DIM)
        return PassageVectors(vectors, [b""] * len(texts))

    def encode_question(self, text: str) -> QuestionVectors:
        return QuestionVectors(self._vector(text), None)

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        return [self.encode_question(text) for text in texts]

    def read_pairs(self, question: str, texts: list[str]) -> None:
        return None

    def read_across(self, question: str, texts: list[str]) -> None:
        return None

    def surprises(self, words: list[str]) -> list[float]:
        return [0.0] * len(words)

    def _vector(self, text: str) -> NDArray[np.float32]:
        words = [_direction(word) for word in _WORD.findall(text.casefold())] or [_direction("")]
        total: Vectors = np.sum(words, axis=0)
        return total / np.float32(np.linalg.norm(total))


@cache
def _direction(word: str) -> NDArray[np.float32]:
    return np.random.default_rng(crc32(word.encode())).standard_normal(DIM, np.float32)
