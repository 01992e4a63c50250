"""A service of Kilde's own as a process: started loudly, asked, stopped or killed.

In: a data folder, and what else it is to know. Out: its address once it is ready, and all that it printed. Raises where
it does not get ready.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx

from evals.benchmarks.machine import kilde_environment

COMMAND = (sys.executable, "-m", "evals.torture.loud")
READY = re.compile(rb"ready at (http://\S+)")


class Started:
    """A running service; a context manager that stops it."""

    def __init__(
        self,
        data_dir: Path,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.data_dir = data_dir
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the service
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, "serve", "--host", "127.0.0.1", "--port", "0", *options],
            env={**kilde_environment(data_dir), "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = self._wait(began)
        self.ready_s = time.perf_counter() - began
        self.client = httpx.Client(base_url=self.url, timeout=120, trust_env=False)

    @property
    def printed(self) -> bytes:
        """On stdout and stderr, so far."""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        self.client.close()
        self._process.send_signal(how)
        return self._process.wait(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.is_running:
            self.stop()
        self._log.close()

    def _wait(self, began: float) -> str:
        while time.perf_counter() - began < 600:
            if found := READY.search(self.printed):
                return found[1].decode()
            if not self.is_running:
                break
            time.sleep(0.02)
        self._process.kill()
        self._process.wait()
        told = self.printed.decode(errors="replace")[-2000:]
        self._log.close()
        raise RuntimeError(f"the service did not get ready: {told}")
