"""Which conversation a Slack thread is.

In: the owner of a conversation: team, channel, thread, and the user where it is private. Out: conversation ids. The
owner is stored only as a keyed hash, so that the database does not say who talked where. Refuses nothing.
"""

import time
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from index.database import writer
from rag.slack.asked import Asked
from rag.slack.naming import Names
from rag.tables import slack_threads as threads

IDLE_S = 3600.0
"""Outside of threads, a question after so long a silence begins a new conversation."""


class Threads:
    """Any number of threads of the process."""

    def __init__(self, engine: sa.Engine, names: Names, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._names = names
        self._now = now

    def current(self, asked: Asked) -> str | None:
        """The conversation that the question goes on with."""
        since = 0.0 if asked.is_thread else self._now() - IDLE_S
        newest = (
            sa.select(threads.c.conversation_id)
            .where(threads.c.thread == self._names.name(*asked.owner), threads.c.last_at >= since)
            .order_by(threads.c.last_at.desc())
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.scalar(newest)

    def keep(self, asked: Asked, conversation_id: str) -> None:
        """From now on the question's thread is this conversation."""
        row = {"conversation_id": conversation_id, "thread": self._names.name(*asked.owner), "last_at": self._now()}
        with writer(self._engine).begin() as connection:
            connection.execute(sa.delete(threads).where(threads.c.conversation_id == conversation_id))
            connection.execute(sa.insert(threads), row)

    def forget(self, owner: Sequence[str]) -> tuple[str, ...]:
        """All conversations of the owner, which it no longer has."""
        named = (
            sa.delete(threads).where(threads.c.thread == self._names.name(*owner)).returning(threads.c.conversation_id)
        )
        with writer(self._engine).begin() as connection:
            return tuple(connection.scalars(named))
