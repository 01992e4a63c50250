"""The records that the catalog keeps and gives back, and the form in which it keeps vectors.

In and out: values, frozen and without I/O. ``New…`` and ``ArticleVersion`` go in, ``Indexed…`` come out.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from index.records import Article, ArticleDetail, Chunk, Outcome, Span, Vectors


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """What the last run saw of a file and made of it."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    site_url: str | None
    article_id: str | None
    """None for a file that was skipped or failed."""
    outcome: Outcome
    reason: str | None
    checked_on: str
    """ISO date; a skipped file is looked at again on another day, since dates may be its reason."""
    expires: str | None


class StoredChunk(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A chunk without its text, which is a slice of the article's."""

    start: int
    end: int
    prefix: int
    """Characters of title and headings before the text, in what was embedded."""
    headings: tuple[str, ...]
    sentences: tuple[Span, ...]


_CHUNKS = msgspec.msgpack.Decoder(StoredChunk)


class NewChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk ready to be stored."""

    chunk_id: str
    chunk: Chunk
    terms: list[str]
    vector_key: str


class ArticleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """An article with its chunks, ready to be stored."""

    article_id: str
    work_id: str
    article: Article
    state: FileState
    chunks: tuple[NewChunk, ...]


class StoredVectors(msgspec.Struct, frozen=True):
    """What is kept of an embedded text."""

    data: bytes
    """float16, little-endian, unit norm."""
    tokens: bytes
    """Packed token vectors; empty where the encoder gives none."""


class SearchedChunk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A chunk as search keeps it: there may be a million of them, and few are looked into."""

    chunk_id: str
    article_id: str
    vector_key: str
    record: bytes
    """The stored chunk as the catalog keeps it."""

    @property
    def stored(self) -> StoredChunk:
        return unpack_chunk(self.record)


class IndexedChunk(SearchedChunk, frozen=True, kw_only=True):
    """A chunk with all that is made of it for search."""

    terms: list[str]
    vector: bytes
    """float16, little-endian, unit norm."""


class IndexedArticle(ArticleDetail, frozen=True, kw_only=True):
    """An article as search sees it."""

    source_id: str


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """One way of chunking, analysing and embedding; exactly one is current."""

    number: int
    fingerprint: str
    model: str
    """The setting that names the embedding model."""


def content_sha256(text: str) -> str:
    """Hash of a canonical text, as citations carry it."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def pack_chunk(chunk: StoredChunk) -> bytes:
    return msgspec.msgpack.encode(chunk)


def unpack_chunk(record: bytes) -> StoredChunk:
    return _CHUNKS.decode(record)


def pack_vectors(vectors: Vectors) -> list[bytes]:
    """Rows as float16 bytes, in order."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def unpack_vectors(rows: Sequence[bytes], dim: int) -> Vectors:
    """``[n, dim]`` float32; ``[0, dim]`` for no rows."""
    return unpack_joined(b"".join(rows), dim)


def unpack_joined(rows: bytes | bytearray, dim: int) -> Vectors:
    """The same from the rows' bytes one after another."""
    import numpy as np

    values = np.frombuffer(rows, "<f2")
    return values.reshape(len(values) // max(dim, 1), dim).astype(np.float32)
