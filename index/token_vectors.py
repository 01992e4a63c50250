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


class Quantised(msgspec.Struct, frozen=True, kw_only=True):
    """A text's tokens as they are stored, up to ``scales``: ``vectors`` int8 ``[n, TOKEN_DIM]``."""

    vectors: NDArray[np.int8]
    scales: NDArray[np.float32]
    """``[n]``, as ``starts`` and ``ends``."""
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def quantised(data: bytes) -> Quantised:
    """The inverse of ``pack``; vectors are views of ``data``."""
    count = len(data) // (6 + TOKEN_DIM)
    starts, ends = np.frombuffer(data, "<u2", 2 * count).reshape(2, count).astype(np.int32)
    return Quantised(
        vectors=np.frombuffer(data, np.int8, count * TOKEN_DIM, 6 * count).reshape(count, TOKEN_DIM),
        scales=np.frombuffer(data, "<f2", count, 4 * count).astype(np.float32),
        starts=starts,
        ends=ends,
    )


def unpack(data: bytes) -> Tokens:
    """The inverse of ``pack``, up to rounding; vectors get unit norm when they are scored, not here."""
    stored = quantised(data)
    return Tokens(vectors=stored.vectors * stored.scales[:, None], starts=stored.starts, ends=stored.ends)
