"""What readers say of answers, and the questions that were not answered; in SQLite or PostgreSQL.

In: the message that is judged, and the judgement. Out: what was kept of it; for editors all judgements, and, for lists
and evaluation, every question that got ``not_found`` or whose answer got a thumbs-down. There nothing personal is left:
texts are redacted, ids are only keyed hashes. Refuses an unknown message with NotFoundError. Deleting a conversation
deletes all of it, because the questions are read from its turns, and redacted on their way out. A comment is redacted
before it is stored.
"""

from datetime import UTC, datetime
from typing import Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from index.database import writer
from rag.erasing import scrub
from rag.errors import no_message
from rag.feedback_records import (
    Feedback,
    FeedbackList,
    FeedbackRequest,
    GivenFeedback,
    NearArticle,
    Rating,
    Reason,
    UnansweredQuestion,
)
from rag.pseudonyms import Pseudonyms
from rag.records import Answer, Source
from rag.redaction import redact
from rag.tables import feedback, messages, open_tables

TURNS = 10
"""Turns before a question that are given with it."""


class FeedbackStore:
    """Any number of threads. Also for a command beside a running service:

    ``FeedbackStore.open(settings.conversations_url, Pseudonyms.open(settings.data_path))``
    """

    def __init__(self, engine: sa.Engine, pseudonyms: Pseudonyms) -> None:
        self._engine = engine
        self._pseudonyms = pseudonyms

    @classmethod
    def open(cls, url: str, pseudonyms: Pseudonyms) -> Self:
        """Brings the tables up to date first. Raises ConfigurationError where the database cannot be used."""
        return cls(open_tables(url), pseudonyms)

    def close(self) -> None:
        self._engine.dispose()

    def give(self, message_id: str, request: FeedbackRequest) -> Feedback:
        """What is kept from now on: in the place of what was given before; nothing for a null rating."""
        given = Feedback(
            message_id=message_id,
            rating=request.rating,
            reason=request.reason if request.rating else None,
            # PostgreSQL keeps no NUL in a text.
            comment=redact(request.comment.replace("\0", "")) if request.rating else "",
        )
        try:
            with writer(self._engine).begin() as connection:
                self._replace(connection, given)
        except sa.exc.IntegrityError as exc:
            raise no_message(message_id) from exc  # Its conversation was deleted in this very moment.
        if given.rating is None:
            scrub(self._engine)
        return given

    def unanswered(self, since: str = "", limit: int | None = None) -> tuple[UnansweredQuestion, ...]:
        """Oldest first. ``since``: ISO 8601, UTC, a date or to the second. ``limit`` keeps the newest ones."""
        query = (
            sa.select(messages.c.place, messages.c.asked_at, messages.c.answer, feedback)
            .join_from(messages, feedback, feedback.c.message_id == messages.c.message_id, isouter=True)
            .where(_is_unanswered(since))
            .order_by(messages.c.place.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            return tuple(self._question(connection, row) for row in reversed(rows))

    def given(self, limit: int) -> FeedbackList:
        """The newest first; at most ``limit``, of which there may be more."""
        query = (
            sa.select(messages.c.answer, feedback)
            .join_from(feedback, messages, feedback.c.message_id == messages.c.message_id)
            .order_by(feedback.c.given_at.desc(), messages.c.place.desc())
            .limit(limit)
        )
        with self._engine.connect() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(feedback)).scalar_one()
            return FeedbackList(total=total, feedback=tuple(self._given(row) for row in connection.execute(query)))

    def count_unanswered(self, since: str = "") -> int:
        """As many as ``unanswered`` gives without a limit."""
        query = (
            sa.select(sa.func.count())
            .select_from(messages.join(feedback, feedback.c.message_id == messages.c.message_id, isouter=True))
            .where(_is_unanswered(since))
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def _replace(self, connection: sa.Connection, given: Feedback) -> None:
        conversation_id = connection.scalar(
            sa.select(messages.c.conversation_id).where(messages.c.message_id == given.message_id)
        )
        if conversation_id is None:
            raise no_message(given.message_id)
        if given.rating is None:
            connection.execute(sa.delete(feedback).where(feedback.c.message_id == given.message_id))
            return
        values = {
            "rating": given.rating,
            "reason": given.reason,
            "comment": given.comment,
            "given_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        row = {"message_id": given.message_id, "conversation_id": conversation_id}
        connection.execute(
            insert(feedback).values(row | values).on_conflict_do_update(index_elements=["message_id"], set_=values)
        )

    def _given(self, row: "sa.Row[tuple[object, ...]]") -> GivenFeedback:
        answer = msgspec.json.decode(row.answer, type=Answer)
        return GivenFeedback(
            message=self._pseudonyms.of("message", answer.message_id),
            given_at=row.given_at,
            lang=answer.lang,
            question=redact(answer.question),
            status=answer.status,
            rating=msgspec.convert(row.rating, Rating),
            reason=msgspec.convert(row.reason, Reason | None),
            comment=row.comment,
            sources=tuple(_near(source) for source in (*answer.sources, *answer.nearest)),
        )

    def _question(self, connection: sa.Connection, row: "sa.Row[tuple[object, ...]]") -> UnansweredQuestion:
        answer = msgspec.json.decode(row.answer, type=Answer)
        return UnansweredQuestion(
            question_id=self._pseudonyms.of("message", answer.message_id),
            asker=self._pseudonyms.of("conversation", answer.conversation_id),
            asked_at=row.asked_at,
            lang=answer.lang,
            question=redact(answer.question),
            standalone_question=redact(answer.standalone_question),
            turns=tuple(redact(text) for text in _asked_before(connection, answer.conversation_id, row.place)),
            status=answer.status,
            rating=msgspec.convert(row.rating, Rating | None),
            reason=msgspec.convert(row.reason, Reason | None),
            comment=row.comment or "",
            nearest=tuple(source.article_id for source in (*answer.sources, *answer.nearest)),
        )


def _near(source: Source) -> NearArticle:
    return NearArticle(
        article_id=source.article_id, path=source.path, title=source.title, lang=source.lang, url=source.url
    )


class _Asked(msgspec.Struct, frozen=True):
    question: str


def _asked_before(connection: sa.Connection, conversation_id: str, place: int) -> list[str]:
    query = (
        sa.select(messages.c.answer)
        .where(messages.c.conversation_id == conversation_id, messages.c.place < place)
        .order_by(messages.c.place.desc())
        .limit(TURNS)
    )
    newest_first = [msgspec.json.decode(text, type=_Asked).question for text in connection.scalars(query)]
    return newest_first[::-1]


def _is_unanswered(since: str) -> sa.ColumnElement[bool]:
    return sa.and_(messages.c.asked_at >= since, sa.or_(messages.c.status == "not_found", feedback.c.rating == "down"))
