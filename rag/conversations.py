"""Conversations and their turns, in SQLite or PostgreSQL.

In: finished answers. Out: the turns of a conversation, oldest first, exactly as they were given. Refuses nothing: an
unknown conversation has no turns, and whether that is an error is for the caller to say.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from index.database import writer
from rag.erasing import erase_conversations, older_than, scrub, was_erased
from rag.records import Answer, Conversation
from rag.stopped import as_shown
from rag.tables import conversations, messages, open_tables


class Conversations:
    """The stored turns. One instance serves all threads of a process."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._is_scrubbed = True

    @classmethod
    def open(cls, url: str) -> Self:
        """Brings the tables up to date first. Raises ConfigurationError where the database cannot be used."""
        return cls(open_tables(url))

    def append(self, answer: Answer) -> None:
        """Adds a turn, and its conversation with the first one. A message that is there already stays as it is; a turn
        that was at work while its conversation was erased is dropped. Who stopped the turn before and asks the same
        again has this one in its place."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        conversation = {"conversation_id": answer.conversation_id, "created_at": now}
        message = {
            "message_id": answer.message_id,
            "conversation_id": answer.conversation_id,
            "answer": msgspec.json.encode(answer).decode(),
            "asked_at": now,
            "status": answer.status,
        }
        with writer(self._engine).begin() as connection:
            connection.execute(self._held(conversation))
            if was_erased(connection, answer.conversation_id):
                connection.rollback()
                return
            self._remove_stopped(answer, connection)
            connection.execute(self._insert(messages).on_conflict_do_nothing(), message)

    def replace(self, answer: Answer) -> None:
        """The answer of a message that is there; nothing for one that is not."""
        stored = sa.update(messages).where(messages.c.message_id == answer.message_id)
        with writer(self._engine).begin() as connection:
            connection.execute(stored, {"answer": msgspec.json.encode(answer).decode(), "status": answer.status})

    def keep_stopped(self, shown: Answer) -> Answer:
        """The turn as far as it was shown, in place of the whole where that is there; returns what is stored now."""
        query = sa.select(messages.c.answer).where(messages.c.message_id == shown.message_id)
        with self._engine.connect() as connection:
            whole = connection.scalar(query)
        if whole is None:
            self.append(shown)
            return shown
        kept = as_shown(shown, msgspec.json.decode(whole, type=Answer))
        self.replace(kept)
        return kept

    def turns(self, conversation_id: str) -> tuple[Answer, ...]:
        """Oldest first; empty for an unknown conversation."""
        query = (
            sa.select(messages.c.answer).where(messages.c.conversation_id == conversation_id).order_by(messages.c.place)
        )
        with self._engine.connect() as connection:
            return tuple(msgspec.json.decode(text, type=Answer) for text in connection.scalars(query))

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with its turns; None if there is none of that id."""
        query = sa.select(conversations.c.created_at).where(conversations.c.conversation_id == conversation_id)
        with self._engine.connect() as connection:
            created_at = connection.scalar(query)
        if created_at is None:
            return None
        return Conversation(
            conversation_id=conversation_id, created_at=created_at, messages=self.turns(conversation_id)
        )

    def delete(self, conversation_id: str) -> bool:
        """Erases the conversation, its turns and what was said of them; False if there was none."""
        return self._erase([conversation_id]) > 0

    def erase_older(self, moment: str) -> int:
        """Conversations in which nobody has asked since then, ISO 8601 in UTC; how many."""
        return self._erase(older_than(self._engine, moment))

    def finish_erasing(self) -> None:
        """What could not be wiped from the write-ahead log while somebody read."""
        if not self._is_scrubbed:
            self._is_scrubbed = scrub(self._engine)

    def _erase(self, conversation_ids: Sequence[str]) -> int:
        erased = erase_conversations(self._engine, conversation_ids)
        self._is_scrubbed = self._is_scrubbed and not erased
        self.finish_erasing()
        return erased

    def close(self) -> None:
        self._engine.dispose()

    def _remove_stopped(self, answer: Answer, connection: sa.Connection) -> None:
        last = (
            sa.select(messages.c.answer)
            .where(messages.c.conversation_id == answer.conversation_id)
            .order_by(messages.c.place.desc())
            .limit(1)
        )
        text = connection.scalar(last)
        before = None if text is None else msgspec.json.decode(text, type=Answer)
        if before is not None and before.stopped and before.question == answer.question:
            connection.execute(sa.delete(messages).where(messages.c.message_id == before.message_id))

    def _held(self, conversation: dict[str, str]) -> sa.Executable:
        """Makes the conversation, or keeps the one that is there from being erased until the transaction ends."""
        row = self._insert(conversations).values(conversation)
        same = {"conversation_id": conversation["conversation_id"]}
        return row.on_conflict_do_update(index_elements=["conversation_id"], set_=same)

    def _insert(self, table: sa.Table) -> "postgresql.Insert | sqlite.Insert":
        return postgresql.insert(table) if self._engine.dialect.name == "postgresql" else sqlite.insert(table)
