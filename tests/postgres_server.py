"""A PostgreSQL server of the tests' own: a cluster in a folder of its own, on a free port of this machine.

In: nothing, or a cluster that was stopped. Out: addresses of fresh databases in it. It never runs as root, which
PostgreSQL refuses: as Debian's user ``postgres`` then. Data is not synced to the disk. Where the programs are absent,
``missing`` says how to get them.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

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
BINARIES = Path("/usr/lib/postgresql")
"""Debian keeps the server's programs off the PATH, in a folder for each version."""


class PostgresServer:
    """Runs until it is stopped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_urlsafe(12)
        self._ready: str | None = None
        self.port = _free_port()
        (folder / "password").write_text(self._password)
        (folder / "password").chmod(0o644)
        where = ("-D", str(folder / "data"), "-U", USER, "--auth=scram-sha-256", f"--pwfile={folder / 'password'}")
        if self._begin("initdb", *where, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync").wait(timeout=60):
            raise RuntimeError(self._said())
        self.start()

    def start(self) -> None:
        where = ("-D", str(self._folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder))
        self._process = self._begin("postgres", *where, "-F", "-c", "max_connections=200")
        while not self._answers():
            if self._process.poll() is not None:
                raise RuntimeError(self._said())
            time.sleep(0.02)

    def stop(self) -> None:
        """At once, as a crash does."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=20)

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

    def _begin(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        user = "postgres" if os.geteuid() == 0 else None
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [_binaries() / program, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=user,
                extra_groups=() if user else None,
            )

    def _said(self) -> str:
        return (self._folder / "log").read_text()


def missing() -> str | None:
    """Why there can be no server here, and the way out."""
    if not BINARIES.is_dir() or not any(BINARIES.glob("*/bin/initdb")):
        return "PostgreSQL is not installed: apt-get install postgresql"
    return None


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="kilde-postgres-"))
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = PostgresServer(folder)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """Of the newest version."""
    return max(BINARIES.glob("*/bin"), key=lambda folder: float(folder.parent.name))


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
