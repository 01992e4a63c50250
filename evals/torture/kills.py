"""A child process that is killed with SIGKILL, with all processes that it started: at a marker, or at a moment.

In: a module with its arguments. Out: whether the kill came before the end. Raises RuntimeError for a child that ends
with an error of its own.
"""

import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from os import killpg
from pathlib import Path

PATIENCE_S = 600.0


def run(module: str, *args: str, log: Path, after_s: float | None = None) -> bool:
    """Whether it was killed: after so many seconds, or by itself."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *args],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE_S if after_s is None else after_s)
    was_running = process.poll() is None
    if was_running:  # else its number may be another's by now
        killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode not in (0, -signal.SIGKILL) or (was_running and after_s is None):
        raise RuntimeError(f"{module} ended with {process.returncode}: {log.read_text('utf-8')[-2000:]}")
    return process.returncode != 0


def turns_of(markers: Sequence[str]) -> list[str]:
    """The markers of a run, one of each kind by turns: the first of every kind, then the second, and so on."""
    return sorted(markers, key=lambda marker: (int(marker.rpartition(" ")[2]), marker.rpartition(" ")[0]))
