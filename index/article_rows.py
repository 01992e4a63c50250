"""Articles, their chunks, files and works as rows: the statements that the catalog's transactions are made of.

In: an open connection, and records. Out: records. Begins and ends no transaction.
"""

import secrets
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from index.catalog_records import (
    ArticleVersion,
    FileState,
    IndexedArticle,
    IndexedChunk,
    NewChunk,
    SearchedChunk,
    StoredChunk,
    content_sha256,
    pack_chunk,
)
from index.database import slices
from index.records import Article
from index.schema import ARTICLE, CHUNK, FILE, META, VECTOR

R = TypeVar("R", bound=msgspec.Struct)
UNSETTLED = "unsettled"
"""Says that articles came or went and what follows from it is still to be done."""
REVISION = "revision"
"""Names what a search sees, so that processes find out that another one has changed it."""


def record_of(row: sa.RowMapping, record: type[R]) -> R:
    """The row as a record of this type, which has its columns' names; what it does not name is left out."""
    return msgspec.convert({str(name): value for name, value in row.items()}, record)


def put_article(connection: sa.Connection, source_id: str, version: ArticleVersion, generation: int) -> list[str]:
    """In the place of the version before, whose chunk ids are returned."""
    replaced = _drop_articles(connection, [version.article_id])
    connection.execute(sa.insert(ARTICLE).values(_article_row(source_id, version)))
    insert_chunks(connection, generation, version.article_id, version.chunks)
    _put_file(connection, source_id, version.state)
    return replaced


def record_files(connection: sa.Connection, source_id: str, states: Sequence[FileState]) -> list[str]:
    """Files that gave no new article; the articles go that they gave before, unless the states name them."""
    for state in states:
        _put_file(connection, source_id, state)
    empty = [state.path for state in states if state.article_id is None]
    before = [
        row.article_id
        for some in slices(empty)
        for row in connection.execute(
            sa.select(ARTICLE.c.article_id).where(ARTICLE.c.source_id == source_id, ARTICLE.c.path.in_(some))
        )
    ]
    return delete_articles(connection, before)


def insert_chunks(connection: sa.Connection, generation: int, article_id: str, chunks: Iterable[NewChunk]) -> None:
    rows = [
        {
            "generation": generation,
            "chunk_id": new.chunk_id,
            "article_id": article_id,
            "ordinal": new.chunk.ordinal,
            "record": pack_chunk(
                StoredChunk(
                    start=new.chunk.start,
                    end=new.chunk.end,
                    prefix=len(new.chunk.embed_text) - len(new.chunk.text),
                    headings=new.chunk.headings,
                    sentences=new.chunk.sentences,
                )
            ),
            "terms": zlib.compress("\n".join(new.terms).encode("utf-8"), 1),
            "vector_key": new.vector_key,
        }
        for new in chunks
    ]
    if rows:
        connection.execute(sa.insert(CHUNK), rows)


def _article_row(source_id: str, version: ArticleVersion) -> dict[str, Any]:
    from index.works import figures

    article = version.article
    return {
        "article_id": version.article_id,
        "source_id": source_id,
        "path": article.path,
        "own_work_id": version.work_id,
        "work_id": version.work_id,
        "lang": article.lang,
        "title": article.title,
        "url": article.url,
        "published": article.published,
        "modified": article.modified,
        "content_sha256": content_sha256(article.text),
        "figures": " ".join(sorted(figures(article.text))),
        "record": msgspec.msgpack.encode(article),
    }


def _put_file(connection: sa.Connection, source_id: str, state: FileState) -> None:
    connection.execute(sa.delete(FILE).where(FILE.c.source_id == source_id, FILE.c.path == state.path))
    connection.execute(sa.insert(FILE).values(source_id=source_id, **msgspec.structs.asdict(state)))


def join_works(connection: sa.Connection) -> None:
    from index.works import Stated, joined_works

    query = sa.select(ARTICLE.c.article_id, ARTICLE.c.own_work_id, ARTICLE.c.lang, ARTICLE.c.figures)
    stated = [
        Stated(article_id=row[0], work_id=row[1], lang=row[2], figures=frozenset(row[3].split()))
        for row in connection.execute(query)
    ]
    connection.execute(sa.update(ARTICLE).values(work_id=ARTICLE.c.own_work_id))
    for article_id, work_id in joined_works(stated).items():
        change = sa.update(ARTICLE).where(ARTICLE.c.article_id == article_id).values(work_id=work_id)
        connection.execute(change)


def delete_articles(connection: sa.Connection, article_ids: Sequence[str]) -> list[str]:
    """Returns the ids of their chunks, of all generations."""
    if article_ids:
        mark_changed(connection)
    return _drop_articles(connection, article_ids)


