"""How well the words of a sentence find their like in another text, by the encoder's token vectors.

In: texts with their languages, and an encoder. Out: for each character range of the sentence how near its best match
is (cosine of centred token vectors). None where the encoder has no token vectors. The only part of verification that
needs a model; everything else works without.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.language_means import TokenMeans
from index.records import QuestionVectors, Span

Similarities = NDArray[np.float32]
_CACHED = 2048


class TextTokens(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of a text: ``vectors`` of unit norm ``[n, dim]``, offsets and weights ``[n]``; weights sum to 1."""

    vectors: NDArray[np.float32]
    weights: NDArray[np.float32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    whole: NDArray[np.float32]
    """Of the text as one, unit norm."""


class Meaning(Protocol):
    """What verification asks of a model."""

    def tokens(self, text: str, lang: str) -> TextTokens | None: ...


class EncoderMeaning:
    """The encoder that search uses, with what it knows of a text kept for the next sentence."""

    def __init__(self, encode: Callable[[str], QuestionVectors], means: TokenMeans) -> None:
        """``encode``: an encoder's ``encode_question``; ``means``: of the index, or the prior's."""
        self._encode = encode
        self._means = means
        self._cached = lru_cache(maxsize=_CACHED)(self._tokens)

    def tokens(self, text: str, lang: str) -> TextTokens | None:
        return self._cached(text, lang)

    def _tokens(self, text: str, lang: str) -> TextTokens | None:
        encoded = self._encode(text)
        found = encoded.tokens
        if found is None or not len(found.weights):
            return None
        vectors = found.vectors - self._means.of_questions(lang)
        norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))
        return TextTokens(
            vectors=vectors / norms, weights=found.weights, starts=found.starts, ends=found.ends, whole=encoded.vector
        )


class Alignment(msgspec.Struct, frozen=True):
    """A sentence beside a text."""

    sentence: TextTokens
    text: TextTokens
    cosines: Similarities
    """``[tokens of the sentence, tokens of the text]``"""

    def nearness(self, start: int, end: int) -> float:
        """Of the sentence's characters from ``start`` to ``end`` to their best match; 1 where no token lies there."""
        inside = (self.sentence.ends > start) & (self.sentence.starts < end)
        if not inside.any():
            return 1.0
        weights = self.sentence.weights[inside]
        best = self.cosines[inside].max(axis=1)
        return float(best @ weights / max(float(weights.sum()), 1e-6))

    def within(self, start: int, end: int, *, spared: Sequence[Span] = ()) -> float:
        """Share of the sentence, rare words weighing more, whose best match lies in these characters of the text: of
        what stands outside the places of the sentence that are ``spared``; 0 where nothing does."""
        weights = self.sentence.weights.copy()
        for one in spared:
            weights[(self.sentence.ends > one.start) & (self.sentence.starts < one.end)] = 0
        inside = (self.text.ends > start) & (self.text.starts < end)
        return float(weights[inside[self.cosines.argmax(axis=1)]].sum() / max(float(weights.sum()), 1e-6))

    def overall(self) -> float:
        """Mean over the sentence, rare words weighing more."""
        return float(self.cosines.max(axis=1) @ self.sentence.weights)

    def whole(self) -> float:
        """Cosine of the two texts as wholes."""
        return float(self.sentence.whole @ self.text.whole)

    def backwards(self) -> float:
        """The same of the text's words in the sentence: low where the text says much besides."""
        return float(self.cosines.max(axis=0) @ self.text.weights)


def align(meaning: Meaning, sentence: tuple[str, str], text: tuple[str, str]) -> Alignment | None:
    """``(text, language)`` each."""
    one, other = meaning.tokens(*sentence), meaning.tokens(*text)
    if one is None or other is None:
        return None
    return Alignment(one, other, one.vectors @ other.vectors.T)
