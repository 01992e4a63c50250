"""Where the work of a command is done: in the running service, or in this process.

In: settings. Out: an ``Engine`` with plain synchronous calls, open for one command. Refuses a data folder that another
process owns without serving it (BusyError).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from index.records import ArticleDetail, ArticleSummary, IngestEvent, IngestRequest, Stats
from rag.cli_output import report
from rag.drift_records import DriftReport
from rag.errors import KildeError
from rag.records import Answer, Event, Question, Readiness, SearchRequest, SearchResponse
from rag.settings import Settings


class Engine(Protocol):
    """What the commands call: ``rag.remote.Remote``, or ``rag.in_process.InProcess``."""

    def answer(self, question: Question) -> Answer: ...

    def events(self, question: Question) -> Iterator[Event]:
        """The turn step by step; ends with exactly one MessageEnd or StreamError."""
        ...

    def search(self, request: SearchRequest) -> SearchResponse: ...

    def articles(self) -> tuple[ArticleSummary, ...]: ...

    def article(self, article_id: str) -> ArticleDetail:
        """Raises NotFoundError."""
        ...

    def stats(self) -> Stats: ...

    def drift(self) -> DriftReport: ...

    def readiness(self) -> Readiness: ...

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]: ...


@contextmanager
def open_engine(settings: Settings, *, for_questions: bool = False) -> Iterator[Engine]:
    """The running service if there is one, else a runtime here; ``for_questions`` announces that a model is loaded."""
    from rag.owner import Owner, running_service

    address = running_service(settings.data_path)
    if address is not None:
        from rag.remote import Remote

        with Remote(address) as remote:
            yield remote
        return
    with Owner.acquire(settings.data_path):
        if for_questions:
            report("no service is running; loading the model here, `kilde serve` answers faster")
        from rag.in_process import InProcess
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
    place = settings.data_path if settings.database_url is None else "the database"
    return KildeError(
        f"Nothing has been ingested into {place} yet: run `kilde ingest PATH` first, "
        "or set KILDE_DATA_DIR to the folder of an index."
    )
