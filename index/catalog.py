"""The catalog: articles, chunks, index terms and vectors in SQL; the truth from which all else can be rebuilt.

In: article versions with their chunks, whole or not at all (one transaction). Out: what is indexed, and a consistent
view of it for search. SQLite or PostgreSQL. Embeds nothing and reads no article files.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa

from index import article_rows as rows
from index import vector_rows
from index.catalog_records import (
    ArticleVersion,
    FileState,
    Generation,
    IndexedArticle,
    IndexedChunk,
    NewChunk,
    SearchedChunk,
    StoredVectors,
)
from index.database import alone, in_turn, is_shared, open_database, slices, writer
from index.records import Article, ArticleDetail, ArticleSummary, Stats
from index.schema import ARTICLE, CHUNK, FILE, GENERATION, META, SOURCE

VERSION_TABLE = "catalog_version"
MIGRATIONS = Path(__file__).parent / "migrations"


class Catalog:
    """All methods are safe from several threads; each is one transaction on a connection of its own."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = writer(engine)
        self._still_alone: Callable[[sa.Connection], None] | None = None

    @classmethod
    def open(cls, url: str) -> "Catalog":
        """Open or create the database at ``url`` and bring its schema up to date."""
        return cls(open_database(url, MIGRATIONS, VERSION_TABLE))

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """One writer at a time, whatever the database."""
        with self._writer.begin() as connection:
            in_turn(connection, "the catalog")
            if self._still_alone is not None:
                self._still_alone(connection)
            yield connection

    # Other processes

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write to it."""
        return is_shared(self._engine)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While articles are ingested or the index is rebuilt. Raises BusyError where another process does that; where
        another may have begun since, each write is refused with StorageError."""
        with alone(self._engine, "an ingest") as still_alone:
            self._still_alone = still_alone
            try:
                yield
            finally:
                self._still_alone = None

    def revision(self) -> str | None:
        """Another one after every change of what a search sees."""
        with self._engine.connect() as connection:
            return rows.meta(connection, rows.REVISION)

    # Sources and files

    def sources(self) -> dict[str, str]:
        """Folder by source id."""
        with self._engine.connect() as connection:
            return {row.source_id: row.root for row in connection.execute(sa.select(SOURCE))}

    def add_source(self, source_id: str, root: str) -> None:
        with self._writing() as connection:
            connection.execute(sa.insert(SOURCE).values(source_id=source_id, root=root))

    def files(self, source_id: str) -> dict[str, FileState]:
        """By path."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(FILE).where(FILE.c.source_id == source_id)).mappings()
            return {row["path"]: rows.record_of(row, FileState) for row in found}

    def record_files(self, source_id: str, states: Sequence[FileState]) -> list[str]:
        """Remember files that gave no new article; returns the chunk ids that went with articles they gave before.

        An article stays when ``state.article_id`` names it: a file that merely failed takes nothing away.
        """
        with self._writing() as connection:
            return rows.record_files(connection, source_id, states)

    def remove_files(self, source_id: str, paths: Sequence[str]) -> list[str]:
        """Forget files and their articles; returns the chunk ids that went with them, of all generations."""
        removed: list[str] = []
        with self._writing() as connection:
            for some in slices(paths):
                where = sa.and_(FILE.c.source_id == source_id, FILE.c.path.in_(some))
                ids = [row.article_id for row in connection.execute(sa.select(FILE.c.article_id).where(where))]
                removed += rows.delete_articles(connection, [article_id for article_id in ids if article_id])
                connection.execute(sa.delete(FILE).where(where))
        return removed

    # Articles

    def save(
        self, source_id: str, versions: Sequence[ArticleVersion], generation: int, set_aside: Sequence[FileState] = ()
    ) -> list[str]:
        """Make these versions the current ones, their vectors being stored already, and remember the other files.

        Returns the chunk ids of the versions that were replaced or are gone.
        """
        with self._writing() as connection:
            removed = rows.record_files(connection, source_id, set_aside)
            for version in versions:
                removed += rows.put_article(connection, source_id, version, generation)
            if versions:
                rows.mark_changed(connection)
        return removed

    def finish_ingest(self, at: str) -> None:
        """Remember when the last run ended, ISO 8601 in UTC."""
        with self._writing() as connection:
            rows.set_meta(connection, "last_ingest", at)

    def article_ids(self) -> dict[str, tuple[str, str]]:
        """Source id and path by article id."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(ARTICLE.c.article_id, ARTICLE.c.source_id, ARTICLE.c.path))
            return {row.article_id: (row.source_id, row.path) for row in found}

    def read_articles(self) -> Iterator[tuple[str, str, Article]]:
        """Article id, work id and article of everything indexed, by path."""
        with self._engine.connect() as connection:
            query = sa.select(ARTICLE.c.article_id, ARTICLE.c.work_id, ARTICLE.c.path, ARTICLE.c.record)
            for row in rows.by_path(connection.execute(query)):
                yield row.article_id, row.work_id, msgspec.msgpack.decode(row.record, type=Article)

    def settle(self) -> None:
        """After articles came or went: find anew which works are versions of one, and drop unused vectors.

        Does nothing when no article has come or gone since the last time, whether that run ended or not.
        """
        with self._writing() as connection:
            if rows.meta(connection, rows.UNSETTLED) is None:
                return
            rows.join_works(connection)
            vector_rows.delete_unused(connection)
            rows.set_revision(connection)
            connection.execute(sa.delete(META).where(META.c.key == rows.UNSETTLED))

    # Vectors

    def known_vectors(self, keys: Collection[str]) -> dict[str, bytes]:
        """Those of the vectors asked for that are stored."""
        with self._engine.connect() as connection:
            return vector_rows.known(connection, keys)

    def token_vectors(self, keys: Collection[str]) -> dict[str, bytes]:
        """Packed token vectors by key, of those asked for that are stored."""
        with self._engine.connect() as connection:
            return vector_rows.tokens(connection, keys)

    def chunk_vectors(self, generation: int, chunk_ids: Sequence[str]) -> dict[str, bytes]:
        """float16 vectors by chunk id."""
        with self._engine.connect() as connection:
            return vector_rows.of_chunks(connection, generation, chunk_ids)

    def add_vectors(self, vectors: dict[str, StoredVectors]) -> None:
        """Keep vectors by key; a key that is stored already stays as it is."""
        with self._writing() as connection:
            vector_rows.insert_missing(connection, vectors)

    # Generations

    def current_generation(self) -> Generation | None:
        with self._engine.connect() as connection:
            return _current(connection)

    def start_generation(self, fingerprint: str, model: str) -> Generation:
        """A new generation beside the current one, or the half-built one of this fingerprint. The first is current."""
        with self._writing() as connection:
            found = list(connection.execute(sa.select(GENERATION)))
            for row in found:
                if row.fingerprint == fingerprint:
                    return Generation(number=row.number, fingerprint=fingerprint, model=row.model)
            number = max((row.number for row in found), default=0) + 1
            values = {"number": number, "fingerprint": fingerprint, "model": model, "current": not found}
            connection.execute(sa.insert(GENERATION).values(values))
            return Generation(number=number, fingerprint=fingerprint, model=model)

    def chunked_articles(self, generation: int) -> set[str]:
        """Ids of articles that have chunks in this generation."""
        with self._engine.connect() as connection:
            query = sa.select(CHUNK.c.article_id).where(CHUNK.c.generation == generation).distinct()
            return {row.article_id for row in connection.execute(query)}

    def add_chunks(self, generation: int, chunks: dict[str, tuple[NewChunk, ...]]) -> None:
        """Chunks of stored articles in a generation that is being built, by article id; their vectors are stored."""
        with self._writing() as connection:
            for article_id, new in chunks.items():
                rows.insert_chunks(connection, generation, article_id, new)

    def make_current(self, generation: int) -> None:
        """Swap generations and drop the chunks of all others, in one transaction."""
        with self._writing() as connection:
            connection.execute(sa.update(GENERATION).values(current=GENERATION.c.number == generation))
            connection.execute(sa.delete(CHUNK).where(CHUNK.c.generation != generation))
            rows.mark_changed(connection)
            connection.execute(sa.delete(GENERATION).where(GENERATION.c.number != generation))

    # Reading for search and lists

    def chunk_ids(self, generation: int) -> set[str]:
        with self._engine.connect() as connection:
            query = sa.select(CHUNK.c.chunk_id).where(CHUNK.c.generation == generation)
            return {row.chunk_id for row in connection.execute(query)}

    def chunks_of(self, generation: int, article_ids: Sequence[str]) -> list[SearchedChunk]:
        """By article and order."""
        with self._engine.connect() as connection:
            return rows.chunks_of(connection, generation, article_ids)

    @contextmanager
    def reading(self, generation: int) -> Iterator[tuple[dict[str, IndexedArticle], Iterator[IndexedChunk]]]:
        """All articles by id, and all chunks by article and order, as of one moment; chunks come one by one."""
        with self._engine.connect() as connection:
            yield rows.load_articles(connection, generation), rows.load_chunks(connection, generation)

    def load(self, generation: int) -> tuple[dict[str, IndexedArticle], list[IndexedChunk]]:
        """The same, all at once: much memory for many chunks."""
        with self.reading(generation) as (articles, chunks):
            return articles, list(chunks)

    def articles(self) -> tuple[ArticleSummary, ...]:
        """By path."""
        with self._engine.connect() as connection:
            found = rows.load_articles(connection, _number(_current(connection)))
        summaries = [msgspec.convert(article, ArticleSummary, from_attributes=True) for article in found.values()]
        return tuple(sorted(summaries, key=lambda summary: summary.path))

    def article(self, article_id: str) -> ArticleDetail | None:
        """With its text; None when there is none of that id."""
        work = sa.select(ARTICLE.c.work_id).where(ARTICLE.c.article_id == article_id).scalar_subquery()
        with self._engine.connect() as connection:
            found = rows.load_articles(connection, _number(_current(connection)), work).get(article_id)
        return msgspec.convert(found, ArticleDetail, from_attributes=True) if found else None

    def stats(self) -> Stats:
        by_lang = sa.select(ARTICLE.c.lang, sa.func.count()).group_by(ARTICLE.c.lang)
        works = sa.select(sa.func.count(ARTICLE.c.work_id.distinct()))
        chunks = sa.select(sa.func.count()).select_from(CHUNK)
        with self._engine.connect() as connection:
            generation = _current(connection)
            chunks = chunks.where(CHUNK.c.generation == _number(generation))
            langs = {row[0]: row[1] for row in sorted(connection.execute(by_lang))}
            work_count, chunk_count = connection.scalar(works) or 0, connection.scalar(chunks) or 0
            last_ingest = rows.meta(connection, "last_ingest")
        return Stats(
            articles=sum(langs.values()),
            works=work_count,
            chunks=chunk_count,
            articles_by_lang=langs,
            model=generation.fingerprint if generation else "",
            last_ingest=last_ingest,
        )


def _current(connection: sa.Connection) -> Generation | None:
    row = connection.execute(sa.select(GENERATION).where(GENERATION.c.current)).mappings().first()
    return rows.record_of(row, Generation) if row else None


def _number(generation: Generation | None) -> int:
    return generation.number if generation else 0
