"""Works that exist in several versions, each version passage by passage with a vector for each.

In: the catalog. Out: one work after the other. A passage is a sentence, an item, a row or a caption; its vector is the
mean of its stored token vectors, less the mean of its version's, which takes away what the language has in common. An
encoder without token vectors lends every passage the vector of its chunk. Embeds nothing; refuses nothing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.catalog_records import SearchedChunk, unpack_vectors
from index.records import Article, Block, BlockKind
from index.sentences import sentence_spans
from index.token_vectors import unpack

Floats = NDArray[np.float32]
_WHOLE: frozenset[BlockKind] = frozenset({"title", "list_item", "table_row"})
_LEFT_OUT: frozenset[BlockKind] = frozenset({"heading", "code"})


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of a version's canonical text."""

    kind: BlockKind
    start: int
    end: int


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """An article with its passages; ``vectors [passages, dim]`` of unit norm, or zero where nothing is known."""

    article_id: str
    article: Article
    passages: tuple[Passage, ...]
    vectors: Floats

    def text_of(self, place: int) -> str:
        passage = self.passages[place]
        return self.article.text[passage.start : passage.end]


class _Located(msgspec.Struct, frozen=True):
    """Vectors ``[n, dim]`` and what slices of the canonical text they stand for, ``[n]``."""

    vectors: Floats
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def translated_works(catalog: Catalog) -> Iterator[tuple[str, tuple[Version, ...]]]:
    """Work id and versions by path, of each work that has at least two."""
    generation = catalog.current_generation()
    works: dict[str, dict[str, Article]] = defaultdict(dict)
    for article_id, work_id, article in catalog.read_articles():
        works[work_id][article_id] = article
    for work_id, articles in works.items():
        if generation is not None and len(articles) > 1:
            yield work_id, _versions(catalog, generation.number, articles)


def passages(article: Article) -> tuple[Passage, ...]:
    """In order, not overlapping; without headings and code."""
    return tuple(part for block in article.blocks if block.kind not in _LEFT_OUT for part in _parts(article, block))


def _parts(article: Article, block: Block) -> Iterator[Passage]:
    if block.kind in _WHOLE:
        yield Passage(kind=block.kind, start=block.start, end=block.end)
        return
    for span in sentence_spans(article.text[block.start : block.end], article.lang):
        yield Passage(kind=block.kind, start=block.start + span.start, end=block.start + span.end)


def _versions(catalog: Catalog, generation: int, articles: dict[str, Article]) -> tuple[Version, ...]:
    chunks = catalog.chunks_of(generation, list(articles))
    located = _located(catalog, chunks)
    found = []
    for article_id, article in articles.items():
        parts = passages(article)
        own = [
            located[chunk.chunk_id] for chunk in chunks if chunk.article_id == article_id and chunk.chunk_id in located
        ]
        vectors = _passage_vectors(parts, own)
        found.append(Version(article_id=article_id, article=article, passages=parts, vectors=vectors))
    return tuple(found)


def _located(catalog: Catalog, chunks: Sequence[SearchedChunk]) -> dict[str, _Located]:
    """By chunk id."""
    keys = {chunk.vector_key for chunk in chunks}
    tokens = catalog.token_vectors(keys)
    whole = catalog.known_vectors(keys - tokens.keys())
    return {
        chunk.chunk_id: _tokens_of(chunk, tokens[chunk.vector_key])
        if chunk.vector_key in tokens
        else _whole_of(chunk, whole[chunk.vector_key])
        for chunk in chunks
        if chunk.vector_key in tokens or chunk.vector_key in whole  # Else another process has replaced it meanwhile.
    }


def _tokens_of(chunk: SearchedChunk, packed: bytes) -> _Located:
    tokens, stored = unpack(packed), chunk.stored
    shift = stored.start - stored.prefix
    return _Located(tokens.vectors, tokens.starts.astype(np.int64) + shift, tokens.ends.astype(np.int64) + shift)


def _whole_of(chunk: SearchedChunk, packed: bytes) -> _Located:
    stored = chunk.stored
    vectors = unpack_vectors([packed], len(packed) // 2)
    return _Located(vectors, np.array([stored.start]), np.array([stored.end]))


def _passage_vectors(parts: Sequence[Passage], located: Sequence[_Located]) -> Floats:
    """``[passages, dim]``; ``[passages, 0]`` for a version without chunks."""
    if not located:
        return np.zeros((len(parts), 0), np.float32)
    vectors = np.concatenate([one.vectors for one in located])
    starts = np.concatenate([one.starts for one in located])
    ends = np.concatenate([one.ends for one in located])
    centred = _unit(vectors - vectors.mean(axis=0))
    inside = (ends[None, :] > [[part.start] for part in parts]) & (starts[None, :] < [[part.end] for part in parts])
    return _unit(inside.astype(np.float32) @ centred)


def _unit(vectors: Floats) -> Floats:
    """Zero stays zero."""
    unit: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))
    return unit
