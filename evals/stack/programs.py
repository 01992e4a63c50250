"""A program that runs beside this one: started, waited for, stopped or killed.

In: a command, a folder, and what tells that it is up. Out: a running process, whose output lies in the folder. Raises
RuntimeError, with the end of that output, for a program that ends or does not get up.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

STOP_S = 60


class Program:
    """``stop`` it in the end; it may be started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self._command, self._folder = command, folder
        self._environment, self._user = environment, user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._user,
                extra_groups=() if self._user else None,
            )

    def wait_until(self, is_up: Callable[[], bool], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while not is_up():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} is not up: {self.said()[-2000:]}")
            time.sleep(0.02)

    def finish(self, within_s: float) -> None:
        """Waits for a program that ends by itself."""
        assert self._process is not None
        if self._process.wait(within_s):
            raise RuntimeError(f"{self.name} failed: {self.said()[-2000:]}")

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Does nothing to one that does not run."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
