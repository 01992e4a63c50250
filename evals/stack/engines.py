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
        cache = _redis(folder, running)
        yield {"database_url": database, "chroma:8000": chroma, "valkey:6379": cache}


def _leave(*_: object) -> None:
    raise KeyboardInterrupt


def found(*names: str) -> str:
    """The first of these programs that there is."""
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(MISSING.format(" or ".join(names)))
    return path


def _postgresql(folder: Path, running: ExitStack) -> str:
    """Its address for SQLAlchemy."""
    binaries = sorted(POSTGRESQL.glob("*/bin"), key=lambda binary: float(binary.parent.name))
    if not binaries:
        raise RuntimeError(MISSING.format("PostgreSQL"))
    home, user = folder / "postgresql", "postgres" if os.geteuid() == 0 else None
    home.mkdir()
    if user:
        shutil.chown(home, user, pwd.getpwnam(user).pw_gid)
    where = ["-D", str(home / "data")]
    made = Program(
        "initdb",
        [str(binaries[-1] / "initdb"), *where, "-U", "kilde", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"],
        home,
        user=user,
    )
    made.start()
    made.finish(START_S)
    port = free_port()
    here = ["-h", "127.0.0.1", "-p", str(port), "-k", str(home)]
    server = Program("postgres", [str(binaries[-1] / "postgres"), *where, *here, *options("postgres")], home, user=user)
    # The fast way: it does not wait for those who are still connected.
    running.callback(server.stop, signal.SIGINT)
    server.start()
    server.wait_until(lambda: "ready to accept connections" in server.said(), START_S)
    return f"postgresql+psycopg://kilde@127.0.0.1:{port}/postgres"


def _chroma(folder: Path, running: ExitStack) -> str:
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder / "chroma")]
    server = Program("chroma", [*command, "--host", "127.0.0.1", "--port", str(port)], folder)
    running.callback(server.stop)
    server.start()
    server.wait_until(lambda: _beats(port), START_S)
    return f"127.0.0.1:{port}"


def _beats(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=1).is_success
    except httpx.HTTPError:
        return False


def _redis(folder: Path, running: ExitStack) -> str:
    port = free_port()
    where = ["--port", str(port), "--bind", "127.0.0.1"]
    server = Program("valkey", [found("valkey-server", "redis-server"), *options("valkey"), *where], folder)
    running.callback(server.stop)
    server.start()
    server.wait_until(lambda: takes_connections(port), START_S)
    return f"127.0.0.1:{port}"
