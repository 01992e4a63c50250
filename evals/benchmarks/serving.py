"""Kilde's own command on a data folder, and the service that it starts there.

In: a data folder. Out: what a command printed, or the address of a running service, stopped in the end. Raises where
the command fails or the service does not get ready.
"""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import msgspec

from evals.benchmarks.machine import KILDE, kilde_environment


class Service(msgspec.Struct, frozen=True):
    """A running ``kilde serve``."""

    url: str
    pid: int
    ready_s: float


@contextmanager
def served(data_dir: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Service]:
    """``settings``: environment variables beside those of every benchmark."""
    began = time.perf_counter()
    command = [KILDE, "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        command, env=kilde_environment(data_dir, settings), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            ready = next((found for line in process.stdout if (found := re.search(r"http://\S+", line))), None)
            if ready is None:
                raise RuntimeError("kilde serve ended before it was ready")
            yield Service(ready[0], process.pid, time.perf_counter() - began)
        finally:
            process.terminate()


def kilde(data_dir: Path, *args: str) -> str:
    environment = kilde_environment(data_dir)
    return subprocess.run([KILDE, *args], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
