"""What is PostgreSQL's alone: one driver, views of one moment, locks that several processes share.

In: the address of a database. Out: an engine on it whose transactions see one state from their first SELECT to their
last, and a writer beside it. A connection that was lost is made anew at its next use; meanwhile it is a StorageError,
and whoever waits too long for a lock is told by BusyError. Refuses with ConfigurationError a missing driver, and a
database that does not keep UTF-8.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from index.errors import BusyError, ConfigurationError, StorageError

DIALECT = "postgresql"
SCHEMES = ("postgres", "postgresql", "postgresql+psycopg")
"""How an address may begin: all of them mean psycopg 3."""
KEPT_CONNECTIONS, MORE_CONNECTIONS = 2, 6
"""Of one engine: kept open, and opened beside them while many ask."""
CONNECT_S = 5
LOCK_TIMEOUT = "10s"
IDLE_TIMEOUT = "60s"
"""After so long the server ends a transaction whose process has stopped, and frees its locks."""
_CONNECTING = {"connect_timeout": CONNECT_S, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_BUSY = {
    "40001": "another process has changed the same",
    "40P01": "another process was writing the same",
    "55P03": "another process is writing to it",
    "57014": "it takes too long",
}
_SHORT = {
    "25006": "it is read-only. Name the server that takes writes in KILDE_DATABASE_URL",
    "53100": "its disk is full. Free some room",
    "53200": "its memory is full. Give the server more",
    "53300": "it has no connection left. Raise its max_connections",
    "57P01": "it is being shut down. See that it runs",
    "57P02": "it has crashed. See that it runs",
    "57P03": "it is starting up. Wait for it",
}
"""What is the matter by SQLSTATE, and of what is short the way out."""
_HOLDERS = sa.text(
    "SELECT activity.application_name, pid FROM pg_locks JOIN pg_stat_activity AS activity USING (pid) "
    "WHERE locktype = 'advisory' AND granted AND pg_locks.database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(:what, 0)"
)


class _Pool(sa.QueuePool):
    def connect(self) -> sa.pool.PoolProxiedConnection:
        try:
            return super().connect()
        except sa.exc.TimeoutError as exc:
            raise BusyError("Too many wait for the database. Try again shortly.") from exc


def open_postgresql(address: sa.URL) -> sa.Engine:
    """Connects at first use. Raises ConfigurationError where the driver is missing."""
    try:
        engine = sa.create_engine(
            address.set(drivername="postgresql+psycopg"),
            poolclass=_Pool,
            pool_pre_ping=True,
            pool_size=KEPT_CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            connect_args=_connecting(address),
            isolation_level="REPEATABLE READ",
        )
    except ImportError as exc:
        raise ConfigurationError("PostgreSQL needs its driver: pip install 'kilde[postgres]'.") from exc
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "handle_error", _translate)
    return engine


def postgresql_writer(engine: sa.Engine) -> sa.Engine:
    """Each of its statements sees what others have written by then, so that none fails because they have."""
    return engine.execution_options(isolation_level="READ COMMITTED")


def wait_in_turn(connection: sa.Connection, what: str) -> None:
    """Until no other transaction that waited for the same is under way; this one is it until it ends."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(what, 0))))


@contextmanager
def held_alone(engine: sa.Engine, what: str) -> Iterator[int]:
    """The session that has it alone, of this process. The server frees it when the process or its connection ends.
    Raises BusyError, at once, where another session has it."""
    key = sa.func.hashtextextended(what, 0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))):
            holder = connection.scalar(_HOLDERS, {"what": what}) or "another process"
            raise BusyError(f"The database is taken for {what} by {holder}. Wait for it to end, then try again.")
        try:
            yield connection.scalar(sa.select(sa.func.pg_backend_pid())) or 0
        finally:
            with suppress(BusyError, sa.exc.DBAPIError):  # Where the connection is lost, so is the lock.
                connection.scalar(sa.select(sa.func.pg_advisory_unlock(key)))


def check_held(connection: sa.Connection, what: str, session: int) -> None:
    """Raises StorageError where the session that had it has been lost, and another may have it by now."""
    if session not in [row.pid for row in connection.execute(_HOLDERS, {"what": what})]:
        raise StorageError(f"The connection that held the database for {what} was lost. Begin again.")


def _connecting(address: sa.URL) -> dict[str, Any]:
    """What the address does not say itself; the name is what the server shows of this process."""
    name = f"kilde, process {os.getpid()} on {socket.gethostname()}"[:63]
    return {key: value for key, value in (_CONNECTING | {"application_name": name}).items() if key not in address.query}


def _prepare(connection: Any, _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise ConfigurationError(
            f"The database keeps {encoding}, not every script. Make one anew: createdb --template template0 "
            "--encoding UTF8 kilde."
        )
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('lock_timeout', %s, false), set_config('idle_in_transaction_session_timeout', %s, false)",
        (LOCK_TIMEOUT, IDLE_TIMEOUT),
    )
    connection.autocommit = False


def _translate(context: sa.engine.ExceptionContext) -> None:
    """Tells what is the matter in place of what the driver says of it, whichever statement met it."""
    if context.is_pre_ping:
        return  # The pool makes the connection anew.
    cause = context.original_exception
    state = getattr(cause, "sqlstate", None) or ""
    if state in _BUSY:
        raise BusyError(f"The database is busy: {_BUSY[state]}. Try again shortly.") from cause
    if state in _SHORT:
        raise StorageError(f"The database cannot be used: {_SHORT[state]}, then try again.") from cause
    if context.is_disconnect or context.connection is None:
        raise StorageError("The database does not answer. See that it runs, then try again.") from cause
