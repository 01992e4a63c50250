"""What the HTTP routes need of the service behind them: ``rag/runtime.py``, or in tests a small real class."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from index.records import ArticleDetail, ArticleSummary, IngestEvent, IngestRequest, Stats
from rag.admin_records import IndexOverview
from rag.drift_records import DriftReport
from rag.feedback_records import Feedback, FeedbackList, FeedbackRequest, UnansweredReport
from rag.records import Answer, Conversation, Event, Question, Readiness, SearchRequest, SearchResponse
from rag.settings import Settings


class Backend(Protocol):
    """Every method raises only the errors of ``rag/errors.py``."""

    @property
    def settings(self) -> Settings: ...

    async def answer(self, question: Question) -> Answer:
        """One finished turn, stored in its conversation."""
        ...

    def events(self, question: Question) -> AsyncIterator[Event]:
        """The same turn, step by step; ends with exactly one MessageEnd or StreamError."""
        ...

    async def keep_stopped(self, shown: Answer) -> Answer:
        """Stores a turn that was ended before its time as far as it was shown, in place of the whole where that is
        stored already. Returns what is stored now. Its ``events`` are closed."""
        ...

    async def search(self, request: SearchRequest) -> SearchResponse: ...

    async def articles(self) -> tuple[ArticleSummary, ...]:
        """All indexed articles, by path."""
        ...

    async def article(self, article_id: str) -> ArticleDetail:
        """Raises NotFoundError."""
        ...

    async def conversation(self, conversation_id: str) -> Conversation:
        """Raises NotFoundError."""
        ...

    async def delete_conversation(self, conversation_id: str) -> None:
        """Raises NotFoundError where nothing of it is stored; and nothing of it will be from then on."""
        ...

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        """Raises NotFoundError."""
        ...

    async def unanswered(self, weeks: int) -> UnansweredReport:
        """Raises InputError for a number of weeks out of range."""
        ...

    async def feedback(self, limit: int) -> FeedbackList: ...

    async def overview(self) -> IndexOverview: ...

    async def drift(self) -> DriftReport:
        """May take long the first time after an ingest."""
        ...

    async def stats(self) -> Stats: ...

    async def readiness(self) -> Readiness: ...

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """Synchronous and long: run it in a thread. Raises BusyError when another run is under way."""
        ...
