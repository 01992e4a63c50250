"""Which messages were answered: one row for each, in the database of the conversations, so that none is answered twice.

In: what is asked. Out: whether it is this process's to answer. A claim is one atomic statement; it lapses unless it is
renewed, so that what a crash broke off is taken up by a retry, at the next start, or by another process. Messages of
one conversation are answered in their order, whichever processes they came to. What is asked is forgotten once it is
answered; ids are kept as keyed hashes. Refuses nothing.
"""

import logging
import time
import uuid
from collections.abc import Callable, Collection, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from index.database import in_turn, writer
from rag.slack.asked import Asked
from rag.slack.naming import Names
from rag.tables import slack_events as events
from rag.tables import slack_threads as threads

HELD_S = 15.0
"""How long a claim lasts without being renewed."""
ATTEMPTS = 10
"""After as many that ended without a word a message is given up: it may be what ends them."""
PUT_OFF_S, LONGEST_PUT_OFF_S = 5.0, 60.0
"""How long a message rests that could not be answered, doubled each time."""
GIVEN_UP_S = 6 * 3600.0
"""After so long nobody waits for an answer, and the conversation should go on."""
KEPT_S = 7 * 24 * 3600.0
"""How long an answered message is remembered. Slack delivers anew for an hour at the most, but people edit later."""

