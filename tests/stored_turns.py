"""A backend whose turns are real ones, really stored, over a search that finds when it is let.

In: the address of a database, and hits. Out: events, stored turns, and what is left of them in the database.
"""

import threading
from collections.abc import AsyncIterator

import anyio.to_thread
import sqlalchemy as sa
from fake_backend import FakeBackend
from small_answering import FixedSearch

from index.records import Hit
from index.search import Query
from rag.answer import Answering
from rag.api.stores import Stores
from rag.conversations import Conversations
from rag.errors import no_conversation
from rag.ownership import Ownership
from rag.records import Answer, Conversation, Event, Question
from rag.tables import conversations, messages, open_tables


class SlowSearch(FixedSearch):
    """Finds when it is let."""

    def __init__(self, *hits: Hit) -> None:
        super().__init__(*hits)
        self.may_find = threading.Event()

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        self.may_find.wait(20)
        return super().__call__(query)


class StoredTurns(FakeBackend):
    """``may_begin``: until it is set, no turn has an id. ``ended`` counts turns that nothing more comes of."""

    def __init__(self, url: str, *hits: Hit) -> None:
        super().__init__()
        self.engine = open_tables(url)
        self.turns = Conversations(self.engine)
        self.stores = Stores(owners=Ownership(self.engine))
        self.search_now = SlowSearch(*hits)
        self.answering = Answering(self.search_now, self.turns)
        self.may_begin = threading.Event()
        self.may_begin.set()
        self.ended = 0

    async def events(self, question: Question) -> AsyncIterator[Event]:
        await anyio.to_thread.run_sync(self.may_begin.wait, 20)
        events = self.answering.events(question)
        try:
            async for event in events:
                yield event
        finally:
            await events.aclose()  # type: ignore[attr-defined]
            self.ended += 1

    async def keep_stopped(self, shown: Answer) -> Answer:
        return await anyio.to_thread.run_sync(self.turns.keep_stopped, shown)

    async def conversation(self, conversation_id: str) -> Conversation:
        found = self.turns.get(conversation_id)
        if found is None:
            raise no_conversation(conversation_id)
        return found

    async def delete_conversation(self, conversation_id: str) -> None:
        if not await anyio.to_thread.run_sync(self.turns.delete, conversation_id):
            raise no_conversation(conversation_id)

    def rows(self) -> tuple[int, int]:
        """Of conversations and of messages."""
        with self.engine.connect() as connection:
            counts = [connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in (conversations, messages)]
        return counts[0] or 0, counts[1] or 0

    def close(self) -> None:
        self.search_now.may_find.set()
        self.may_begin.set()
        self.turns.close()
