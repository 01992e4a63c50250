"""What readers said, erased so that no byte of it stays in the database's files.

In: an engine on the conversations' database, and ids, an owner or an age. Out: how many conversations or messages
went. With each go its feedback, its Slack thread and what is kept of its events in Slack; a hash of its id stays for
a day, so that a turn that some process is still at does not bring it back. On SQLite deleted text is overwritten with
zeros at once (``secure_delete``); ``scrub`` empties the write-ahead log. On PostgreSQL the rows go, and the server
reuses their room in its own time. Refuses nothing: an unknown id erases nothing.
"""

import hashlib
import time
from collections.abc import Sequence

import sqlalchemy as sa

from index.database import in_turn, slices, writer
from rag.tables import conversations, erased, feedback, messages, slack_events, slack_threads

REMEMBERED_S = 24 * 3600.0

SCRUB_MS = 2_000
"""How long emptying the log waits for readers."""


def erase_conversations(engine: sa.Engine, conversation_ids: Sequence[str]) -> int:
    """Of how many there were any."""
    count = 0
    with writer(engine).begin() as connection:
        in_turn(connection, "erasing")
        for some in slices(list(dict.fromkeys(conversation_ids))):
            _hold(connection, some)
            _remember(connection, some)
            for table in (feedback, messages, slack_threads, conversations):
                done = connection.execute(sa.delete(table).where(table.c.conversation_id.in_(some)))
            _settle_events(connection, slack_events.c.conversation_id.in_(some))
            count += done.rowcount
    return count


def erase_messages(engine: sa.Engine, message_ids: Sequence[str]) -> int:
    """Single turns; a conversation whose last turn goes is gone with it. How many there were."""
    count = 0
    with writer(engine).begin() as connection:
        in_turn(connection, "erasing")
        for some in slices(message_ids):
            of_them = sa.select(messages.c.conversation_id).where(messages.c.message_id.in_(some)).distinct()
            touched = list(connection.scalars(of_them))
            _hold(connection, touched)
            connection.execute(sa.delete(feedback).where(feedback.c.message_id.in_(some)))
            count += connection.execute(sa.delete(messages).where(messages.c.message_id.in_(some))).rowcount
            _settle_events(connection, slack_events.c.message_id.in_(some))
            _drop_empty(connection, touched)
    return count


def older_than(engine: sa.Engine, moment: str) -> list[str]:
    """Conversations in which nobody has asked since then. ``moment``: ISO 8601, UTC, to the second."""
    last = sa.func.max(messages.c.asked_at)
    query = (
        sa.select(conversations.c.conversation_id)
        .join_from(conversations, messages, messages.c.conversation_id == conversations.c.conversation_id, isouter=True)
        .group_by(conversations.c.conversation_id, conversations.c.created_at)
        .having(sa.func.coalesce(last, conversations.c.created_at) <= moment)
    )
    with engine.connect() as connection:
        return list(connection.scalars(query))


def of_slack_user(engine: sa.Engine, user: str) -> int:
    """Events of that user that still wait for their answer; what is answered holds no user. How many there were."""
    with writer(engine).begin() as connection:
        named = slack_events.c.asked.contains(f'"user":"{user}"', autoescape=True)
        return _settle_events(connection, named)


def scrub(engine: sa.Engine) -> bool:
    """Move the write-ahead log into the database and empty it; False where readers kept it from that."""
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        before = driver.execute("PRAGMA busy_timeout").fetchone()[0]
        driver.execute(f"PRAGMA busy_timeout={SCRUB_MS}")
        try:
            busy, *_ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            driver.execute(f"PRAGMA busy_timeout={before}")
    return not busy


def vacuum(engine: sa.Engine) -> None:
    """Write the database anew without its free pages: they may hold what was deleted before these were overwritten."""
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("VACUUM")


def was_erased(connection: sa.Connection, conversation_id: str) -> bool:
    """Within the last day."""
    found = sa.select(erased.c.erased_at).where(erased.c.conversation_sha256 == _hash(conversation_id))
    return connection.scalar(found) is not None


def _hold(connection: sa.Connection, conversation_ids: Sequence[str]) -> None:
    """Turns that are being stored wait, and what is stored already is erased: all begin with the conversation's row."""
    named = conversations.c.conversation_id.in_(conversation_ids)
    connection.execute(sa.select(conversations.c.conversation_id).where(named).with_for_update())


def _remember(connection: sa.Connection, conversation_ids: Sequence[str]) -> None:
    now = time.time()
    rows = [{"conversation_sha256": _hash(one), "erased_at": now} for one in conversation_ids]
    again = erased.c.conversation_sha256.in_([row["conversation_sha256"] for row in rows])
    connection.execute(sa.delete(erased).where(again | (erased.c.erased_at < now - REMEMBERED_S)))
    if rows:
        connection.execute(sa.insert(erased), rows)


def _hash(conversation_id: str) -> str:
    return hashlib.sha256(conversation_id.encode()).hexdigest()


def _settle_events(connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
    """Only their own ids stay, so that none is answered again."""
    nothing = {
        "state": "done",
        "forgotten": True,
        "asked": None,
        "conversation_id": None,
        "message_id": None,
        "stream_ts": None,
    }
    return connection.execute(sa.update(slack_events).where(which).values(nothing)).rowcount


def _drop_empty(connection: sa.Connection, conversation_ids: Sequence[str]) -> None:
    for conversation_id in conversation_ids:
        left = sa.select(messages.c.place).where(messages.c.conversation_id == conversation_id).limit(1)
        if connection.scalar(left) is None:
            for table in (slack_threads, conversations):
                connection.execute(sa.delete(table).where(table.c.conversation_id == conversation_id))
