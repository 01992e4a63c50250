"""What is SQLite's alone: one file, one writer at a time, deleted text overwritten.

In: the address of a file. Out: an engine on it whose transactions see one state from their first SELECT to their last.
What cannot be stored or opened is a StorageError, on every connection; a file that is locked for long a BusyError.
"""

import sqlite3
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from index.errors import BusyError, StorageError

BUSY_TIMEOUT_MS = 10_000
_SHORT = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some room",
    sqlite3.SQLITE_READONLY: "it is read-only. Make the folder KILDE_DATA_DIR writable again",
    sqlite3.SQLITE_IOERR: "the disk does not take or give it. Check the disk of KILDE_DATA_DIR",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened. Check the folder KILDE_DATA_DIR, and how many files are open",
}
"""What is the matter, and the way out, by SQLite's primary error code."""


def open_sqlite(address: sa.URL, *, erases: bool) -> sa.Engine:
    """``erases``: what is deleted or replaced is overwritten with zeros."""
    engine = sa.create_engine(address)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    if erases:
        event.listen(engine, "connect", _erase_what_is_deleted)
    event.listen(engine, "handle_error", _translate)
    return engine


def sqlite_writer(engine: sa.Engine) -> sa.Engine:
    """Its transactions take the write lock when they begin: one that reads first never fails because another wrote in
    between."""
    return engine.execution_options(sqlite_begin="IMMEDIATE")


def _prepare(connection: Any, _record: object) -> None:
    # The driver begins no transaction before a SELECT; a view of several SELECTs needs one.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _erase_what_is_deleted(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA secure_delete=ON").close()
    connection.execute("PRAGMA temp_store=MEMORY").close()


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")


def _translate(context: sa.engine.ExceptionContext) -> None:
    """Tells what is short in place of what the driver says of it, whichever statement met it."""
    cause = context.original_exception
    if not isinstance(cause, sqlite3.OperationalError):
        return
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise BusyError("The database is being written to by another process. Try again shortly.") from cause
    if code in _SHORT:
        raise StorageError(f"The database cannot be used: {_SHORT[code]}, then try again.") from cause
