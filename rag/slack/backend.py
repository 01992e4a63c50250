"""What the bot needs of the service behind it: ``rag/runtime.py``, or a running service (``rag/served.py``)."""

from collections.abc import AsyncIterator
from typing import Protocol

from index.records import ArticleDetail, ArticleSummary
from rag.feedback_records import Feedback, FeedbackRequest
from rag.records import Conversation, Event, Question


class Answers(Protocol):
    """Every method raises only the errors of ``rag/errors.py``."""

    def events(self, question: Question) -> AsyncIterator[Event]:
        """A turn, step by step; ends with exactly one MessageEnd or StreamError."""
        ...

    async def articles(self) -> tuple[ArticleSummary, ...]: ...

    async def article(self, article_id: str) -> ArticleDetail: ...

    async def conversation(self, conversation_id: str) -> Conversation: ...

    async def delete_conversation(self, conversation_id: str) -> None: ...

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback: ...
