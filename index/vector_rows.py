"""Stored vectors as rows, found by the hash of what was embedded.

In: an open connection, keys or chunk ids. Out: float16 vectors and packed token vectors as bytes. Begins and ends no
transaction.
"""

from collections.abc import Collection, Sequence
from functools import cache

import sqlalchemy as sa

from index.catalog_records import StoredVectors
from index.database import slices
from index.schema import CHUNK, TOKENS, VECTOR


def known(connection: sa.Connection, keys: Collection[str]) -> dict[str, bytes]:
    """Vectors by key, of those asked for that are stored."""
    return _found(connection, VECTOR, keys)


def tokens(connection: sa.Connection, keys: Collection[str]) -> dict[str, bytes]:
    """Packed token vectors by key, of those asked for that have any."""
    return _found(connection, TOKENS, keys)


def of_chunks(connection: sa.Connection, generation: int, chunk_ids: Sequence[str]) -> dict[str, bytes]:
    """Vectors by chunk id."""
    found: dict[str, bytes] = {}
    for some in slices(chunk_ids):
        query = (
            sa.select(CHUNK.c.chunk_id, VECTOR.c.data)
            .join(VECTOR, VECTOR.c.vector_key == CHUNK.c.vector_key)
            .where(CHUNK.c.generation == generation, CHUNK.c.chunk_id.in_(some))
        )
        found |= {row.chunk_id: row.data for row in connection.execute(query)}
    return found


def insert_missing(connection: sa.Connection, vectors: dict[str, StoredVectors]) -> None:
    """A key that is stored already stays as it is."""
    missing = sorted(vectors.keys() - known(connection, vectors).keys())
    rows = [{"vector_key": key, "data": vectors[key].data} for key in missing]
    tokens = [{"vector_key": key, "data": vectors[key].tokens} for key in missing if vectors[key].tokens]
    for table, some in ((VECTOR, rows), (TOKENS, tokens)):
        if some:
            connection.execute(sa.insert(table), some)


def delete_unused(connection: sa.Connection) -> None:
    """Vectors that no chunk of any generation has."""
    for table in (VECTOR, TOKENS):
        unused = sa.not_(sa.exists().where(CHUNK.c.vector_key == table.c.vector_key))
        connection.execute(sa.delete(table).where(unused))


def _found(connection: sa.Connection, table: sa.Table, keys: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for some in slices(sorted(keys)):
        found |= {row[0]: row[1] for row in connection.execute(_by_keys(table), {"keys": some})}
    return found


@cache
def _by_keys(table: sa.Table) -> sa.Select[str, bytes]:
    """Made once: to build and compile it takes longer than to run it."""
    keys: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
    return sa.select(table.c.vector_key, table.c.data).where(table.c.vector_key.in_(keys))
