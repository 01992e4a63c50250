"""Meanings of texts that tests make up, in place of a model's token vectors."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np
import regex

from rag.claim_meaning import TextTokens

_WORD = regex.compile(r"\w+")


class MadeMeaning:
    """Every word means the same, but those of ``others``, which mean nothing that any other word does, and those of
    ``translated``, each of which means what its translation does."""

    def __init__(self, others: Collection[str] = (), translated: Mapping[str, str] = MappingProxyType({})) -> None:
        self._others = sorted({*others, *translated.values()})
        self._translated = translated

    def tokens(self, text: str, lang: str) -> TextTokens | None:
        words = list(_WORD.finditer(text))
        meant = [self._translated.get(word[0], word[0]) for word in words]
        vectors = np.eye(1 + len(self._others), dtype=np.float32)
        rows = [1 + self._others.index(word) if word in self._others else 0 for word in meant]
        return TextTokens(
            vectors=vectors[rows],
            weights=np.full(len(words), 1 / len(words), np.float32),
            starts=np.array([word.start() for word in words], np.int32),
            ends=np.array([word.end() for word in words], np.int32),
            whole=vectors[0],
        )