_ENDED: dict[str, object] = {
    "state": "done",
    "said_at": 0.0,
    "asked": None,
    "stream_ts": None,
    "conversation_id": None,
    "message_id": None,
}
"""Of what was asked only the hashes stay."""
_log = logging.getLogger(__name__)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is this process's to answer, with what an earlier attempt has left."""

    asked: Asked
    attempt: int = 1
    excused: int = 0
    """Attempts that were put off or ended in order."""
    conversation_id: str | None = None
    message_id: str | None = None
    """Of the answer that was made already."""
    stream_ts: str | None = None
    """Of the message that was begun already."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """How a message ended."""

    forgotten: bool = False
    """Whether its conversation was to be deleted meanwhile."""
    others_wait: bool = False
    """Whether its conversation goes on with a message that nobody has taken yet."""


class Deliveries:
    """The rows as one process sees them; any number of threads."""

    def __init__(
        self, engine: sa.Engine, names: Names, *, held_s: float = HELD_S, now: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._names = names
        self._held_s = held_s
        self._now = now
        self._holder = uuid.uuid4().hex

    def claim(self, together: Sequence[Asked]) -> tuple[Claimed | None, ...]:
        """In one transaction; None for what is answered, what somebody is answering or what others have to come before,
        and for what is no question, since the thread is not Kilde's own."""
        known = self._known([self._event(asked.key) for asked in together])
        if all(self._event(asked.key) in known for asked in together):
            return (None,) * len(together)
        found: dict[int, Claimed | None] = {}
        # In one order for all processes, so that two never wait for each other's rows.
        with writer(self._engine).begin() as connection:
            for place in sorted(range(len(together)), key=lambda place: (together[place].owner, together[place].key)):
                asked = together[place]
                is_known = self._event(asked.key) in known
                found[place] = None if is_known else self._claim(connection, asked)
        return tuple(found[place] for place in range(len(together)))

    def abandoned(self, most: int) -> tuple[Claimed, ...]:
        """Takes messages whose claim has lapsed, oldest first; those tried too often or too long are given up."""
        lapsed = sa.select(events.c.event).where(*self._may_be_taken()).order_by(events.c.said_at).limit(most)
        if most <= 0:
            return ()
        with self._engine.connect() as connection:
            found = connection.scalars(lapsed).all()
        if not found:
            return ()
        with writer(self._engine).begin() as connection:
            taken = [self._take(connection, event) for event in sorted(found)]
        return tuple(one for one in taken if one is not None)

    def renew(self, keys: Collection[str]) -> None:
        """They are still being answered."""
        if keys:
            named = events.c.event.in_([self._event(key) for key in keys])
            self._set(named, held_until=self._now() + self._held_s)

    def release(self) -> None:
        """What is not answered yet may be taken by another at once; this attempt does not count."""
        self._set(sa.true(), holder="", held_until=0.0, excused=events.c.excused + 1)

    def put_off(self, claimed: Claimed) -> None:
        """To be tried again after a while; this attempt does not count."""
        pause_s = min(LONGEST_PUT_OFF_S, PUT_OFF_S * 2.0 ** min(claimed.excused, 10))
        excused = events.c.excused + 1
        self._set(self._is(claimed.asked.key), holder="", held_until=self._now() + pause_s, excused=excused)

    def keep_begun(self, key: str, conversation_id: str) -> None:
        """Where its turn will be stored, so that it can be deleted whatever happens."""
        self._set(self._is(key), conversation_id=conversation_id)

    def keep_answer(self, key: str, conversation_id: str, message_id: str) -> bool:
        """Before it is said. False: another process has taken the message meanwhile, and will answer it."""
        held_until = self._now() + self._held_s
        kept = {"conversation_id": conversation_id, "message_id": message_id, "held_until": held_until}
        return self._set(self._is(key), **kept) == 1

    def keep_stream(self, key: str, stream_ts: str | None) -> bool:
        """Of the message that the answer grows in. False: another process has taken the question meanwhile."""
        return self._set(self._is(key), stream_ts=stream_ts, held_until=self._now() + self._held_s) == 1

    def done(self, key: str) -> Finished:
        """Answered."""
        update = sa.update(events).where(self._is(key), *self._own()).values(_ENDED)
        with writer(self._engine).begin() as connection:
            row = connection.execute(update.returning(events.c.owner, events.c.forgotten)).one_or_none()
            if row is None:
                return Finished()
            waiting = sa.select(events.c.event).where(
                events.c.owner == row.owner, events.c.state == "claimed", events.c.holder != self._holder
            )
            others_wait = connection.execute(waiting.limit(1)).one_or_none() is not None
            return Finished(forgotten=row.forgotten, others_wait=others_wait)

    def forget(self, owner: Sequence[str]) -> tuple[str, ...]:
        """Of what is being answered, the conversations; it is marked, so that no more of it stays when it is done."""
        named = events.c.owner == self._names.name(*owner)
        marked = sa.update(events).where(named, events.c.state == "claimed").values(forgotten=True)
        with writer(self._engine).begin() as connection:
            begun = connection.scalars(marked.returning(events.c.conversation_id)).all()
            connection.execute(sa.update(events).where(named, events.c.state == "done").values(owner=None))
        return tuple(one for one in begun if one is not None)

    def forget_old(self) -> None:
        """What was answered so long ago that nobody brings it up again."""
        old = sa.delete(events).where(events.c.state == "done", events.c.seen_at < self._now() - KEPT_S)
        with writer(self._engine).begin() as connection:
            connection.execute(old)

    def _event(self, key: str) -> str:
        return self._names.name("event", key)

    def _is(self, key: str) -> sa.ColumnElement[bool]:
        return events.c.event == self._event(key)

    def _own(self) -> tuple[sa.ColumnElement[bool], ...]:
        return events.c.state == "claimed", events.c.holder == self._holder

    def _known(self, named: Sequence[str]) -> frozenset[str]:
        """Of these, those that need no write: they are answered, or being answered."""
        done = (events.c.state == "done") | (events.c.held_until >= self._now())
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(sa.select(events.c.event).where(events.c.event.in_(named), done)))

    def _claim(self, connection: sa.Connection, asked: Asked) -> Claimed | None:
        owner = self._names.name(*asked.owner)
        in_turn(connection, owner)
        if asked.only_own_thread and not self._is_own_thread(connection, owner):
            return None
        is_free = self._is_free(connection, owner)
        # By what comes back: PostgreSQL's driver counts no rows of an insert.
        if connection.execute(self._new(asked, owner, is_free)).one_or_none() is not None:
            return Claimed(asked=asked) if is_free else None
        return self._take(connection, self._event(asked.key))

    def _is_own_thread(self, connection: sa.Connection, owner: str) -> bool:
        """Whether Kilde has answered there, or was asked to: also while it does, and where it failed."""
        asked = sa.select(events.c.event).where(events.c.owner == owner, events.c.addressed)
        answered = sa.select(threads.c.thread).where(threads.c.thread == owner)
        return any(connection.execute(one.limit(1)).one_or_none() is not None for one in (asked, answered))

    def _is_free(self, connection: sa.Connection, owner: str) -> bool:
        """Whether all that waits in the conversation is this process's, which answers it in its order."""
        others = sa.select(events.c.event).where(
            events.c.owner == owner, events.c.state == "claimed", events.c.holder != self._holder
        )
        return connection.execute(others.limit(1)).one_or_none() is None

    def _new(self, asked: Asked, owner: str, is_free: bool) -> sa.Executable:
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        now = self._now()
        row = {
            "event": self._event(asked.key),
            "owner": owner,
            "addressed": asked.addressed,
            "said_at": float(asked.ts or now),
            "state": "claimed",
            "holder": self._holder if is_free else "",
            "held_until": now + self._held_s if is_free else 0.0,
            "attempts": int(is_free),
            "excused": 0,
            "forgotten": False,
            "asked": msgspec.json.encode(asked).decode(),
            "seen_at": now,
        }
        return insert(events).values(row).on_conflict_do_nothing().returning(events.c.event)

    def _may_be_taken(self) -> tuple[sa.ColumnElement[bool], ...]:
        """Nobody holds it, and nothing before it in its conversation waits."""
        earlier = events.alias()
        before = sa.select(earlier.c.event).where(
            earlier.c.owner == events.c.owner, earlier.c.state == "claimed", earlier.c.said_at < events.c.said_at
        )
        return events.c.state == "claimed", events.c.held_until < self._now(), ~before.exists()

    def _take(self, connection: sa.Connection, event: str) -> Claimed | None:
        lapsed = (events.c.event == event, *self._may_be_taken())
        hopeless = (events.c.attempts - events.c.excused >= ATTEMPTS) | (events.c.seen_at < self._now() - GIVEN_UP_S)
        given_up = sa.update(events).where(*lapsed, hopeless).values(_ENDED)
        if connection.execute(given_up).rowcount:
            _log.error("a question is given up: it was broken off %s times, or has waited for hours", ATTEMPTS)
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
            excused=row.excused,
            conversation_id=row.conversation_id,
            message_id=row.message_id,
            stream_ts=row.stream_ts,
        )

    def _set(self, which: sa.ColumnElement[bool], **values: object) -> int:
        own = sa.update(events).where(which, *self._own())
        with writer(self._engine).begin() as connection:
            return connection.execute(own.values(values)).rowcount
