"""What a running service holds, seen from outside.

In: its process id. Out: memory, open files, and whether it has ended. Knows Linux alone.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_HELD = re.compile(r"VmRSS:\s*(\d+) kB")


def memory_mb(pid: int) -> float:
    """0 once it has ended."""
    try:
        found = _HELD.search(Path(f"/proc/{pid}/status").read_text("ascii", errors="ignore"))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def handles(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def connections(pid: int) -> int:
    """Sockets, those that listen among them; of the other handles a service may keep more than before."""
    found = 0
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += handle.readlink().name.startswith("socket:")
    return found


def seconds_until(reached: Callable[[], bool], within_s: float) -> float:
    """``within_s`` where it is not reached in that time."""
    began = time.monotonic()
    while not reached() and time.monotonic() - began < within_s:
        time.sleep(0.02)
    return min(within_s, time.monotonic() - began)
