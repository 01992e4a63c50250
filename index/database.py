"""SQL connections: one engine per database, brought to its newest schema by Alembic when it is opened.

In: an SQLAlchemy URL of SQLite or PostgreSQL, a folder of migrations and the name of the table that remembers which of
them ran. Out: an engine whose transactions each read one state of the database; whoever writes takes its ``writer``.
Refuses other databases, and one that a later version has written. What cannot be stored or opened later on is a
StorageError, on every connection of the engine.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import sqlalchemy as sa

from index.errors import ConfigurationError, StorageError
from index.postgresql import DIALECT, SCHEMES, check_held, held_alone, open_postgresql, postgresql_writer, wait_in_turn
from index.sqlite import open_sqlite, sqlite_writer

BATCH = 500
"""Ids in one IN list."""


def open_database(url: str, migrations: Path, version_table: str, *, erases: bool = False) -> sa.Engine:
    """An engine on a database with the newest schema. Raises ConfigurationError when it cannot be opened.

    ``erases``: SQLite overwrites with zeros what is deleted or replaced.
    """
    with _told(url):
        engine = _engine(sa.make_url(url), erases=erases)
        try:
            _migrate(engine, migrations, version_table)
        except BaseException:
            engine.dispose()
            raise
    return engine


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a database is, without a change to it."""

    version: tuple[int, ...]
    """Of the server, or of SQLite."""
    revisions: tuple[str | None, ...]
    """Of the schemas asked for; None for one that is not made yet."""


def look_at(url: str, version_tables: Sequence[str]) -> Look:
    """Raises ConfigurationError when it cannot be opened."""
    with _told(url):
        engine = _engine(sa.make_url(url), erases=False)
        try:
            revisions = tuple(_version(engine, table) for table in version_tables)
            return Look(
                version=tuple(int(part) for part in engine.dialect.server_version_info or ()), revisions=revisions
            )
        finally:
            engine.dispose()


def writer(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write."""
    return postgresql_writer(engine) if is_shared(engine) else sqlite_writer(engine)


def is_shared(engine: sa.Engine) -> bool:
    """Whether other processes may write to it, too; a database in SQLite is its owner's alone."""
    return engine.dialect.name == DIALECT


def in_turn(connection: sa.Connection, what: str) -> None:
    """Waits until no other transaction is under way that came in turn for the same. SQLite has one writer anyway."""
    if connection.dialect.name == DIALECT:
        wait_in_turn(connection, what)


@contextmanager
def alone(engine: sa.Engine, what: str) -> Iterator[Callable[[sa.Connection], None]]:
    """Nobody else does the same with this database meanwhile. Raises BusyError, at once, where somebody does.

    Gives what raises StorageError where that holds no more: to be called by each transaction that relies on it.
    """
    if not is_shared(engine):
        yield lambda connection: None  # Who owns the data folder is alone.
        return
    with held_alone(engine, what) as session:
        yield lambda connection: check_held(connection, what, session)


def sa_url(url: str) -> str:
    """The URL without its password, for messages."""
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "in KILDE_DATABASE_URL"


def slices(items: Sequence[str]) -> Iterator[list[str]]:
    """All of them, as many at a time as one IN list takes."""
    for start in range(0, len(items), BATCH):
        yield list(items[start : start + BATCH])


@contextmanager
def _told(url: str) -> Iterator[None]:
    """What a database says that cannot be opened, as a matter of settings."""
    try:
        yield
    except (sa.exc.ArgumentError, sa.exc.DatabaseError, StorageError) as exc:
        raise ConfigurationError(
            f"The database {sa_url(url)} cannot be opened: {_reason(exc)}. See KILDE_DATABASE_URL."
        ) from exc


def _engine(address: sa.URL, *, erases: bool) -> sa.Engine:
    if address.get_backend_name() == "sqlite":
        return open_sqlite(address, erases=erases)
    if address.drivername in SCHEMES:
        return open_postgresql(address)
    raise ConfigurationError(
        f"There is no way to {address.drivername}. KILDE_DATABASE_URL takes postgresql://USER:PASSWORD@HOST/NAME."
    )


def _reason(exc: Exception) -> str:
    """In the driver's words where it was told in ours what PostgreSQL's server has said."""
    told = exc.__cause__ if isinstance(exc, StorageError) and hasattr(exc.__cause__, "sqlstate") else exc
    return " ".join(str(told).split()).rstrip(".?")


def _migrate(engine: sa.Engine, migrations: Path, version_table: str) -> None:
    if _version(engine, version_table) == newest(migrations):
        return  # Importing Alembic takes longer than all else that an ingest without changes does.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(migrations))
    config.attributes.update(engine=engine, version_table=version_table)
    try:
        command.upgrade(config, "head")
    except CommandError as exc:
        raise ConfigurationError(
            f"The database was written by another version of Kilde ({exc}). Use that version, or a new KILDE_DATA_DIR."
        ) from exc


def _version(engine: sa.Engine, version_table: str) -> str | None:
    """Of the schema in the database; None for one that is not made yet."""
    if not sa.inspect(engine).has_table(version_table):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.column("version_num")).select_from(sa.table(version_table))).scalar()


def newest(migrations: Path) -> str:
    """The last migration: their files are named by ascending revision, ``0001_what_it_does.py``."""
    return max(file.stem.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*_*.py"))


def run_migrations() -> None:
    """What every ``env.py`` calls: run the scripts on the engine that ``open_database`` made, in one transaction.

    Of processes that start at once one migrates; the others find nothing left to do.
    """
    from alembic import context

    attributes = context.config.attributes
    with writer(attributes["engine"]).begin() as connection:
        in_turn(connection, "migrations")
        context.configure(connection=connection, version_table=attributes["version_table"])
        context.run_migrations()
