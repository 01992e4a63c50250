"""``kilde mcp``: the tools of ``rag/mcp_tools.py`` over stdin and stdout, for a program on this machine.

In: settings. Out: nothing but the protocol on stdout, until stdin ends. Refuses what every command that reads refuses.
"""

from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from index.records import ArticleDetail
from rag.cli_engine import Engine, open_reader
from rag.mcp_server import serve_stdio
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.settings import Settings

T = TypeVar("T")


def serve_tools(settings: Settings) -> None:
    """Blocks until the program at the other end is done."""
    from rag.owner import running_service

    with open_reader(settings, for_questions=True) as engine:
        service = running_service(settings.data_path)
        anyio.run(_serve, engine, service.url if service else None)


async def _serve(engine: Engine, service: str | None) -> None:
    await serve_stdio(_OneAtATime(engine), service)


class _OneAtATime:
    """An engine from an event loop: its calls block, and must not overlap."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._one = CapacityLimiter(1)

    async def answer(self, question: Question) -> Answer:
        return await self._in_turn(lambda: self._engine.answer(question))

    async def search(self, request: SearchRequest) -> SearchResponse:
        return await self._in_turn(lambda: self._engine.search(request))

    async def article(self, article_id: str) -> ArticleDetail:
        return await self._in_turn(lambda: self._engine.article(article_id))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._one)
