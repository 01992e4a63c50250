"""A runtime of this process behind plain synchronous calls, for commands that find no service running.

In: an open runtime. Out: an ``InProcess``, the same calls without ``await``, all on one event loop; closed with it.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, Protocol, TypeVar

from index.records import ArticleDetail, ArticleSummary, IngestEvent, IngestRequest, Stats
from rag.api.backend import Backend
from rag.drift_records import DriftReport
from rag.records import Answer, Event, Question, Readiness, SearchRequest, SearchResponse

T = TypeVar("T")


class Runtime(Backend, Protocol):
    """A backend that this process has opened, and closes."""

    def close(self) -> None: ...


class InProcess:
    """A runtime of this process behind synchronous calls, all on one event loop; a context manager."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._runner = asyncio.Runner()

    def answer(self, question: Question) -> Answer:
        return self._run(self._runtime.answer(question))

    def events(self, question: Question) -> Iterator[Event]:
        steps: asyncio.Queue[Event | None] = asyncio.Queue()

        # One task runs the whole turn, because cancel scopes inside it must be left in the task that entered them.
        async def turn() -> None:
            try:
                async for event in self._runtime.events(question):
                    steps.put_nowait(event)
            finally:
                steps.put_nowait(None)

        task = self._runner.get_loop().create_task(turn())
        try:
            while (event := self._run(steps.get())) is not None:
                yield event
            self._run(_result(task))
        finally:
            if not task.done():
                task.cancel()
                self._run(asyncio.wait({task}))

    def search(self, request: SearchRequest) -> SearchResponse:
        return self._run(self._runtime.search(request))

    def articles(self) -> tuple[ArticleSummary, ...]:
        return self._run(self._runtime.articles())

    def article(self, article_id: str) -> ArticleDetail:
        return self._run(self._runtime.article(article_id))

    def stats(self) -> Stats:
        return self._run(self._runtime.stats())

    def drift(self) -> DriftReport:
        return self._run(self._runtime.drift())

    def readiness(self) -> Readiness:
        return self._run(self._runtime.readiness())

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        return self._runtime.ingest(request)

    def __enter__(self) -> "InProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()
        self._runtime.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)


async def _result(task: "asyncio.Task[None]") -> None:
    await task
