"""Stored vectors as rows, found by the hash of what was embedded.

In: an open connection, keys or chunk ids. Out: float16 vectors and packed token vectors as bytes. Begins and ends no
transaction.
"""

from collections.abc import Collection, Sequence
from functools import cache

import msgspec
import sqlalchemy as sa

from index.catalog_records import StoredVectors
from index.database import slices
from index.schema import CHUNK, VECTOR


def known(connection: sa.Connection, keys: Collection[str]) -> dict[str, bytes]:
    """Vectors by key, of those asked for that are stored."""
    return _found(connection, VECTOR.c.data, keys)


def tokens(connection: sa.Connection, keys: Collection[str]) -> dict[str, bytes]:
    """Packed token vectors by key, of those asked for that are stored."""
    return _found(connection, VECTOR.c.tokens, keys)


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
    if missing:
        rows = [{"vector_key": key} | msgspec.structs.asdict(vectors[key]) for key in missing]
        connection.execute(sa.insert(VECTOR), rows)


def delete_unused(connection: sa.Connection) -> None:
    """Vectors that no chunk of any generation has."""
    unused = sa.not_(sa.exists().where(CHUNK.c.vector_key == VECTOR.c.vector_key))
    connection.execute(sa.delete(VECTOR).where(unused))


def _found(connection: sa.Connection, column: sa.Column[bytes], keys: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for some in slices(sorted(keys)):
        found |= {row[0]: row[1] for row in connection.execute(_by_keys(column), {"keys": some})}
    return found


@cache
def _by_keys(column: sa.Column[bytes]) -> sa.Select[str, bytes]:
    """Made once: to build and compile it takes longer than to run it."""
    keys: sa.BindParameter[str] = sa.bindparam("keys", expanding=True)
    return sa.select(VECTOR.c.vector_key, column).where(VECTOR.c.vector_key.in_(keys))
