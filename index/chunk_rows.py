"""Chunks as rows, each part in the form that a search over many of them needs.

In: an index's chunks, one by one, of which no more is kept than search uses. Out: by row a record, a vector and what
terms it has. Immutable.
"""

from collections.abc import Iterable, Iterator

from index.bm25 import Bm25Index
from index.catalog_records import IndexedChunk, SearchedChunk, unpack_joined
from index.records import Vectors


class ChunkRows:
    """Rows are in the order in which the chunks came."""

    def __init__(self, chunks: Iterable[IndexedChunk], dim: int) -> None:
        self.chunks: list[SearchedChunk] = []
        packed = bytearray()
        self.terms = Bm25Index(self._read(chunks, packed))
        self.vectors: Vectors = unpack_joined(packed, dim)

    def __len__(self) -> int:
        return len(self.chunks)

    def _read(self, chunks: Iterable[IndexedChunk], vectors: bytearray) -> Iterator[list[str]]:
        """The terms of each chunk; the rest is put away meanwhile."""
        for chunk in chunks:
            vectors += chunk.vector
            self.chunks.append(
                SearchedChunk(
                    chunk_id=chunk.chunk_id,
                    article_id=chunk.article_id,
                    vector_key=chunk.vector_key,
                    record=chunk.record,
                )
            )
            yield chunk.terms
