"""Whether a catalog is whole: the database's pages, the articles' texts, the chunks with their vectors.

In: a catalog, or the address of an SQLite database. Out: what is wrong, one line each, at most ``LINES`` of a kind;
none where all is well. Changes nothing; others may write meanwhile.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np
import sqlalchemy as sa

from index.catalog import Catalog
from index.catalog_records import IndexedArticle, IndexedChunk, content_sha256, unpack_vectors

LINES = 10
NORM_SLACK = 0.01
"""Half precision leaves unit vectors a little off one."""


def audit_database(url: str) -> list[str]:
    """What SQLite itself finds; nothing for other databases, which see to themselves."""
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return []
    try:
        with closing(sqlite3.connect(f"file:{address.database}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({LINES})")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchmany(LINES)
    except sqlite3.DatabaseError as exc:
        return [f"{address.database}: {exc}"]
    damaged = [f"{address.database}: {line}" for line in found if line != "ok"]
    return damaged + [
        f"{address.database}: a row of {table} points to none of {parent}" for table, _, parent, _ in orphans
    ]


def audit_catalog(catalog: Catalog) -> list[str]:
    """Texts against their hashes; chunks of the current generation against texts and vectors."""
    generation = catalog.current_generation()
    if generation is None:
        return []
    wanted = catalog.chunk_ids(generation.number)
    with catalog.reading(generation.number) as (articles, chunks):
        texts = (f"{one.path}: its text has another hash" for one in articles.values() if _is_altered(one))
        found = list(islice(texts, LINES))
        found += islice(_wrong_chunks(articles, chunks, wanted), LINES)
    return found


def _is_altered(article: IndexedArticle) -> bool:
    return content_sha256(article.text) != article.content_sha256


def _wrong_chunks(
    articles: dict[str, IndexedArticle], chunks: Iterable[IndexedChunk], wanted: set[str]
) -> Iterator[str]:
    """``wanted`` loses those that were read: what is left has no vector."""
    dim = 0
    for chunk in chunks:
        wanted.discard(chunk.chunk_id)
        dim = dim or len(chunk.vector) // 2
        article = articles.get(chunk.article_id)
        if article is None:
            yield f"chunk {chunk.chunk_id} is of no article"
        elif not 0 <= chunk.stored.start < chunk.stored.end <= len(article.text):
            yield f"{article.path}: chunk {chunk.chunk_id} is no slice of its text"
        elif len(chunk.vector) != 2 * dim or not _is_unit(chunk.vector, dim):
            yield f"{article.path}: the vector of chunk {chunk.chunk_id} is damaged"
    yield from (f"chunk {chunk_id} has no vector" for chunk_id in sorted(wanted))


def _is_unit(vector: bytes, dim: int) -> bool:
    return bool(abs(np.linalg.norm(unpack_vectors([vector], dim)[0]) - 1) <= NORM_SLACK)
