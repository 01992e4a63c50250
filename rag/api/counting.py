"""How often something happened of late, and how long to wait for the next time.

In: a name (a visitor, a site) and a rate. Out: 0 where there is room, which is then taken, else seconds to wait; what
is refused is not counted. Those of one process are bounded: the ones idle for longest are forgotten first.

The window slides: of the period before this one, only the part that still lies within one period's length of now
counts, as if it had been spread evenly. Two numbers per name do for that.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import msgspec

from rag.rates import Rate

NAMES = 50_000


class Counters(Protocol):
    """Where it is counted: in this process (``MemoryCounters``) or for several (``rag/api/shared_counting.py``)."""

    async def take(self, name: str, rate: Rate) -> float:
        """Counts one if ``rate`` has room for it and returns 0, else seconds until it has."""
        ...


class _Window(msgspec.Struct):
    period: int
    """Number of the period that ``count`` is of."""
    count: int = 0
    before: int = 0
    """Of the period before it."""


class MemoryCounters:
    """For one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = NAMES) -> None:
        self._clock = clock
        self._most = most
        self._windows: OrderedDict[tuple[str, Rate], _Window] = OrderedDict()

    async def take(self, name: str, rate: Rate) -> float:
        period, passed = divmod(self._clock() / rate.period_s, 1)
        window = self._window((name, rate), int(period))
        wait = wait_for(rate.times, window.count, window.before, passed)
        if wait == 0:
            window.count += 1
        return wait * rate.period_s

    def __len__(self) -> int:
        return len(self._windows)

    def _window(self, key: tuple[str, Rate], period: int) -> _Window:
        window = self._windows.pop(key, None) or _Window(period)
        if window.period != period:
            before = window.count if window.period == period - 1 else 0
            window = _Window(period, before=before)
        self._windows[key] = window
        if len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return window


def wait_for(times: int, count: int, before: int, passed: float) -> float:
    """Periods to wait; ``passed``: the part of this period that is over, from 0 to 1. Pure."""
    room = times - 1 - count
    if before * (1 - passed) <= room:
        return 0.0
    if room >= 0:
        return 1 - room / before - passed
    return (1 - passed) + 1 - (times - 1) / count
