"""Stopping an answer that another process of the service is sending.

In: the id of a message, and who stops it. Out: whether some process has stopped it, or had before. All processes are
called at once, each replies; one that died meanwhile is not waited for longer than an answer takes to end. Where
processes share no memory, or it fails, nobody else is found.
"""

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import msgspec

from rag.errors import SharedMemoryGoneError
from rag.shared_memory import PREFIX, SharedMemory

REPLY_S = 6.0
"""Longer than ``PATIENCE_S`` of ``stops.py``."""
POLL_S = 0.02
RETRY_S = 1.0
_CHANNEL = f"{PREFIX}stop"
_YES, _NO = b"1", b"0"
_log = logging.getLogger(__name__)

StopHere = Callable[[str, str | None], Awaitable[bool]]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is called out."""

    message_id: str
    owner: str | None
    """None finds all."""
    reply_to: str


class StopCalls:
    """One per process."""

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared

    async def stop(self, message_id: str, owner: str | None) -> bool:
        """Returns once it is over."""
        call = Call(message_id=message_id, owner=owner, reply_to=f"{PREFIX}stopped:{uuid.uuid4().hex}")
        try:
            called = await self._shared.ask("PUBLISH", _CHANNEL, msgspec.json.encode(call))
            with anyio.move_on_after(REPLY_S):
                return await self._is_stopped(call.reply_to, called if isinstance(called, int) else 0)
        except SharedMemoryGoneError:
            pass
        return False

    @asynccontextmanager
    async def answering(self, stop_here: StopHere) -> AsyncIterator[None]:
        """While it is open, calls of other processes are heard."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._answer, stop_here)
            yield
            tasks.cancel_scope.cancel()

    async def _is_stopped(self, reply_to: str, called: int) -> bool:
        while True:
            replies = await self._shared.ask("LRANGE", reply_to, 0, -1)
            found = replies if isinstance(replies, list) else []
            if _YES in found or len(found) >= called:
                return _YES in found
            await anyio.sleep(POLL_S)

    async def _answer(self, stop_here: StopHere) -> None:
        while True:
            try:
                async with self._shared.listening(_CHANNEL) as messages, anyio.create_task_group() as tasks:
                    async for message in messages:
                        tasks.start_soon(self._reply, message, stop_here)
            except* SharedMemoryGoneError:
                await anyio.sleep(RETRY_S)

    async def _reply(self, message: bytes, stop_here: StopHere) -> None:
        try:
            call = msgspec.json.decode(message, type=Call)
            is_stopped = await stop_here(call.message_id, call.owner)
            await self._shared.ask("RPUSH", call.reply_to, _YES if is_stopped else _NO)
            await self._shared.ask("EXPIRE", call.reply_to, 60)
        except (msgspec.DecodeError, SharedMemoryGoneError):
            _log.info("a call to stop an answer could not be replied to")
