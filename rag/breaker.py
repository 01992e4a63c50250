"""Leaves an endpoint alone for a while: after it has failed several times in a row, or where it asks for it.

In: what became of each request. Out: whether another one is worth making. While it is left alone, one request is let
through after each pause, to see whether it is back. Pure but for the clock.
"""

import time
from collections.abc import Callable
from math import inf

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
        self._rests_until = -inf

    def may_try(self) -> bool:
        """Asking takes the one try that a pause ends with; ``left`` gives it back."""
        if self._clock() < self._rests_until:
            return False
        if self._failed < self._limit:
            return True
        if self._clock() - self._tried < self._pause_s:
            return False
        self._tried = self._clock()
        return True

    def failed(self) -> None:
        self._failed += 1
        self._tried = self._clock()

    def heard(self) -> None:
        """It replies: others may try too, until it fails once more."""
        self._failed = min(self._failed, self._limit - 1)

    def succeeded(self) -> None:
        self._failed = 0

    def left(self) -> None:
        """Nobody waited to see what becomes of the request."""
        self._tried = self._clock() - self._pause_s

    def rest(self, seconds: float) -> None:
        """It asks to be left alone for so long."""
        self._rests_until = self._clock() + seconds
