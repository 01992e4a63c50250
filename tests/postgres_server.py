"""A PostgreSQL server of the tests' own: a cluster in a folder of its own, on a free port of this machine.

In: nothing, or a cluster that was stopped. Out: addresses of fresh databases in it. It never runs as root, which
PostgreSQL refuses: as Debian's user ``postgres`` then. Data is not synced to the disk. Where the programs are absent,
``missing`` says how to get them.
"""

import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from evals.stack.engines import newest_postgresql, postgresql_program
from evals.stack.programs import free_port
from index.catalog import Catalog
from index.schema import METADATA
from rag.tables import metadata, open_tables

USER = "kilde"
EMPTYING = "; ".join(
    (
        "SET session_replication_role = replica",
        *(f"DELETE FROM {table}" for table in (*METADATA.tables, *metadata.tables)),
    )
)
START_S = 60


class PostgresServer:
    """Runs until it is stopped."""

    def __init__(self, folder: Path) -> None:
        self._password = secrets.token_urlsafe(12)
        self._ready: str | None = None
        self.port = free_port()
        (folder / "password").write_text(self._password)
        (folder / "password").chmod(0o644)
        data = ("-D", str(folder / "data"))
        who = ("-U", USER, "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
        made = postgresql_program("initdb", folder, *data, *who, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        made.start()
        made.finish(START_S)
        where = (*data, "-h", "127.0.0.1", "-p", str(self.port), "-k", str(folder))
        self._program = postgresql_program("postgres", folder, *where, "-F", "-c", "max_connections=200")
        self.start()

    def start(self) -> None:
        self._program.start()
        self._program.wait_until(self._answers, START_S)

    def stop(self) -> None:
        """At once, as a crash does."""
        self._program.stop(signal.SIGQUIT)

    def url(self, database: str, scheme: str = "postgresql+psycopg") -> str:
        return f"{scheme}://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def create(self, options: str = "TEMPLATE template0") -> str:
        """The name of a new database."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return name

    def emptied(self) -> str:
        """The name of the database that tests take in turn: all tables of this version, and nothing in them."""
        if self._ready is not None:
            try:
                self.run(EMPTYING, self._ready)
            except psycopg.errors.UndefinedTable:  # A test that failed has left it half.
                self._ready = None
        if self._ready is None:
            self._ready = self.create()
            Catalog.open(self.url(self._ready)).close()
            open_tables(self.url(self._ready)).dispose()
        return self._ready

    def drop(self, name: str) -> None:
        """Also while somebody uses it."""
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(database, "postgresql"), autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        try:
            self.run("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def missing() -> str | None:
    """Why there can be no server here, and the way out."""
    try:
        newest_postgresql()
    except RuntimeError as exc:
        return str(exc)
    return None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kilde-postgres-"))
    try:
        server = PostgresServer(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
