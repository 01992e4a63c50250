"""The end of the service: it says so, running streams get a moment to finish, then are ended.

In: the cancel scope of every running stream. Out: that it is draining, and later a deadline on each of them.
Refuses nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import anyio


class Closing:
    """One per app; told to begin by the server, once."""

    def __init__(self) -> None:
        self._running: set[anyio.CancelScope] = set()
        self._deadline: float | None = None
        self.is_draining = False
        """Whoever can send requests elsewhere should; those that come are answered."""

    def announce(self) -> None:
        self.is_draining = True

    def begin(self, grace_s: float) -> None:
        """Ends every stream that still runs ``grace_s`` seconds from now, and those that start meanwhile with them."""
        self.announce()
        self._deadline = anyio.current_time() + grace_s
        for scope in self._running:
            scope.deadline = self._deadline

    @contextmanager
    def may_end(self) -> Iterator[anyio.CancelScope]:
        """A scope that is cancelled when the service has no more time for what runs in it."""
        with anyio.CancelScope() as scope:
            if self._deadline is not None:
                scope.deadline = self._deadline
            self._running.add(scope)
            try:
                yield scope
            finally:
                self._running.discard(scope)
