"""The turns that are being streamed, how one of them is stopped, whichever process of the service sends it, and which
conversations they begin.

In: a turn, and the ids that it is known by once it has begun. Out: a scope that is cancelled when someone stops the
turn; the turn that a conversation begins with, which is not stored yet. Refuses to stop a message that is not being
sent, or to another, with NotFoundError.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import anyio
from litestar import Litestar

from rag.api.stop_calls import StopCalls
from rag.errors import NotFoundError

PATIENCE_S = 5.0
REMEMBERED = 1_000
"""Stopped messages, so that a request to stop that is sent twice finds it done."""


class StoppableTurn:
    """One turn that is being streamed; what runs in ``scope`` is cancelled when it is stopped."""

    def __init__(self, running: "dict[str, StoppableTurn]", owner: str) -> None:
        self.owner = owner
        self.scope = anyio.CancelScope()
        self.over = anyio.Event()
        self.begins: str | None = None
        """The conversation whose first turn it is."""
        self.is_finished = False
        self._running = running
        self._message_id: str | None = None

    @property
    def was_cut(self) -> bool:
        return self.scope.cancel_called and not self.is_finished

    def begin(self, message_id: str, *, begins: str | None) -> None:
        """From now on it can be stopped by this id, and what it ``begins`` be forgotten."""
        self.begins = begins
        self._message_id = message_id
        self._running[message_id] = self

    def finish(self) -> None:
        """Its last event was sent; who stops it now comes too late."""
        self.is_finished = True

    async def stop(self) -> None:
        """Returns when it is over, or its reader takes nothing any more."""
        self.scope.cancel()
        with anyio.move_on_after(PATIENCE_S):
            await self.over.wait()

    def end(self) -> None:
        if self._message_id is not None:
            del self._running[self._message_id]
        self.over.set()


class Stops:
    """One per app."""

    def __init__(self, calls: StopCalls | None = None) -> None:
        """``calls``: to the other processes, where there are any."""
        self._calls = calls
        self._running: dict[str, StoppableTurn] = {}
        self._stopped: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)

    @contextmanager
    def turn(self, owner: str) -> Iterator[StoppableTurn]:
        turn = StoppableTurn(self._running, owner)
        try:
            yield turn
        finally:
            turn.end()

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """While the app runs, other processes can stop what it sends."""
        if self._calls is None:
            yield
            return
        async with self._calls.answering(self.stop_here):
            yield

    def first_turn(self, conversation_id: str, owner: str | None) -> StoppableTurn | None:
        """The turn that the conversation begins with, while it is at work and theirs; ``owner`` None finds all."""
        latest = reversed(self._running.values())
        return next((one for one in latest if one.begins == conversation_id and owner in (None, one.owner)), None)

    async def stop(self, message_id: str, owner: str | None) -> None:
        """``owner``: who stops it; None finds all. Returns when the turn is over, or its reader takes nothing any more.

        Raises NotFoundError.
        """
        if await self.stop_here(message_id, owner):
            return
        if self._calls is None or not await self._calls.stop(message_id, owner):
            raise NotFoundError(f"No answer with the id {message_id!r} is being sent.", "message_id")

    async def stop_here(self, message_id: str, owner: str | None) -> bool:
        """Whether this process sends or has sent it, to them."""
        turn = self._running.get(message_id)
        if turn is None or owner not in (None, turn.owner):
            return any(message_id == stopped and owner in (None, whose) for stopped, whose in self._stopped)
        self._stopped.append((message_id, turn.owner))
        await turn.stop()
        return True
