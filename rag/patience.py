"""How long a turn waits for its LLM: seconds of waiting alone.

In: ``Deadlines``, and what the turn has waited already. Out: a clock for one request, which runs only while something
is waited for. What is done with what has come, such as verifying a sentence or sending it to a slow reader, is no
silence of the LLM. Raises TimeoutError where nothing is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

import anyio
import msgspec


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. A client's own defaults allow half an hour."""

    connect_s: float = 3.0
    first_s: float = 20.0
    """Until the first piece of text, a second try included."""
    gap_s: float = 15.0
    """Between pieces of text."""
    total_s: float = 120.0
    """Of a turn, however often the LLM is asked for it."""
    queue_s: float = 5.0
    """For a place among the requests that are made at once."""
    tail_s: float = 1.0
    """For all that follows the text: the token counts."""


class Patience:
    """Of one turn, for all of its requests together."""

    def __init__(self, limit_s: float = inf) -> None:
        """``limit_s``: where the turn has less time than the endpoint is given."""
        self.limit_s = limit_s
        self.spent_s = 0.0


class Clock:
    """Of the requests that are made for one text."""

    def __init__(self, deadlines: Deadlines, patience: Patience) -> None:
        self._deadlines = deadlines
        self._patience = patience
        self._total_s = min(deadlines.total_s, patience.limit_s)
        self._next_s = deadlines.first_s
        self._is_over = False

    def heard(self) -> None:
        """A piece of text has come."""
        if not self._is_over:
            self._next_s = self._deadlines.gap_s

    def over(self) -> None:
        """The text has come to its end; nothing that follows makes the tail longer."""
        if not self._is_over:
            self._is_over = True
            self._next_s = self._deadlines.tail_s

    @property
    def left_s(self) -> float:
        return max(0.0, min(self._next_s, self._total_s - self._patience.spent_s))

    @contextmanager
    def waiting(self, limit_s: float = inf) -> Iterator[None]:
        """Raises TimeoutError at the end of what is left, and at once where nothing is: bytes that are there already
        would be read without a look at the clock."""
        left_s = min(self.left_s, limit_s)
        if not left_s:
            raise TimeoutError
        began = anyio.current_time()
        try:
            with anyio.fail_after(left_s):
                yield
        finally:
            spent_s = anyio.current_time() - began
            self._next_s -= spent_s
            self._patience.spent_s += spent_s
