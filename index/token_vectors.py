"""Token vectors: what each word of a passage means where it stands, small enough to keep for every chunk.

In: the encoder's last layer. Out: 128 principal components per token in int8, packed with the token's offsets in the
embedded text (about 20 KB a chunk). Pure; the projection is data that a script computes.
"""

from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

TOKEN_DIM = 128
PROJECTION = "token_projection.npz"


class Projection(msgspec.Struct, frozen=True):
    """Principal components of token vectors: ``mean [hidden]``, ``components [hidden, TOKEN_DIM]``, float32."""

    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    def apply(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """``[n, hidden]`` to ``[n, TOKEN_DIM]``; not normalised."""
        projected: NDArray[np.float32] = ((tokens - self.mean) @ self.components).astype(np.float32)
        return projected


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A text's tokens: ``vectors`` float32 ``[n, TOKEN_DIM]``, ``starts`` and ``ends`` offsets in the text ``[n]``."""

    vectors: NDArray[np.float32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


class QuestionTokens(msgspec.Struct, frozen=True, kw_only=True):
    """A question's tokens with their weights (rarity in the model's vocabulary), summing to 1."""

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]
    starts: NDArray[np.int32]
    """Offsets in the question, as ``ends``."""
    ends: NDArray[np.int32]

    def weighed(self, factors: NDArray[np.float32]) -> "QuestionTokens":
        """The same tokens, each weight times its factor; the weights sum to 1 again."""
        weights = self.weights * factors
        return msgspec.structs.replace(self, weights=weights / max(float(weights.sum()), 1e-6))


class SideBySide(msgspec.Struct, frozen=True, kw_only=True):
    """A question's tokens and a passage's, each less the mean of its language and of unit norm.

    Packed, so that hits compare by content: float32 vectors and weights, int32 offsets.
    """

    question: bytes
    weights: bytes
    """Of the question's tokens, summing to 1."""
    passage: bytes
    starts: bytes
    """Offsets of the passage's tokens in the hit's text, as ``ends``; negative in title and headings before it."""
    ends: bytes

    def question_vectors(self) -> NDArray[np.float32]:
        """``[n, TOKEN_DIM]``."""
        return np.frombuffer(self.question, np.float32).reshape(-1, TOKEN_DIM)

    def question_weights(self) -> NDArray[np.float32]:
        return np.frombuffer(self.weights, np.float32)

    def passage_vectors(self) -> NDArray[np.float32]:
        """``[n, TOKEN_DIM]``."""
        return np.frombuffer(self.passage, np.float32).reshape(-1, TOKEN_DIM)

    def offsets(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Starts and ends of the passage's tokens."""
        return np.frombuffer(self.starts, np.int32), np.frombuffer(self.ends, np.int32)


@cache
def bundled_projection() -> Projection:
    """For the bundled model, computed by ``evals/benchmarks/fit_projection.py``."""
    with (files("index") / "data" / PROJECTION).open("rb") as file, np.load(file) as data:
        return Projection(data["mean"].astype(np.float32), data["components"].astype(np.float32))


def pack(tokens: Tokens) -> bytes:
    """Vectors as int8 with one float16 scale each, offsets as uint16 (embedded texts are far shorter than 65,536)."""
    scales = np.maximum(np.abs(tokens.vectors).max(axis=1, initial=1e-6), 1e-6) / 127
    quantised = np.rint(tokens.vectors / scales[:, None]).astype(np.int8)
    return b"".join(
        (
            tokens.starts.astype("<u2").tobytes(),
            tokens.ends.astype("<u2").tobytes(),
            scales.astype("<f2").tobytes(),
            quantised.tobytes(),
        )
    )


def unpack(data: bytes) -> Tokens:
    """The inverse of ``pack``, up to rounding; vectors get unit norm when they are scored, not here."""
    count = len(data) // (6 + TOKEN_DIM)
    starts, ends = np.frombuffer(data, "<u2", 2 * count).reshape(2, count).astype(np.int32)
    scales = np.frombuffer(data, "<f2", count, 4 * count).astype(np.float32)
    quantised = np.frombuffer(data, np.int8, count * TOKEN_DIM, 6 * count).reshape(count, TOKEN_DIM)
    return Tokens(vectors=quantised * scales[:, None], starts=starts, ends=ends)
