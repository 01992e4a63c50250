"""A response that is sent piece by piece, and that always comes to an end.

In: a producer, which is given ``write`` and calls it with whole pieces (a server-sent event, a line of JSON).
Out: those pieces as one HTTP response; a keep-alive while nothing else is sent; one last piece when the producer fails
after the first piece or the service stops. A failure before the first piece is raised, so that it becomes an ordinary
error response. When the client goes, the producer is cancelled.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import msgspec
from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from rag.api.closing import Closing
from rag.errors import BusyError

SEND_S = 30.0
"""A client that takes nothing for so long is gone."""

Write = Callable[[bytes], Coroutine[Any, Any, None]]
Produce = Callable[[Write], Awaitable[None]]


class Piecewise(msgspec.Struct, frozen=True, kw_only=True):
    """What makes one stream."""

    produce: Produce
    last_words: Callable[[Exception], bytes]
    """The last piece for a stream that broke off because of this exception."""
    media_type: str
    closing: Closing
    keep_alive: bytes = b""
    keep_alive_s: float = 15.0


class StreamResponse(Response[Any]):
    """What a route returns in place of a whole body."""

    def __init__(self, stream: Piecewise) -> None:
        super().__init__(None)
        self.stream = stream

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **_options: Any
    ) -> ASGIResponse:  # the options are defaults for whole bodies
        return _StreamASGI(self.stream)


class _StreamASGI(ASGIResponse):
    def __init__(self, stream: Piecewise) -> None:
        super().__init__()
        self.stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _Run(self.stream, receive, send).run()


class _Run:
    def __init__(self, stream: Piecewise, receive: Receive, send: Send) -> None:
        self.stream = stream
        self.receive = receive
        self.send = send
        self.started = False
        self.gone = False
        self.last_write = anyio.current_time()
        self.sending = anyio.Lock()

    async def run(self) -> None:
        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_client, tasks.cancel_scope)
            tasks.start_soon(self._keep_alive)
            failure = await self._produce()
            tasks.cancel_scope.cancel()
        if not self.gone:
            await self._end(failure)

    async def _produce(self) -> Exception | None:
        with self.stream.closing.may_end() as scope:
            try:
                await self.stream.produce(self._write)
            except Exception as exc:
                return exc
        return BusyError("The service is being restarted. Please ask again.") if scope.cancelled_caught else None

    async def _end(self, failure: Exception | None) -> None:
        if failure is not None:
            if not self.started:
                raise failure
            await self._write(self.stream.last_words(failure))
        await self._write(b"", more=False)

    async def _write(self, piece: bytes, *, more: bool = True) -> None:
        with anyio.CancelScope(shield=True, deadline=anyio.current_time() + SEND_S) as patience:
            async with self.sending:
                if not self.started:
                    self.started = True
                    await self.send({"type": "http.response.start", "status": 200, "headers": self._headers()})
                await self.send({"type": "http.response.body", "body": piece, "more_body": more})
                self.last_write = anyio.current_time()
        if patience.cancelled_caught:
            raise TimeoutError("The client takes nothing any more.")

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [
            (b"content-type", self.stream.media_type.encode()),
            (b"cache-control", b"no-cache"),
            (b"x-accel-buffering", b"no"),
        ]

    async def _watch_client(self, scope: anyio.CancelScope) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        scope.cancel()

    async def _keep_alive(self) -> None:
        while self.stream.keep_alive:
            pause = self.last_write + self.stream.keep_alive_s - anyio.current_time()
            if pause > 0:
                await anyio.sleep(pause)
            else:
                await self._write(self.stream.keep_alive)
