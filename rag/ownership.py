"""Whose a conversation is: of the key or the site that began it, or of whoever knows its id; in SQLite or PostgreSQL.

In: the id of a conversation or a message, and an owner (``key ID``, ``site ID``, or empty for nobody in particular).
Out: whether it is theirs. Refuses nothing: what is another's and what is not there are one answer, found by one query.
"""

from typing import Self

import sqlalchemy as sa

from index.database import writer
from rag.tables import conversations, messages, open_tables


class Ownership:
    """Any number of threads. It is forgotten with the conversation."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Brings the tables up to date first. Raises ConfigurationError where the database cannot be used."""
        return cls(open_tables(url))

    def give(self, conversation_id: str, owner: str) -> None:
        """A conversation that is stored; it stays with whom it was given to first."""
        unowned = sa.and_(conversations.c.conversation_id == conversation_id, conversations.c.owner.is_(None))
        with writer(self._engine).begin() as connection:
            connection.execute(sa.update(conversations).where(unowned), {"owner": owner})

    def has_conversation(self, conversation_id: str, owner: str) -> bool:
        return self._has(sa.select(conversations.c.conversation_id).where(_own(owner)), conversation_id)

    def has_message(self, message_id: str, owner: str) -> bool:
        joined = messages.join(conversations, conversations.c.conversation_id == messages.c.conversation_id)
        return self._has(sa.select(messages.c.message_id).select_from(joined).where(_own(owner)), message_id)

    def close(self) -> None:
        self._engine.dispose()

    def _has(self, query: sa.Select[tuple[str]], wanted: str) -> bool:
        (column,) = query.selected_columns
        with self._engine.connect() as connection:
            return connection.scalar(query.where(column == wanted)) is not None


def _own(owner: str) -> sa.ColumnElement[bool]:
    return conversations.c.owner == owner if owner else conversations.c.owner.is_(None)
