"""The catalog: articles, chunks, index terms and vectors in SQL; the truth from which all else can be rebuilt.

In: article versions with their chunks, whole or not at all (one transaction). Out: what is indexed, and a consistent
view of it for search. SQLite or PostgreSQL. Embeds nothing and reads no article files.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa

from index.database import open_database, writer
from index.records import Article, ArticleDetail, ArticleSummary, Chunk, Outcome, Span, Stats, Vectors
from index.schema import ARTICLE, CHUNK, FILE, GENERATION, META, SOURCE, VECTOR
from index.works import Stated, figures, joined_works

MIGRATIONS = Path(__file__).parent / "migrations"
UNSETTLED = "unsettled"
BATCH = 500
"""Ids in one IN list."""


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


class IndexedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk as search sees it."""

    chunk_id: str
    article_id: str
    stored: StoredChunk
    terms: list[str]
    vector_key: str
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


class Catalog:
    """All methods are safe from several threads; each opens its own connection."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)

    @classmethod
    def open(cls, url: str) -> "Catalog":
        """Open or create the database at ``url`` and bring its schema up to date."""
        return cls(open_database(url, MIGRATIONS, "catalog_version"))

    def close(self) -> None:
        self._engine.dispose()

    # Sources and files

    def sources(self) -> dict[str, str]:
        """Folder by source id."""
        with self._engine.connect() as connection:
            return {row.source_id: row.root for row in connection.execute(sa.select(SOURCE))}

    def add_source(self, source_id: str, root: str) -> None:
        with self._writer.begin() as connection:
            connection.execute(sa.insert(SOURCE).values(source_id=source_id, root=root))

    def files(self, source_id: str) -> dict[str, FileState]:
        """By path."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(FILE).where(FILE.c.source_id == source_id)).mappings()
            return {row["path"]: msgspec.convert(_without(row, "source_id"), FileState) for row in rows}

    def record_file(self, source_id: str, state: FileState) -> list[str]:
        """Remember a file that gave no new article; returns the chunk ids that went with an article it gave before.

        The article stays when ``state.article_id`` names it: a file that merely failed takes nothing away.
        """
        with self._writer.begin() as connection:
            _put_file(connection, source_id, state)
            if state.article_id is not None:
                return []
            before = sa.select(ARTICLE.c.article_id).where(
                ARTICLE.c.source_id == source_id, ARTICLE.c.path == state.path
            )
            return _delete_articles(connection, [row.article_id for row in connection.execute(before)])

    def remove_files(self, source_id: str, paths: Sequence[str]) -> list[str]:
        """Forget files and their articles; returns the chunk ids that went with them, of all generations."""
        removed: list[str] = []
        with self._writer.begin() as connection:
            for some in _slices(paths):
                where = sa.and_(FILE.c.source_id == source_id, FILE.c.path.in_(some))
                ids = [row.article_id for row in connection.execute(sa.select(FILE.c.article_id).where(where))]
                removed += _delete_articles(connection, [article_id for article_id in ids if article_id])
                connection.execute(sa.delete(FILE).where(where))
        return removed

    # Articles

    def save(self, source_id: str, versions: Sequence[ArticleVersion], generation: int) -> list[str]:
        """Make these versions the current ones, all in one transaction; their vectors are stored already.

        Returns the chunk ids of the versions that were replaced.
        """
        replaced: list[str] = []
        with self._writer.begin() as connection:
            _set_meta(connection, UNSETTLED, "yes")
            for version in versions:
                replaced += _delete_articles(connection, [version.article_id])
                connection.execute(sa.insert(ARTICLE).values(_article_row(source_id, version)))
                _insert_chunks(connection, generation, version.article_id, version.chunks)
                _put_file(connection, source_id, version.state)
        return replaced

    def finish_ingest(self, at: str) -> None:
        """Remember when the last run ended, ISO 8601 in UTC."""
        with self._writer.begin() as connection:
            _set_meta(connection, "last_ingest", at)

    def article_ids(self) -> dict[str, tuple[str, str]]:
        """Source id and path by article id."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(ARTICLE.c.article_id, ARTICLE.c.source_id, ARTICLE.c.path))
            return {row.article_id: (row.source_id, row.path) for row in rows}

    def read_articles(self) -> Iterator[tuple[str, str, Article]]:
        """Article id, work id and article of everything indexed, by path."""
        with self._engine.connect() as connection:
            query = sa.select(ARTICLE.c.article_id, ARTICLE.c.work_id, ARTICLE.c.record).order_by(ARTICLE.c.path)
            for row in connection.execute(query).all():
                yield row.article_id, row.work_id, msgspec.msgpack.decode(row.record, type=Article)

    def settle(self) -> None:
        """After articles came or went: find anew which works are versions of one, and drop unused vectors.

        Does nothing when no article has come or gone since the last time, whether that run ended or not.
        """
        with self._writer.begin() as connection:
            if connection.execute(sa.select(META.c.value).where(META.c.key == UNSETTLED)).scalar() is None:
                return
            _join_works(connection)
            unused = sa.not_(sa.exists().where(CHUNK.c.vector_key == VECTOR.c.vector_key))
            connection.execute(sa.delete(VECTOR).where(unused))
            connection.execute(sa.delete(META).where(META.c.key == UNSETTLED))

    # Vectors

    def known_vectors(self, keys: Collection[str]) -> dict[str, bytes]:
        """Those of the vectors asked for that are stored."""
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for some in _slices(sorted(keys)):
                query = sa.select(VECTOR.c.vector_key, VECTOR.c.data).where(VECTOR.c.vector_key.in_(some))
                found |= {row.vector_key: row.data for row in connection.execute(query)}
        return found

    def token_vectors(self, keys: Collection[str]) -> dict[str, bytes]:
        """Packed token vectors by key, of those asked for that are stored."""
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for some in _slices(sorted(keys)):
                query = sa.select(VECTOR.c.vector_key, VECTOR.c.tokens).where(VECTOR.c.vector_key.in_(some))
                found |= {row.vector_key: row.tokens for row in connection.execute(query)}
        return found

    def add_vectors(self, vectors: dict[str, StoredVectors]) -> None:
        """Keep vectors by key; a key that is stored already stays as it is."""
        with self._writer.begin() as connection:
            _insert_missing_vectors(connection, vectors)

    # Generations

    def current_generation(self) -> Generation | None:
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(GENERATION).where(GENERATION.c.current)).mappings().first()
            return msgspec.convert(_without(row, "current"), Generation) if row else None

    def start_generation(self, fingerprint: str, model: str) -> Generation:
        """A new generation beside the current one, or the half-built one of this fingerprint. The first is current."""
        with self._writer.begin() as connection:
            rows = list(connection.execute(sa.select(GENERATION)))
            for row in rows:
                if row.fingerprint == fingerprint:
                    return Generation(number=row.number, fingerprint=fingerprint, model=row.model)
            number = max((row.number for row in rows), default=0) + 1
            values = {"number": number, "fingerprint": fingerprint, "model": model, "current": not rows}
            connection.execute(sa.insert(GENERATION).values(values))
            return Generation(number=number, fingerprint=fingerprint, model=model)

    def chunked_articles(self, generation: int) -> set[str]:
        """Ids of articles that have chunks in this generation."""
        with self._engine.connect() as connection:
            query = sa.select(CHUNK.c.article_id).where(CHUNK.c.generation == generation).distinct()
            return {row.article_id for row in connection.execute(query)}

    def add_chunks(self, generation: int, chunks: dict[str, tuple[NewChunk, ...]]) -> None:
        """Chunks of stored articles in a generation that is being built, by article id; their vectors are stored."""
        with self._writer.begin() as connection:
            for article_id, new in chunks.items():
                _insert_chunks(connection, generation, article_id, new)

    def make_current(self, generation: int) -> None:
        """Swap generations and drop the chunks of all others, in one transaction."""
        with self._writer.begin() as connection:
            connection.execute(sa.update(GENERATION).values(current=GENERATION.c.number == generation))
            connection.execute(sa.delete(CHUNK).where(CHUNK.c.generation != generation))
            _set_meta(connection, UNSETTLED, "yes")
            connection.execute(sa.delete(GENERATION).where(GENERATION.c.number != generation))

    # Reading for search and lists

    def chunk_ids(self, generation: int) -> set[str]:
        with self._engine.connect() as connection:
            query = sa.select(CHUNK.c.chunk_id).where(CHUNK.c.generation == generation)
            return {row.chunk_id for row in connection.execute(query)}

    def chunk_vectors(self, generation: int, chunk_ids: Sequence[str]) -> dict[str, bytes]:
        """float16 vectors by chunk id."""
        found: dict[str, bytes] = {}
        with self._engine.connect() as connection:
            for some in _slices(chunk_ids):
                query = (
                    sa.select(CHUNK.c.chunk_id, VECTOR.c.data)
                    .join(VECTOR, VECTOR.c.vector_key == CHUNK.c.vector_key)
                    .where(CHUNK.c.generation == generation, CHUNK.c.chunk_id.in_(some))
                )
                found |= {row.chunk_id: row.data for row in connection.execute(query)}
        return found

    def load(self, generation: int) -> tuple[dict[str, IndexedArticle], list[IndexedChunk]]:
        """All articles by id, and all chunks by article and order, as of one moment."""
        with self._engine.connect() as connection:
            return _load_articles(connection, generation), _load_chunks(connection, generation)

    def articles(self) -> tuple[ArticleSummary, ...]:
        """By path."""
        generation = self.current_generation()
        with self._engine.connect() as connection:
            found = _load_articles(connection, generation.number if generation else 0)
        summaries = [msgspec.convert(article, ArticleSummary, from_attributes=True) for article in found.values()]
        return tuple(sorted(summaries, key=lambda summary: summary.path))

    def article(self, article_id: str) -> ArticleDetail | None:
        """With its text; None when there is none of that id."""
        generation = self.current_generation()
        with self._engine.connect() as connection:
            found = _load_articles(connection, generation.number if generation else 0).get(article_id)
        return msgspec.convert(found, ArticleDetail, from_attributes=True) if found else None

    def stats(self) -> Stats:
        generation = self.current_generation()
        articles = self.articles()
        by_lang: dict[str, int] = defaultdict(int)
        for article in articles:
            by_lang[article.lang] += 1
        return Stats(
            articles=len(articles),
            works=len({article.work_id for article in articles}),
            chunks=sum(article.chunks for article in articles),
            articles_by_lang=dict(sorted(by_lang.items())),
            model=generation.fingerprint if generation else "",
            last_ingest=self._meta("last_ingest"),
        )

    def _meta(self, key: str) -> str | None:
        with self._engine.connect() as connection:
            return connection.execute(sa.select(META.c.value).where(META.c.key == key)).scalar()


def content_sha256(text: str) -> str:
    """Hash of a canonical text, as citations carry it."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def pack_vectors(vectors: Vectors) -> list[bytes]:
    """Rows as float16 bytes, in order."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def unpack_vectors(rows: Sequence[bytes], dim: int) -> Vectors:
    """``[n, dim]`` float32; ``[0, dim]`` for no rows."""
    return np.frombuffer(b"".join(rows), "<f2").reshape(len(rows), dim).astype(np.float32)


def _article_row(source_id: str, version: ArticleVersion) -> dict[str, Any]:
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


def _insert_chunks(connection: sa.Connection, generation: int, article_id: str, chunks: Iterable[NewChunk]) -> None:
    rows = [
        {
            "generation": generation,
            "chunk_id": new.chunk_id,
            "article_id": article_id,
            "ordinal": new.chunk.ordinal,
            "record": msgspec.msgpack.encode(
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


def _insert_missing_vectors(connection: sa.Connection, vectors: dict[str, StoredVectors]) -> None:
    for some in _slices(list(vectors)):
        known = connection.execute(sa.select(VECTOR.c.vector_key).where(VECTOR.c.vector_key.in_(some)))
        missing = set(some) - {row.vector_key for row in known}
        if missing:
            rows = [{"vector_key": key} | msgspec.structs.asdict(vectors[key]) for key in sorted(missing)]
            connection.execute(sa.insert(VECTOR), rows)


def _put_file(connection: sa.Connection, source_id: str, state: FileState) -> None:
    connection.execute(sa.delete(FILE).where(FILE.c.source_id == source_id, FILE.c.path == state.path))
    connection.execute(sa.insert(FILE).values(source_id=source_id, **msgspec.structs.asdict(state)))


def _join_works(connection: sa.Connection) -> None:
    query = sa.select(ARTICLE.c.article_id, ARTICLE.c.own_work_id, ARTICLE.c.lang, ARTICLE.c.figures)
    stated = [
        Stated(article_id=row[0], work_id=row[1], lang=row[2], figures=frozenset(row[3].split()))
        for row in connection.execute(query)
    ]
    connection.execute(sa.update(ARTICLE).values(work_id=ARTICLE.c.own_work_id))
    for article_id, work_id in joined_works(stated).items():
        change = sa.update(ARTICLE).where(ARTICLE.c.article_id == article_id).values(work_id=work_id)
        connection.execute(change)


def _delete_articles(connection: sa.Connection, article_ids: Sequence[str]) -> list[str]:
    removed: list[str] = []
    if article_ids:
        _set_meta(connection, UNSETTLED, "yes")
    for some in _slices(article_ids):
        theirs = CHUNK.c.article_id.in_(some)
        removed += [row.chunk_id for row in connection.execute(sa.select(CHUNK.c.chunk_id).where(theirs))]
        connection.execute(sa.delete(CHUNK).where(theirs))
        connection.execute(sa.delete(ARTICLE).where(ARTICLE.c.article_id.in_(some)))
    return removed


def _set_meta(connection: sa.Connection, key: str, value: str) -> None:
    connection.execute(sa.delete(META).where(META.c.key == key))
    connection.execute(sa.insert(META).values(key=key, value=value))


def _load_articles(connection: sa.Connection, generation: int) -> dict[str, IndexedArticle]:
    counting = sa.select(CHUNK.c.article_id, sa.func.count().label("n")).where(CHUNK.c.generation == generation)
    counts = {row.article_id: row.n for row in connection.execute(counting.group_by(CHUNK.c.article_id))}
    rows = connection.execute(sa.select(ARTICLE).order_by(ARTICLE.c.path)).all()
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


def _load_chunks(connection: sa.Connection, generation: int) -> list[IndexedChunk]:
    query = (
        sa.select(
            CHUNK.c.chunk_id, CHUNK.c.article_id, CHUNK.c.record, CHUNK.c.terms, CHUNK.c.vector_key, VECTOR.c.data
        )
        .join(VECTOR, VECTOR.c.vector_key == CHUNK.c.vector_key)
        .where(CHUNK.c.generation == generation)
        .order_by(CHUNK.c.article_id, CHUNK.c.ordinal)
    )
    return [
        IndexedChunk(
            chunk_id=row.chunk_id,
            article_id=row.article_id,
            stored=msgspec.msgpack.decode(row.record, type=StoredChunk),
            terms=zlib.decompress(row.terms).decode("utf-8").split("\n"),
            vector_key=row.vector_key,
            vector=row.data,
        )
        for row in connection.execute(query)
    ]


def _without(row: Any, *names: str) -> dict[str, Any]:
    return {str(key): value for key, value in row.items() if key not in names}


def _slices(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])
