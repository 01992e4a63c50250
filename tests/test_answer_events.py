"""The events of a turn come in order, and tell the same as its answer."""

from typing import cast

import anyio
import msgspec
import pytest
from small_answering import ASKED, FACT, UNRELATED, FixedSearch, ask, found, stream

from index.records import Hit
from index.search import Query
from rag.answer import Answering
from rag.conversations import Conversations
from rag.errors import BusyError
from rag.records import (
    Answer,
    CitationReady,
    Followups,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    SourcesFound,
    StreamError,
    TextDelta,
)

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]


def test_events_come_in_the_order_of_the_interface(conversations: Conversations) -> None:
    hits = found(FACT), found("The cars were built in 2021 at one factory.", article_id="b")
    events = stream(conversations, FixedSearch(*hits))
    kinds = [type(event) for event in events]
    assert kinds[:4] == [MessageStart, PhaseStatus, SourcesFound, PhaseStatus]
    assert kinds[4:-1] == [TextDelta, CitationReady] * 2 + [TextDelta] * (len(kinds) - 9)
    assert kinds[-1] is MessageEnd


def test_the_stream_tells_the_same_as_its_final_answer(conversations: Conversations) -> None:
    hits = found(FACT), found("The cars were built in 2021 at one factory.", article_id="b")
    events = stream(conversations, FixedSearch(*hits))
    answer = cast(MessageEnd, events[-1]).answer
    start = cast(MessageStart, events[0])
    assert (start.message_id, start.conversation_id) == (answer.message_id, answer.conversation_id)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text
    assert tuple(event.citation for event in events if isinstance(event, CitationReady)) == answer.citations
    assert [event.sources for event in events if isinstance(event, SourcesFound)] == [answer.sources]


@pytest.mark.parametrize("title", ["Report [1] of [2]", "[1]", "A [2"])
def test_a_citation_follows_its_own_marker_whatever_titles_hold(conversations: Conversations, title: str) -> None:
    hits = found(FACT, title=title), found("In 2021 [1] factory built cars [2].", article_id="b", title=title)
    events = stream(conversations, FixedSearch(*hits))
    shown = ""
    for event in events:
        if isinstance(event, TextDelta):
            shown += event.text
        if isinstance(event, CitationReady):
            assert shown.endswith(f"[{event.citation.n}]")
            assert shown[event.citation.answer.start : event.citation.answer.end] == event.citation.quote


@pytest.mark.parametrize("question", ["Hello!", "Who was the first man on the moon?"])
def test_a_turn_without_citations_streams_its_text_too(conversations: Conversations, question: str) -> None:
    events = stream(conversations, FixedSearch(*UNRELATED), question)
    answer = cast(MessageEnd, events[-1]).answer
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text != ""
    assert not any(isinstance(event, CitationReady) for event in events)


def test_a_turn_is_stored_before_it_is_said_to_be_over(conversations: Conversations) -> None:
    stored: list[Answer] = []

    async def watched() -> Answer:
        async for event in Answering(FixedSearch(found(FACT)), conversations).events(Question(question=ASKED)):
            if isinstance(event, MessageEnd):
                stored.extend(conversations.turns(event.answer.conversation_id))
                return event.answer
        raise AssertionError("no end")

    assert [anyio.run(watched)] == stored


def test_an_unknown_conversation_is_one_error_event(conversations: Conversations) -> None:
    (event,) = stream(conversations, FixedSearch(), conversation_id="nowhere")
    assert isinstance(event, StreamError)
    assert (event.code, event.retryable) == ("not_found", False)


def test_a_search_that_is_refused_ends_the_stream_with_one_error(conversations: Conversations) -> None:
    class BusySearch(FixedSearch):
        def __call__(self, query: Query) -> tuple[Hit, ...]:
            raise BusyError("Try again.")

    events = stream(conversations, BusySearch())
    assert [type(event) for event in events] == [MessageStart, PhaseStatus, StreamError]
    assert cast(StreamError, events[-1]).retryable


def test_a_stream_offers_what_it_searched_for_after_the_text_and_stores_it(conversations: Conversations) -> None:
    row = found("Plant: Solar roof | Size: 58,000 m²", title="", work_id="work-a", article_id="b")

    class RowSearch(FixedSearch):
        def __call__(self, query: Query) -> tuple[Hit, ...]:
            return (row,) if "Solar roof" in query.text else super().__call__(query)

    row_too = msgspec.structs.replace(row, unit_scores=(0.6,))
    events = stream(conversations, RowSearch(found(FACT), row_too))
    *_, offered, end = events
    assert isinstance(offered, Followups)
    assert offered.followups == ("What do the articles say about “Solar roof”?",)
    answer = cast(MessageEnd, end).answer
    assert answer.followups == offered.followups
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_an_answer_that_is_not_streamed_searches_once(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT, "Plant: Solar roof | Size: 58,000 m²", title="", unit_scores=(0.95, 0.2)))
    assert ask(conversations, search).followups == ()
    assert [query.text for query in search.queries] == [ASKED]


def test_a_search_for_more_that_fails_ends_the_stream_with_the_answer(conversations: Conversations) -> None:
    class OnceSearch(FixedSearch):
        def __call__(self, query: Query) -> tuple[Hit, ...]:
            if self.queries:
                raise BusyError("Try again.")
            return super().__call__(query)

    rows = found(FACT, "Plant: Solar roof | Size: 58,000 m²", title="", unit_scores=(0.95, 0.2))
    assert isinstance(stream(conversations, OnceSearch(rows))[-1], MessageEnd)
