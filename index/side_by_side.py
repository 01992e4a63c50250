"""A question's tokens and those of a passage that was found for it, for the search of an answer inside it.

In: both as search had them. Out: vectors and offsets. Packed as they are stored, so that keeping a hit costs nothing,
few of which are ever looked into, and hits compare by content. Pure.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.interaction import unit
from index.token_vectors import TOKEN_DIM, unpack


class SideBySide(msgspec.Struct, frozen=True, kw_only=True):
    """Of one question and one passage."""

    question: bytes
    """``[n, TOKEN_DIM]`` float32, less the mean of the language and of unit norm."""
    weights: bytes
    """``[n]`` float32: of the question's tokens, summing to 1."""
    passage: bytes
    """As ``token_vectors.pack`` gives it."""
    mean: bytes
    """``[TOKEN_DIM]`` float32: of the passage's language."""
    prefix: int
    """Where the hit's text begins in what was embedded: title and headings stand before it."""

    def question_vectors(self) -> NDArray[np.float32]:
        """``[n, TOKEN_DIM]``."""
        return np.frombuffer(self.question, np.float32).reshape(-1, TOKEN_DIM)

    def question_weights(self) -> NDArray[np.float32]:
        """``[n]``."""
        return np.frombuffer(self.weights, np.float32)

    def passage_vectors(self) -> NDArray[np.float32]:
        """``[n, TOKEN_DIM]``, less the mean of the language and of unit norm."""
        return unit(unpack(self.passage).vectors, np.frombuffer(self.mean, np.float32))

    def offsets(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Starts and ends of the passage's tokens in the hit's text; negative in title and headings before it."""
        tokens = unpack(self.passage)
        return tokens.starts - self.prefix, tokens.ends - self.prefix
