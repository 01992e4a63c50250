"""The two processes of ``compose.stack.yaml`` and the proxy before them, as programs of this machine.

In: a folder, and where the engines are. Out: their addresses once the articles are read; all are stopped in the end.
"""

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, KILDE, kilde_environment
from evals.stack.composed import PROXY, settings
from evals.stack.engines import found
from evals.stack.programs import Program, free_port
from rag.pseudonyms import KEY_BYTES, KEY_FILE

READY_S = 600
_INGESTED = re.compile(r"^kilde_last_ingest_timestamp_seconds [1-9]", re.MULTILINE)


class Process(msgspec.Struct, frozen=True):
    """One ``kilde serve``."""

    program: Program
    url: str

    @property
    def articles(self) -> int:
        """In how many it can search now; -1 while it cannot be asked."""
        try:
            response = httpx.get(f"{self.url}/health/ready", timeout=5)
        except httpx.HTTPError:
            return -1
        return int(response.json()["articles"]) if response.is_success else -1

    def metrics(self) -> str:
        return httpx.get(f"{self.url}/metrics", timeout=5).text

    def wait_until_ready(self) -> None:
        self.program.wait_until(lambda: self.articles >= 0, READY_S)

    def wait_until_ingested(self) -> int:
        """The number of articles."""
        self.program.wait_until(lambda: _INGESTED.search(self.metrics()) is not None, READY_S)
        return self.articles


class Stack(msgspec.Struct, frozen=True):
    """All that was started."""

    proxy: str
    a: Process
    b: Process
    cache: str


@contextmanager
def stack(folder: Path, places: Mapping[str, str]) -> Iterator[Stack]:
    """Process a reads the articles, as in the file."""
    known = {**places, **_secret_files(folder, places["database_url"])}
    key = secrets.token_bytes(KEY_BYTES)
    with ExitStack() as running:
        a = _process(_data(folder, "a", key), known, running, ["--watch", str(ARTICLES)])
        b = _process(_data(folder, "b", key), known, running, [])
        proxy = _proxy(folder, a, b, running)
        for process in (a, b):
            process.wait_until_ready()
        articles = a.wait_until_ingested()
        b.program.wait_until(lambda: b.articles == articles, READY_S)
        yield Stack(proxy, a, b, places["valkey:6379"])


def _secret_files(folder: Path, database_url: str) -> dict[str, str]:
    """The paths of the files that the settings name."""
    values = {"database_url": database_url, "admin_key": secrets.token_hex(16)}
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n", encoding="utf-8")
    return {name: str(folder / name) for name in values}


def _data(folder: Path, name: str, key: bytes) -> Path:
    """A process's own folder, with the key that both name ids by."""
    data = folder / name
    data.mkdir()
    (data / KEY_FILE).write_bytes(key)
    return data


def _process(data: Path, places: Mapping[str, str], running: ExitStack, options: list[str]) -> Process:
    port, name = free_port(), f"api-{data.name}"
    program = Program(
        name,
        [KILDE, "serve", "--host", "127.0.0.1", "--port", str(port), *options],
        data.parent,
        environment=kilde_environment(data, {**settings(name, places), "KILDE_LOG_LEVEL": "WARNING"}),
    )
    # Not stopped: it would drain first, and its folder goes anyway.
    running.callback(program.kill)
    program.start()
    return Process(program, f"http://127.0.0.1:{port}")


def _proxy(folder: Path, a: Process, b: Process, running: ExitStack) -> str:
    """Its address, once it knows of a process that answers."""
    url = f"http://127.0.0.1:{free_port()}"
    addresses = {"PROXY_LISTEN": url, "API_A": a.url, "API_B": b.url}
    environment = {**os.environ, **{name: address.removeprefix("http://") for name, address in addresses.items()}}
    program = Program("proxy", [found("haproxy"), "-f", str(PROXY)], folder, environment=environment)
    running.callback(program.stop)
    program.start()
    program.wait_until(lambda: Process(program, url).articles >= 0, READY_S)
    return url
