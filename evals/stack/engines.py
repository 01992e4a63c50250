"""PostgreSQL, a Chroma server and Redis or Valkey, as programs of this machine.

In: a folder. Out: where each of them is, by the name that ``compose.stack.yaml`` gives it; all are stopped in the end.
PostgreSQL refuses to run as root and is then started as Debian's user ``postgres``. Refuses, with RuntimeError and what
to install, a machine without the programs.
"""

import os
import pwd
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from evals.stack.composed import options
from evals.stack.programs import Program, free_port, takes_connections

POSTGRESQL = Path("/usr/lib/postgresql")
"""Debian keeps its programs off the PATH, in a folder for each version."""
MISSING = "{} is not installed: apt-get install postgresql redis-server haproxy"
START_S = 60


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, str]]:
    """What ``host:port`` of each engine, and the secret with the database's address, are here.

    From then on SIGTERM ends this process as Ctrl-C does, so that all that was started is stopped.
    """
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as running:
        database = _postgresql(folder, running)
        chroma = _chroma(folder, running)
        cache = running.enter_context(redis(folder))
        yield {"database_url": database, "chroma:8000": chroma, "valkey:6379": cache}


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def found(*names: str) -> str:
    """The first of these programs that there is."""
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(MISSING.format(" or ".join(names)))
    return path


def newest_postgresql() -> Path:
    """The folder of its programs."""
    made_by = POSTGRESQL.glob("*/bin/initdb")
    newest = max((initdb.parent for initdb in made_by), key=lambda folder: float(folder.parent.name), default=None)
    if newest is None:
        raise RuntimeError(MISSING.format("PostgreSQL"))
    return newest


def postgresql_program(name: str, home: Path, *options: str) -> Program:
    """One of its programs, not started; the folder becomes that of its user."""
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user, pwd.getpwnam(user).pw_gid)
    return Program(name, [str(newest_postgresql() / name), *options], home, user=user)


def _postgresql(folder: Path, running: ExitStack) -> str:
    """Its address for SQLAlchemy."""
    home = folder / "postgresql"
    home.mkdir()
    where = ["-D", str(home / "data")]
    how = ["-U", "kilde", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    made = postgresql_program("initdb", home, *where, *how)
    made.start()
    made.finish(START_S)
    port = free_port()
    here = ["-h", "127.0.0.1", "-p", str(port), "-k", str(home)]
    server = postgresql_program("postgres", home, *where, *here, *options("postgres"))
    # The fast way: it does not wait for those who are still connected.
    running.callback(server.stop, signal.SIGINT)
    server.start()
    server.wait_until(lambda: "ready to accept connections" in server.said(), START_S)
    return f"postgresql+psycopg://kilde@127.0.0.1:{port}/postgres"


def _chroma(folder: Path, running: ExitStack) -> str:
    port = free_port()
    server = chroma(folder / "chroma", port)
    running.callback(server.stop)
    server.start()
    server.wait_until(lambda: beats(port), START_S)
    return f"127.0.0.1:{port}"


def chroma(data: Path, port: int) -> Program:
    """Not started; what it says lies beside the folder of its data."""
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(data)]
    return Program("chroma", [*command, "--host", "127.0.0.1", "--port", str(port)], data.parent)


def beats(port: int) -> bool:
    """Whether the Chroma server there answers."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=1).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The ``host:port`` of one that keeps nothing and is stopped in the end."""
    port = free_port()
    where = ["--port", str(port), "--bind", "127.0.0.1"]
    server = Program("valkey", [found("valkey-server", "redis-server"), *options("valkey"), *where], folder)
    server.start()
    try:
        server.wait_until(lambda: takes_connections(port), START_S)
        yield f"127.0.0.1:{port}"
    finally:
        server.stop()
