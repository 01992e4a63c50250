"""SQL connections: one engine per database, brought to its newest schema by Alembic when it is opened.

In: an SQLAlchemy URL, a folder of migrations and the name of the table that remembers which of them ran. Refuses a
database that a later version has written. What cannot be stored or opened later on is a StorageError, on every
connection of the engine.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from index.errors import BusyError, ConfigurationError, StorageError

BUSY_TIMEOUT_MS = 10_000
BATCH = 500
"""Ids in one IN list."""
_SHORT = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some room",
    sqlite3.SQLITE_READONLY: "it is read-only. Make the folder KILDE_DATA_DIR writable again",
    sqlite3.SQLITE_IOERR: "the disk does not take or give it. Check the disk of KILDE_DATA_DIR",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the folder KILDE_DATA_DIR, and how many files are open",
}
"""What is the matter, and the way out, by SQLite's primary error code."""


def open_database(url: str, migrations: Path, version_table: str, *, erases: bool = False) -> sa.Engine:
    """An engine on a database with the newest schema. Raises ConfigurationError when it cannot be opened.

    ``erases``: SQLite overwrites with zeros what is deleted or replaced.
    """
    try:
        engine = sa.create_engine(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            if erases:
                event.listen(engine, "connect", _erase_what_is_deleted)
        event.listen(engine, "handle_error", _translate)
        _migrate(engine, migrations, version_table)
    except (sa.exc.ArgumentError, sa.exc.OperationalError, sa.exc.DatabaseError, ImportError, StorageError) as exc:
        raise ConfigurationError(
            f"The database {sa_url(url)} cannot be opened: {exc}. See KILDE_DATABASE_URL."
        ) from exc
    return engine


def writer(engine: sa.Engine) -> sa.Engine:
    """The same engine for transactions that write: on SQLite they take the write lock when they begin, so that a
    transaction that reads first never fails because another wrote in between."""
    return engine.execution_options(sqlite_begin="IMMEDIATE")


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


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver begins no transaction before a SELECT; a view of several SELECTs needs one.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _erase_what_is_deleted(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA secure_delete=ON").close()
    connection.execute("PRAGMA temp_store=MEMORY").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


def _translate(context: sa.engine.ExceptionContext) -> None:
    """Tells what is short in place of what the driver says of it, whichever statement met it."""
    cause = context.original_exception
    if isinstance(cause, sqlite3.OperationalError):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise BusyError("The database is being written to by another process. Try again shortly.") from cause
        if code in _SHORT:
            raise StorageError(f"The database cannot be used: {_SHORT[code]}, then try again.") from cause
    elif context.is_disconnect or (context.connection is None and not isinstance(cause, sqlite3.Error)):
        raise StorageError("The database does not answer. See that it runs, then try again.") from cause


def _migrate(engine: sa.Engine, migrations: Path, version_table: str) -> None:
    if _version(engine, version_table) == _newest(migrations):
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


def _newest(migrations: Path) -> str:
    """The last migration: their files are named by ascending revision, ``0001_what_it_does.py``."""
    return max(file.stem.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*_*.py"))


def run_migrations() -> None:
    """What every ``env.py`` calls: run the scripts on the engine that ``open_database`` made, in one transaction."""
    from alembic import context

    attributes = context.config.attributes
    with attributes["engine"].begin() as connection:
        context.configure(connection=connection, version_table=attributes["version_table"])
        context.run_migrations()
