"""Whether an index is whole, and whether two indexes are the same.

In: catalogs, derived stores, an encoder. Out: what is wrong, as lines; none where all is well. Changes nothing, and
expects that nobody writes meanwhile.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from index.catalog import Catalog
from index.catalog_records import IndexedArticle, IndexedChunk, StoredChunk, unpack_vectors
from index.chunking import chunk
from index.records import Encoder, Hit, Vectors


class Contents(msgspec.Struct, frozen=True):
    """All that search reads of a catalog."""

    articles: dict[str, IndexedArticle]
    chunks: dict[str, IndexedChunk]

    def vectors(self, dim: int) -> Vectors:
        """By chunk id, ascending."""
        return unpack_vectors([self.chunks[chunk_id].vector for chunk_id in sorted(self.chunks)], dim)


def contents(catalog: Catalog) -> Contents:
    """Of the current generation; empty where there is none."""
    generation = catalog.current_generation()
    articles, chunks = catalog.load(generation.number if generation else 0)
    return Contents(articles, {one.chunk_id: one for one in chunks})


def half_articles(catalog: Catalog, encoder: Encoder) -> list[str]:
    """The articles whose chunks are not those that chunking their text anew gives, each with its vector."""
    found: dict[str, list[tuple[int, int]]] = {}
    for one in contents(catalog).chunks.values():
        found.setdefault(one.article_id, []).append((one.stored.start, one.stored.end))
    wrong = []
    for article_id, _work_id, article in catalog.read_articles():
        whole = chunk(article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
        if found.pop(article_id, []) != [(piece.start, piece.end) for piece in whole]:
            wrong.append(f"{article.path}: its chunks are not those of its text")
    return wrong + [f"{article_id}: chunks of no article" for article_id in sorted(found)]


def differences(built: Contents, clean: Contents) -> list[str]:
    """What one index has and the other has not, or has otherwise; vectors are left to ``least_cosine``."""
    return [
        *_differences("article", built.articles, clean.articles),
        *_differences("chunk", _texts(built), _texts(clean)),
    ]


def least_cosine(built: Contents, clean: Contents, dim: int) -> float:
    """Of the two vectors of one chunk, over all chunks, which must be the same; 1 where there are none."""
    one, other = built.vectors(dim), clean.vectors(dim)
    # Half precision leaves norms a little off one.
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return float(np.min((one * other).sum(axis=1) / norms, initial=1.0))


def same_order(found: Sequence[Hit], expected: Sequence[Hit]) -> bool:
    """Whether two searches gave the same chunks, best first."""
    return [hit.chunk_id for hit in found] == [hit.chunk_id for hit in expected]


def score_gap(found: Sequence[Hit], expected: Sequence[Hit]) -> float:
    """The largest difference of score of a chunk that both searches gave; 0 where they share none."""
    scores = {hit.chunk_id: hit.score for hit in expected}
    return max((abs(hit.score - scores[hit.chunk_id]) for hit in found if hit.chunk_id in scores), default=0.0)


class _Text(msgspec.Struct, frozen=True):
    """What a chunk says and how it is found, without its vector."""

    article_id: str
    text: str
    terms: list[str]
    """Sorted: a text's terms come in no promised order."""
    vector_key: str
    stored: StoredChunk


def _texts(found: Contents) -> dict[str, _Text]:
    return {
        chunk_id: _Text(
            one.article_id,
            found.articles[one.article_id].text[one.stored.start : one.stored.end],
            sorted(one.terms),
            one.vector_key,
            one.stored,
        )
        for chunk_id, one in found.chunks.items()
    }


def _differences(kind: str, built: Mapping[str, msgspec.Struct], clean: Mapping[str, msgspec.Struct]) -> list[str]:
    both = sorted(built.keys() & clean.keys())
    return [
        *(f"{kind} {key} is lost" for key in sorted(clean.keys() - built.keys())),
        *(f"{kind} {key} is one too many" for key in sorted(built.keys() - clean.keys())),
        *(f"{kind} {key} differs in {_fields(built[key], clean[key])}" for key in both if built[key] != clean[key]),
    ]


def _fields(one: msgspec.Struct, other: msgspec.Struct) -> str:
    return ", ".join(name for name in one.__struct_fields__ if getattr(one, name) != getattr(other, name))
