"""Which events were answered: one row for each, in the database of the conversations, so that none is answered twice.

In: the id of an event, and what is asked. Out: whether it is this process's to answer. A claim is one atomic statement;
it lapses unless it is renewed, so that what a crash broke off is taken up by a retry, at the next start, or by another
process. What is asked is forgotten once it is answered. Refuses nothing.
"""

import logging
import time
import uuid
from collections.abc import Callable, Collection, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from index.database import writer
from rag.slack.asked import Asked
from rag.tables import slack_events as events

HELD_S = 15.0
"""How long a claim lasts without being renewed."""
ATTEMPTS = 10
"""After as many broken-off ones an event is given up: it may be what breaks them off."""
KEPT_S = 7 * 24 * 3600.0
"""How long the id of an answered event is remembered; Slack delivers anew for an hour at the most."""

_log = logging.getLogger(__name__)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is this process's to answer, with what an earlier attempt has left."""

    asked: Asked
    attempt: int = 1
    conversation_id: str | None = None
    message_id: str | None = None
    """Of the answer that was made already."""
    stream_ts: str | None = None
    """Of the message that was begun already."""


class Deliveries:
    """The rows as one process sees them; any number of threads."""

    def __init__(self, engine: sa.Engine, *, held_s: float = HELD_S, now: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._held_s = held_s
        self._now = now
        self._holder = uuid.uuid4().hex

    def claim(self, together: Sequence[Asked]) -> tuple[Claimed | None, ...]:
        """In one transaction; None for an event that is answered, or that somebody is answering."""
        known = self._taken([asked.event_id for asked in together])
        if all(asked.event_id in known for asked in together):
            return (None,) * len(together)
        found: dict[int, Claimed | None] = {}
        # In the order of their ids, so that two processes never wait for each other's rows.
        with writer(self._engine).begin() as connection:
            for place in sorted(range(len(together)), key=lambda place: together[place].event_id):
                asked = together[place]
                found[place] = None if asked.event_id in known else self._claim(connection, asked)
        return tuple(found[place] for place in range(len(together)))

    def abandoned(self, most: int) -> tuple[Claimed, ...]:
        """Takes events whose claim has lapsed, oldest first; those tried too often are given up."""
        lapsed = (
            sa.select(events.c.event_id)
            .where(events.c.state == "claimed", events.c.held_until < self._now())
            .order_by(events.c.seen_at)
            .limit(most)
        )
        if most <= 0:
            return ()
        with self._engine.connect() as connection:
            found = connection.scalars(lapsed).all()
        if not found:
            return ()
        with writer(self._engine).begin() as connection:
            taken = [self._take(connection, event_id) for event_id in sorted(found)]
        return tuple(one for one in taken if one is not None)

    def renew(self, event_ids: Collection[str]) -> None:
        """They are still being answered."""
        if event_ids:
            self._set(events.c.event_id.in_(event_ids), held_until=self._now() + self._held_s)

    def release(self) -> None:
        """What is not answered yet may be taken by another at once."""
        self._set(sa.true(), held_until=0.0)

    def keep_answer(self, event_id: str, conversation_id: str, message_id: str) -> bool:
        """Before it is said. False: another process has taken the event meanwhile, and will say it."""
        held_until = self._now() + self._held_s
        named = events.c.event_id == event_id
        return self._set(named, conversation_id=conversation_id, message_id=message_id, held_until=held_until) == 1

    def keep_stream(self, event_id: str, stream_ts: str | None) -> bool:
        """Of the message that the answer grows in. False: another process has taken the event meanwhile."""
        held_until = self._now() + self._held_s
        return self._set(events.c.event_id == event_id, stream_ts=stream_ts, held_until=held_until) == 1

    def done(self, event_id: str) -> None:
        """Answered; only its id is kept."""
        self._set(events.c.event_id == event_id, state="done", asked=None, stream_ts=None)

    def forget_old(self) -> None:
        """Ids that Slack will not deliver again."""
        old = sa.delete(events).where(events.c.state == "done", events.c.seen_at < self._now() - KEPT_S)
        with writer(self._engine).begin() as connection:
            connection.execute(old)

    def _taken(self, event_ids: Sequence[str]) -> frozenset[str]:
        """Of these, those that need no write: they are answered, or being answered."""
        done = (events.c.state == "done") | (events.c.held_until >= self._now())
        with self._engine.connect() as connection:
            found = connection.scalars(sa.select(events.c.event_id).where(events.c.event_id.in_(event_ids), done))
            return frozenset(found)

    def _claim(self, connection: sa.Connection, asked: Asked) -> Claimed | None:
        if connection.execute(self._new(asked)).rowcount == 1:
            return Claimed(asked=asked)
        return self._take(connection, asked.event_id)

    def _new(self, asked: Asked) -> sa.Insert:
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        now = self._now()
        row = {
            "event_id": asked.event_id,
            "state": "claimed",
            "holder": self._holder,
            "held_until": now + self._held_s,
            "attempts": 1,
            "asked": msgspec.json.encode(asked).decode(),
            "seen_at": now,
        }
        return insert(events).values(row).on_conflict_do_nothing()

    def _take(self, connection: sa.Connection, event_id: str) -> Claimed | None:
        lapsed = (events.c.event_id == event_id, events.c.state == "claimed", events.c.held_until < self._now())
        given_up = sa.update(events).where(*lapsed, events.c.attempts >= ATTEMPTS).values(state="done", asked=None)
        if connection.execute(given_up).rowcount:
            _log.error("an event is given up: it was broken off %s times", ATTEMPTS)
        taken = (
            sa.update(events)
            .where(*lapsed)
            .values(holder=self._holder, held_until=self._now() + self._held_s, attempts=events.c.attempts + 1)
            .returning(events)
        )
        row = connection.execute(taken).one_or_none()
        if row is None:
            return None
        return Claimed(
            asked=msgspec.json.decode(row.asked, type=Asked),
            attempt=row.attempts,
            conversation_id=row.conversation_id,
            message_id=row.message_id,
            stream_ts=row.stream_ts,
        )

    def _set(self, which: sa.ColumnElement[bool], **values: object) -> int:
        own = sa.update(events).where(which, events.c.state == "claimed", events.c.holder == self._holder)
        with writer(self._engine).begin() as connection:
            return connection.execute(own.values(values)).rowcount
