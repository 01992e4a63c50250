"""How many answers are made at once: a fixed number, a bounded queue behind them, and a refusal for the rest.

In: nothing but the two bounds. Out: a slot, held while an answer is made. Refuses with BusyError, at once, whoever
would have to wait behind a full queue.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from rag.errors import BusyError


class Admission:
    """A slot is given in the order of asking, and returned also when its holder is cancelled."""

    def __init__(self, *, running: int, waiting: int) -> None:
        self._slots = anyio.Semaphore(running, max_value=running)
        self._running = running
        self._waiting_limit = waiting
        self._waiting = 0

    @property
    def running(self) -> int:
        return self._running - self._slots.value

    @property
    def waiting(self) -> int:
        return self._waiting

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        await self._acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def _acquire(self) -> None:
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait()

    async def _wait(self) -> None:
        if self._waiting >= self._waiting_limit:
            raise BusyError("Too many questions are being answered at this moment. Please try again shortly.")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
