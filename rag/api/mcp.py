"""``/mcp``: the tools of ``rag/mcp_tools.py`` over the Model Context Protocol's streamable HTTP.

In: a POST request of that protocol. Out: its reply as JSON. Refuses other methods (there is no stream to listen to and
no session to end), names of this machine that are not known (``KILDE_MCP_HOSTS``), and questions while too many answers
are being made.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskGroup
from litestar import Litestar, asgi
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from index.records import ArticleDetail
from rag.api.wiring import Wiring
from rag.errors import BusyError
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.mcp_server import Handle

_THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")
_ANY_ADDRESS = ("0.0.0.0", "::", "")


class Mcp:
    """The endpoint of one app; it takes requests while its lifespan lasts."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._handle: Handle | None = None

    def lifespan(self, _app: Litestar) -> AbstractAsyncContextManager[None]:
        return self._run()

    def route(self) -> ASGIRouteHandler:
        @asgi("/mcp", copy_scope=True)
        async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
            if self._handle is None:
                raise NotFoundException
            if scope.get("method") != "POST":
                raise MethodNotAllowedException(headers={"Allow": "POST"})
            with self._wiring.closing.may_end() as time_left:
                await _while_connected(self._handle, scope, receive, send)
            if time_left.cancelled_caught:
                raise BusyError("The service is being restarted. Please ask again.")

        return mcp

    @asynccontextmanager
    async def _run(self) -> AsyncIterator[None]:
        from rag.mcp_server import http_endpoint

        async with http_endpoint(_Admitted(self._wiring), hosts(self._wiring.backend.settings)) as handle:
            self._handle = handle
            try:
                yield
            finally:
                self._handle = None


class _Admitted:
    """The library behind the same slots as every other route."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    async def answer(self, question: Question) -> Answer:
        async with self._wiring.admission.slot():
            return await self._wiring.backend.answer(question)

    async def search(self, request: SearchRequest) -> SearchResponse:
        async with self._wiring.admission.slot():
            return await self._wiring.backend.search(request)

    async def article(self, article_id: str) -> ArticleDetail:
        return await self._wiring.backend.article(article_id)


async def _while_connected(handle: "Handle", scope: Scope, receive: Receive, send: Send) -> None:
    """A client that goes ends what it asked for; the protocol's own code would finish it."""
    has_asked = anyio.Event()

    async def receive_request() -> Any:
        message = await receive()
        if not message.get("more_body", False):
            has_asked.set()
        return message

    async def watch(tasks: TaskGroup) -> None:
        await has_asked.wait()
        while (await receive())["type"] != "http.disconnect":
            pass
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(watch, tasks)
        await handle(scope, receive_request, send)
        tasks.cancel_scope.cancel()


def hosts(settings: Settings) -> tuple[str, ...]:
    """The names under which this service may be spoken to."""
    named = [name.strip() for name in (settings.mcp_hosts or "").split(",")]
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    listening = () if settings.host in _ANY_ADDRESS else (own,)
    return tuple(dict.fromkeys([*_THIS_MACHINE, *listening, *filter(None, named)]))
