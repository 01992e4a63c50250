"""Articles → chunks ready to be stored, and their vectors: from the catalog where it has them, else from the encoder.

In: articles, and windows of their chunks. Out: the same windows with all vectors, which the catalog has by then, and
between them a record of each call of the encoder. Nothing is embedded whose vector is in the catalog already.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Generator, Iterator
from typing import Generic, Protocol, TypeVar

import msgspec

from index.catalog import Catalog
from index.catalog_records import NewChunk, StoredVectors, pack_vectors, unpack_vectors
from index.records import Article, Encoder, PassageVectors, VectorStore

ENCODE_CHUNKS = 128
"""Chunks encoded in one call: more of them waste less, fewer make a shorter wait for a run that is to stop."""
ID_LENGTH = 16


class HasChunks(Protocol):
    """Chunks that are embedded together."""

    @property
    def chunks(self) -> tuple[NewChunk, ...]: ...


W = TypeVar("W", bound=HasChunks)


class Encoding(msgspec.Struct, frozen=True):
    """One call of the encoder that has ended."""

    chunks: int
    seconds: float


class Embedded(msgspec.Struct, Generic[W], frozen=True):
    """A window whose vectors are in the catalog."""

    window: W
    vectors: dict[str, bytes]
    """float16, by key."""
    new: frozenset[str]
    """Keys of the vectors that had to be computed."""

    def upsert_into(self, store: VectorStore, dim: int) -> None:
        chunks = self.window.chunks
        packed = [self.vectors[new.vector_key] for new in chunks]
        store.upsert([new.chunk_id for new in chunks], unpack_vectors(packed, dim))


class Embedder:
    """The encoder is made when the first chunk needs it, not before."""

    def __init__(self, catalog: Catalog, encoder: Callable[[], Encoder], model_fingerprint: str) -> None:
        self._catalog = catalog
        self._encoder = encoder
        self._model_fingerprint = model_fingerprint

    @property
    def dim(self) -> int:
        return self._encoder().dim

    def chunks(self, article_id: str, article: Article) -> tuple[NewChunk, ...]:
        return new_chunks(article_id, article, self._encoder(), self._model_fingerprint)

    def embedded(self, windows: Iterator[W]) -> Generator[Encoding | Embedded[W], None, None]:
        """Every window in its turn, after the calls of the encoder that it took."""
        for window in windows:
            texts = {new.vector_key: new.chunk.embed_text for new in window.chunks}
            vectors = self._catalog.known_vectors(texts)
            missing = by_length(texts, texts.keys() - vectors.keys())
            for start in range(0, len(missing), ENCODE_CHUNKS):
                keys = missing[start : start + ENCODE_CHUNKS]
                began = time.monotonic()
                vectors |= self._encoded({key: texts[key] for key in keys})
                yield Encoding(len(keys), time.monotonic() - began)
            yield Embedded(window, vectors, frozenset(missing))

    def _encoded(self, texts: dict[str, str]) -> dict[str, bytes]:
        """Vectors by key, kept at once: what was computed is never computed again, however the run ends."""
        return self._kept(list(texts), self._encoder().encode_passages(list(texts.values())))

    def _kept(self, keys: list[str], encoded: PassageVectors) -> dict[str, bytes]:
        vectors = dict(zip(keys, pack_vectors(encoded.vectors), strict=True))
        stored = zip(vectors.items(), encoded.tokens, strict=True)
        self._catalog.add_vectors({key: StoredVectors(data, tokens) for (key, data), tokens in stored})
        return vectors


def new_chunks(article_id: str, article: Article, encoder: Encoder, model_fingerprint: str) -> tuple[NewChunk, ...]:
    """With the terms under which they are found, and ids that depend on their content alone."""
    from index.chunking import chunk
    from index.lexical import terms

    chunks = chunk(article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
    keys = [digest(model_fingerprint, piece.embed_text, length=32) for piece in chunks]
    return tuple(
        NewChunk(
            chunk_id=f"{article_id}-{piece.ordinal}-{digest(key, piece.text, length=8)}",
            chunk=piece,
            terms=terms(piece.embed_text, article.lang),
            vector_key=key,
        )
        for piece, key in zip(chunks, keys, strict=True)
    )


def by_length(texts: dict[str, str], wanted: Collection[str]) -> list[str]:
    """The wanted keys, those of texts of like length together: they are padded to the same."""
    return sorted(wanted, key=lambda key: (-len(texts[key]), key))


def digest(*parts: str, length: int = ID_LENGTH) -> str:
    """Hexadecimal, the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()[:length]