def _drop_articles(connection: sa.Connection, article_ids: Sequence[str]) -> list[str]:
    removed: list[str] = []
    for some in slices(article_ids):
        theirs = CHUNK.c.article_id.in_(some)
        removed += [row.chunk_id for row in connection.execute(sa.select(CHUNK.c.chunk_id).where(theirs))]
        connection.execute(sa.delete(CHUNK).where(theirs))
        connection.execute(sa.delete(ARTICLE).where(ARTICLE.c.article_id.in_(some)))
    return removed


def mark_changed(connection: sa.Connection) -> None:
    """Articles came or went."""
    set_meta(connection, UNSETTLED, "yes")
    set_revision(connection)


def set_revision(connection: sa.Connection) -> None:
    set_meta(connection, REVISION, secrets.token_hex(8))


def meta(connection: sa.Connection, key: str) -> str | None:
    return connection.execute(sa.select(META.c.value).where(META.c.key == key)).scalar()


def set_meta(connection: sa.Connection, key: str, value: str) -> None:
    connection.execute(sa.delete(META).where(META.c.key == key))
    connection.execute(sa.insert(META).values(key=key, value=value))


def by_path(found: Iterable[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """In the order of code points, in which databases need not put them."""
    return sorted(found, key=lambda row: (row.path, row.article_id))


def load_articles(
    connection: sa.Connection, generation: int, work: sa.ScalarSelect[str] | None = None
) -> dict[str, IndexedArticle]:
    """By id; all of them, or those of one work."""
    wanted = sa.true() if work is None else ARTICLE.c.work_id == work
    rows = by_path(connection.execute(sa.select(ARTICLE).where(wanted)))
    counting = sa.select(CHUNK.c.article_id, sa.func.count().label("n")).where(CHUNK.c.generation == generation)
    if work is not None:
        counting = counting.where(CHUNK.c.article_id.in_([row.article_id for row in rows]))
    counts = {row.article_id: row.n for row in connection.execute(counting.group_by(CHUNK.c.article_id))}
    langs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        langs[row.work_id].add(row.lang)
    return {
        row.article_id: IndexedArticle(
            article_id=row.article_id,
            source_id=row.source_id,
            work_id=row.work_id,
            path=row.path,
            lang=row.lang,
            title=row.title,
            url=row.url,
            published=row.published,
            modified=row.modified,
            chunks=counts.get(row.article_id, 0),
            other_langs=tuple(sorted(langs[row.work_id] - {row.lang})),
            text=msgspec.msgpack.decode(row.record, type=Article).text,
            content_sha256=row.content_sha256,
        )
        for row in rows
    }


def chunks_of(connection: sa.Connection, generation: int, article_ids: Sequence[str]) -> list[SearchedChunk]:
    """By article and order, without vectors and terms."""
    columns = (CHUNK.c.chunk_id, CHUNK.c.article_id, CHUNK.c.vector_key, CHUNK.c.record)
    found: list[SearchedChunk] = []
    for some in slices(article_ids):
        theirs = sa.and_(CHUNK.c.generation == generation, CHUNK.c.article_id.in_(some))
        query = sa.select(*columns).where(theirs).order_by(CHUNK.c.article_id, CHUNK.c.ordinal)
        found += [SearchedChunk(**row) for row in connection.execute(query).mappings()]
    return found


def load_chunks(connection: sa.Connection, generation: int) -> Iterator[IndexedChunk]:
    """By article and order, read while they are taken.

    The ids alone are put in order: a database that sorts whole rows writes all of them to its disk meanwhile.
    """
    of_generation = CHUNK.c.generation == generation
    query = sa.select(CHUNK.c.chunk_id).where(of_generation).order_by(CHUNK.c.article_id, CHUNK.c.ordinal)
    whole = sa.select(CHUNK, VECTOR.c.data).join(VECTOR, VECTOR.c.vector_key == CHUNK.c.vector_key).where(of_generation)
    for some in slices(connection.execute(query).scalars().all()):
        found = {row.chunk_id: row for row in connection.execute(whole.where(CHUNK.c.chunk_id.in_(some)))}
        yield from (_indexed(found[chunk_id]) for chunk_id in some if chunk_id in found)


def _indexed(row: sa.Row[Any]) -> IndexedChunk:
    return IndexedChunk(
        chunk_id=row.chunk_id,
        article_id=row.article_id,
        record=row.record,
        terms=zlib.decompress(row.terms).decode("utf-8").split("\n"),
        vector_key=row.vector_key,
        vector=row.data,
    )
