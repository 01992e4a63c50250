"""Leaves an endpoint alone for a while after it has failed several times in a row.

In: whether each request failed. Out: whether another one is worth making. While it is left alone, one request is let
through after each pause, to see whether it is back. Pure but for the clock.
"""

import time
from collections.abc import Callable

FAILURES = 5
PAUSE_S = 30.0


class Breaker:
    """One per endpoint."""

    def __init__(
        self, *, failures: int = FAILURES, pause_s: float = PAUSE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._clock = clock
        self._failed = 0
        self._tried = 0.0

    def may_try(self) -> bool:
        """Asking takes the one try that a pause ends with."""
        if self._failed < self._limit:
            return True
        if self._clock() - self._tried < self._pause_s:
            return False
        self._tried = self._clock()
        return True

    def failed(self) -> None:
        self._failed += 1
        self._tried = self._clock()

    def succeeded(self) -> None:
        self._failed = 0
