"""Conversations and their turns, in SQLite or PostgreSQL.

In: finished answers. Out: the turns of a conversation, oldest first, exactly as they were given. Refuses nothing: an
unknown conversation has no turns, and whether that is an error is for the caller to say.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from index.database import open_database
from rag.records import Answer, Conversation

VERSION_TABLE = "conversations_version"
MIGRATIONS = Path(__file__).parent / "migrations"

_metadata = sa.MetaData()
_conversations = sa.Table(
    "conversations",
    _metadata,
    sa.Column("conversation_id", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
)
_messages = sa.Table(
    "messages",
    _metadata,
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("conversation_id", sa.Text, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
)


class Conversations:
    """The stored turns. One instance serves all threads of a process."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Brings the tables up to date first. Raises ConfigurationError where the database cannot be used."""
        return cls(open_database(url, MIGRATIONS, VERSION_TABLE))

    def append(self, answer: Answer) -> None:
        """Adds a turn, and its conversation with the first one. A message that is there already stays as it is."""
        conversation = {
            "conversation_id": answer.conversation_id,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        message = {
            "message_id": answer.message_id,
            "conversation_id": answer.conversation_id,
            "answer": msgspec.json.encode(answer).decode(),
        }
        with self._engine.begin() as connection:
            connection.execute(self._insert_new(_conversations), conversation)
            connection.execute(self._insert_new(_messages), message)

    def turns(self, conversation_id: str) -> tuple[Answer, ...]:
        """Oldest first; empty for an unknown conversation."""
        query = (
            sa.select(_messages.c.answer)
            .where(_messages.c.conversation_id == conversation_id)
            .order_by(_messages.c.place)
        )
        with self._engine.connect() as connection:
            return tuple(msgspec.json.decode(text, type=Answer) for text in connection.scalars(query))

    def get(self, conversation_id: str) -> Conversation | None:
        """The conversation with its turns; None if there is none of that id."""
        query = sa.select(_conversations.c.created_at).where(_conversations.c.conversation_id == conversation_id)
        with self._engine.connect() as connection:
            created_at = connection.scalar(query)
        if created_at is None:
            return None
        return Conversation(
            conversation_id=conversation_id, created_at=created_at, messages=self.turns(conversation_id)
        )

    def delete(self, conversation_id: str) -> bool:
        """Forgets the conversation and its turns; False if there was none."""
        with self._engine.begin() as connection:
            for table in (_messages, _conversations):
                deleted = connection.execute(sa.delete(table).where(table.c.conversation_id == conversation_id))
        return deleted.rowcount > 0

    def close(self) -> None:
        self._engine.dispose()

    def _insert_new(self, table: sa.Table) -> sa.Insert:
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()
