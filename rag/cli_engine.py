"""Where the work of a command is done: in the running service, or in this process.

In: settings. Out: an ``Engine`` with plain synchronous calls, open for one command. Refuses a data folder that another
process owns without serving it (BusyError).
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from index.records import ArticleSummary, IngestEvent, IngestRequest, Stats
from rag.api.backend import Backend
from rag.cli_output import report
from rag.errors import KildeError
from rag.owner import Owner, running_service
from rag.records import Answer, Event, Question, Readiness, SearchRequest, SearchResponse
from rag.settings import Settings

T = TypeVar("T")


class Engine(Protocol):
    """What the commands call. ``rag.remote.Remote`` and ``InProcess`` are such."""

    def answer(self, question: Question) -> Answer: ...

    def events(self, question: Question) -> Iterator[Event]:
        """The turn step by step; ends with exactly one MessageEnd or StreamError."""
        ...

    def search(self, request: SearchRequest) -> SearchResponse: ...

    def articles(self) -> tuple[ArticleSummary, ...]: ...

    def stats(self) -> Stats: ...

    def readiness(self) -> Readiness: ...

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]: ...


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

    def stats(self) -> Stats:
        return self._run(self._runtime.stats())

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


@contextmanager
def open_engine(settings: Settings, *, for_questions: bool = False) -> Iterator[Engine]:
    """The running service if there is one, else a runtime here; ``for_questions`` announces that a model is loaded."""
    address = running_service(settings.data_path)
    if address is not None:
        from rag.remote import Remote

        with Remote(address) as remote:
            yield remote
        return
    with Owner.acquire(settings.data_path):
        if for_questions:
            report("no service is running; loading the model here, `kilde serve` answers faster")
        from rag.runtime import open_runtime

        with InProcess(open_runtime(settings)) as engine:
            yield engine


@contextmanager
def open_reader(settings: Settings, *, for_questions: bool = False) -> Iterator[Engine]:
    """An engine with at least one article in it. Raises KildeError naming ``kilde ingest`` where there is none."""
    if settings.database_url is None and not settings.data_path.exists():
        raise _nothing_ingested(settings)
    with open_engine(settings, for_questions=for_questions) as engine:
        if engine.readiness().articles == 0:
            raise _nothing_ingested(settings)
        yield engine


def _nothing_ingested(settings: Settings) -> KildeError:
    return KildeError(
        f"Nothing has been ingested into {settings.data_path} yet: run `kilde ingest PATH` first, "
        "or set KILDE_DATA_DIR to the folder of an index."
    )


async def _result(task: "asyncio.Task[None]") -> None:
    await task
