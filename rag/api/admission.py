"""How many answers are made at once: a fixed number, a bounded queue behind them, and a refusal for the rest.

In: nothing but the bounds. Out: a slot, held while the machine works for an answer; a stream that only waits for its
LLM or its reader gives it back early. While no more are taken, work begins once the event loop is at rest, so that a
crowd is told first that there is no room. Refuses with BusyError, at once, whoever would have to wait behind a full
queue, and whoever would be one stream too many.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

import anyio
import anyio.lowlevel

from rag.errors import BusyError
from rag.records import Event, MessageStart, PhaseStatus

AT_REST_S = 0.02
"""What a turn of the event loop takes at most where no crowd is at the door, also while answers are computed."""
LONGEST_UNREST_S = 0.2
BUSY = "Too many questions are being answered at this moment. Please try again shortly."


class Comer:
    """Whose request is there: until he asks for his place, or has been answered without one, as who is refused."""

    def __init__(self, admission: "Admission") -> None:
        self._admission = admission
        self._is_counted = self._is_over = False

    def comes(self) -> None:
        """Counts once, and not behind ``has_come``."""
        if not (self._is_counted or self._is_over):
            self._is_counted = True
            self._admission.coming += 1

    def has_come(self) -> None:
        if self._is_counted and not self._is_over:
            self._admission.coming -= 1
        self._is_over = True


COMER: ContextVar[Comer | None] = ContextVar("comer", default=None)
"""Whose request a task answers, where the server has counted him."""


class Slot:
    """Given back once, however often that is said."""

    def __init__(self, slots: anyio.Semaphore) -> None:
        self._slots: anyio.Semaphore | None = slots

    def release(self) -> None:
        if self._slots is not None:
            self._slots.release()
            self._slots = None

    def release_after(self, event: Event) -> None:
        """Where a turn tells more than that it searches, all has been found and composed."""
        if not isinstance(event, MessageStart) and event != PhaseStatus(phase="searching"):
            self.release()


class Admission:
    """A slot is given in the order of asking, and returned also when its holder is cancelled."""

    def __init__(self, *, running: int, waiting: int, streams: int) -> None:
        self._slots = anyio.Semaphore(running, max_value=running)
        self._running = running
        self._waiting_limit = waiting
        self._waiting = 0
        self._streams_limit = streams
        self._streams = 0
        self.coming = 0
        """How many are there who have not asked for their place yet."""

    @property
    def is_full(self) -> bool:
        """Whether the next one would be refused."""
        return self._room <= 0

    @property
    def will_be_full(self) -> bool:
        """Whether all room is for those who are coming."""
        return self._room <= self.coming

    @property
    def running(self) -> int:
        return self._running - self._slots.value

    @property
    def waiting(self) -> int:
        return self._waiting

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Slot]:
        if (comer := COMER.get()) is not None:
            comer.has_come()
        if self.is_full:
            raise BusyError(BUSY)
        self._streams += 1
        try:
            await self._acquire()
            slot = Slot(self._slots)
            try:
                await self._rest()
                yield slot
            finally:
                slot.release()
        finally:
            self._streams -= 1

    @property
    def _room(self) -> int:
        return min(self._slots.value + self._waiting_limit - self._waiting, self._streams_limit - self._streams)

    async def _acquire(self) -> None:
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            self._waiting += 1
            try:
                await self._slots.acquire()
            finally:
                self._waiting -= 1

    async def _rest(self) -> None:
        began = before = anyio.current_time()
        while self.is_full:
            await anyio.lowlevel.checkpoint()
            now = anyio.current_time()
            if now - before < AT_REST_S or now - began > LONGEST_UNREST_S:
                return
            before = now
