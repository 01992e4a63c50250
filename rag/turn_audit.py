"""Whether every stored turn is whole, and belongs to what it says it does.

In: an engine on the conversations' database. Out: how many turns there are, and what is wrong with which, one line
each, by id and never by text. Changes nothing.
"""

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from rag.records import Answer
from rag.tables import conversations, messages


def count_turns(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(messages)).scalar_one()


def half_turns(engine: sa.Engine) -> Iterator[str]:
    """Turns that do not decode or say another id, and conversations without any; keys see to the rest."""
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=500).execute(sa.select(messages)):
            if wrong := _wrong(row):
                yield f"message {row.message_id} {wrong}"
        yield from (f"conversation {one} has no turn" for one in connection.scalars(_without_turn()))


def _wrong(row: "sa.Row[tuple[object, ...]]") -> str | None:
    try:
        answer = msgspec.json.decode(row.answer, type=Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "cannot be read"
    said = (answer.message_id, answer.conversation_id, answer.status)
    return None if said == (row.message_id, row.conversation_id, row.status) else "says it is another"


def _without_turn() -> "sa.Select[tuple[str]]":
    joined = conversations.outerjoin(messages, conversations.c.conversation_id == messages.c.conversation_id)
    return sa.select(conversations.c.conversation_id).select_from(joined).where(messages.c.message_id.is_(None))
