"""Stopping an answer: its stream ends as it should, its work ends, and what was shown is kept."""

import json
from collections.abc import AsyncIterator

import anyio
import httpx
import msgspec
import pytest
from connection import Connection
from fake_backend import ANSWER, CITATION, TEXT, FakeBackend, turn
from litestar import Litestar
from small_answering import ASKED, FACT, FixedSearch, found
from stored_turns import StoredTurns
from streamed import START, events

from rag.answer import Answering
from rag.api.app import build_app
from rag.api.stops import Stops
from rag.api.wiring import Limits
from rag.conversations import Conversations
from rag.records import Answer, CitationReady, Event, MessageEnd, Question, SourcesFound, TextDelta

pytestmark = pytest.mark.sqlite_alone

QUESTION: dict[str, object] = {"question": "Wie viele?", "stream": True}
BEGUN = (START, SourcesFound(sources=ANSWER.sources), TextDelta(text="Laut"))
ENDLESS = (*BEGUN, 60.0, MessageEnd(answer=ANSWER))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def stop(app: Litestar, message_id: str = "m1") -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kilde") as client:
        return await client.post(f"/v1/messages/{message_id}/stop")


async def stopped(app: Litestar, connection: Connection, times: int = 1) -> list[int]:
    """Stops the connection's answer when all of its pieces until the first pause have come."""
    statuses: list[int] = []
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            for _ in range(times):
                statuses.append((await stop(app)).status_code)
    return statuses


@pytest.mark.anyio
async def test_a_stopped_stream_ends_with_what_was_shown_and_nothing_more() -> None:
    backend = FakeBackend(ENDLESS)
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    assert await stopped(app, connection) == [204]
    names = [name for name, _, _ in events(connection.sent.decode())]
    assert names == ["message.start", "sources", "text.delta", "message.end"]
    end = events(connection.sent.decode())[-1][2]
    assert (end["message_id"], end["conversation_id"], end["question"]) == ("m1", "c1", "Wie viele?")
    assert (end["status"], end["text"], end["citations"]) == ("partial", "Laut", [])


@pytest.mark.anyio
async def test_citations_that_were_shown_stay() -> None:
    backend = FakeBackend((START, TextDelta(text=TEXT), CitationReady(citation=CITATION), TextDelta(text=" Und"), 60.0))
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    await stopped(app, connection)
    end = events(connection.sent.decode())[-1][2]
    assert end["text"] == f"{TEXT} Und"
    (cited,) = end["citations"]
    assert end["text"][cited["answer"]["start"] : cited["answer"]["end"]] == cited["quote"]


@pytest.mark.anyio
async def test_what_was_shown_is_stored_before_stopping_is_over() -> None:
    backend = FakeBackend(ENDLESS)
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            await stop(app)
            (stored,) = backend.conversations["c1"]
    assert (stored.text, stored.status) == ("Laut", "partial")


@pytest.mark.anyio
async def test_who_stops_while_the_last_event_is_sent_comes_too_late() -> None:
    backend = FakeBackend()
    app = build_app(backend)
    connection = Connection(app, QUESTION, hold_back=b"message.end")
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(stop, app)
            await anyio.wait_all_tasks_blocked()
            connection.gone.set()
    assert connection.sent.count(b"event: message.end") == 1
    assert backend.conversations["c1"] == (ANSWER,)


@pytest.mark.anyio
async def test_the_work_of_a_stopped_turn_is_ended_and_its_slot_given_back() -> None:
    backend = FakeBackend(ENDLESS)
    app = build_app(backend, limits=Limits(running=1, waiting=0))
    await stopped(app, Connection(app, QUESTION))
    assert backend.closed == 1
    backend.script = turn()
    second = Connection(app, QUESTION)
    await second.run()
    assert second.status == 200


class FailingClosedBackend(FakeBackend):
    """Notes that its own clean-up ran to its end, as that of a source which closes a connection must."""

    async def events(self, question: Question) -> AsyncIterator[Event]:
        try:
            yield START
            await anyio.sleep(60)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            self.closed += 1


@pytest.mark.anyio
async def test_the_source_cleans_up_before_the_last_event_is_sent() -> None:
    backend = FailingClosedBackend()
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    await stopped(app, connection)
    assert backend.closed == 1
    assert [name for name, _, _ in events(connection.sent.decode())] == ["message.start", "message.end"]


@pytest.mark.anyio
async def test_stopping_again_changes_nothing() -> None:
    app = build_app(FakeBackend(ENDLESS))
    connection = Connection(app, QUESTION)
    assert await stopped(app, connection, times=3) == [204, 204, 204]
    assert connection.sent.count(b"event: message.end") == 1


@pytest.mark.anyio
async def test_two_who_stop_at_once_are_both_told_that_it_is_over() -> None:
    app = build_app(FakeBackend(ENDLESS))
    connection = Connection(app, QUESTION)
    statuses: list[int] = []

    async def stop_too() -> None:
        statuses.append((await stop(app)).status_code)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(stop_too)
            tasks.start_soon(stop_too)
    assert statuses == [204, 204]
    assert connection.sent.count(b"event: message.end") == 1


@pytest.mark.anyio
async def test_a_message_that_is_finished_or_unknown_cannot_be_stopped() -> None:
    app = build_app(FakeBackend())
    await Connection(app, QUESTION).run()
    for message_id in ("m1", "m2"):
        response = await stop(app, message_id)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"
        assert response.json()["error"]["param"] == "message_id"


@pytest.mark.anyio
async def test_what_was_stopped_is_stored_also_when_the_reader_goes_at_once() -> None:
    backend = FakeBackend(ENDLESS)
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(stop, app)
            connection.gone.set()
    (stored,) = backend.conversations["c1"]
    assert stored.text == "Laut"


@pytest.mark.anyio
async def test_a_store_that_fails_ends_the_stream_with_one_error() -> None:
    class BrokenStore(FakeBackend):
        async def keep_stopped(self, shown: Answer) -> Answer:
            raise OSError("disk full")

    app = build_app(BrokenStore(ENDLESS))
    connection = Connection(app, QUESTION)
    await stopped(app, connection)
    names = [name for name, _, _ in events(connection.sent.decode())]
    assert names == ["message.start", "sources", "text.delta", "error"]


@pytest.mark.anyio
async def test_stopping_one_answer_leaves_the_others_alone() -> None:
    first, second = FakeBackend(ENDLESS), (*BEGUN, 0.3, MessageEnd(answer=ANSWER))
    app = build_app(first)
    stopped_one, other = Connection(app, QUESTION), Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stopped_one.run)
            await stopped_one.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            other_start = type(START)(message_id="m2", conversation_id="c2", lang="de", standalone_question="?")
            first.script = (other_start, *second[1:])
            tasks.start_soon(other.run)
            await other.some_sent.wait()
            await stop(app)
    assert events(stopped_one.sent.decode())[-1][2]["text"] == "Laut"
    assert events(other.sent.decode())[-1][2]["text"] == TEXT


@pytest.mark.anyio
@pytest.mark.usefixtures("by_late_interaction_alone")
async def test_a_turn_stopped_while_it_searches_is_stored_as_empty_as_it_was_shown(
    conversations: Conversations, url: str
) -> None:
    await Answering(FixedSearch(found(FACT)), conversations).answer(Question(question=ASKED))  # loads what a turn needs
    backend = StoredTurns(url, found(FACT))
    app = build_app(backend)
    connection = Connection(app, {"question": ASKED, "stream": True})
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            while b"searching" not in connection.sent:
                await anyio.sleep(0.01)
            start = events(connection.sent.decode())[0][2]
            tasks.start_soon(stop, app, start["message_id"])
            await anyio.wait_all_tasks_blocked()
            backend.search_now.may_find.set()
    backend.close()
    names = [name for name, _, _ in events(connection.sent.decode())]
    assert names == ["message.start", "status", "message.end"]
    (stored,) = conversations.turns(start["conversation_id"])
    assert (stored.text, stored.citations, stored.status) == ("", (), "partial")
    assert events(connection.sent.decode())[-1][2] == json.loads(msgspec.json.encode(stored))


@pytest.mark.anyio
async def test_a_citation_comes_with_the_text_that_it_belongs_to() -> None:
    backend = FakeBackend()
    app = build_app(backend)
    connection = Connection(app, QUESTION, hold_back=b"[1]")
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(stop, app)
            await anyio.wait_all_tasks_blocked()
            connection.gone.set()
    (stored,) = backend.conversations["c1"]
    assert (stored.text, stored.citations, stored.followups) == (TEXT, (CITATION,), ())


@pytest.mark.anyio
async def test_of_two_turns_that_begin_one_conversation_each_ends_for_itself() -> None:
    stops = Stops()
    with stops.turn("me") as one:
        one.begin("m1", begins="c1")
        with stops.turn("me") as other:
            other.begin("m2", begins="c1")
            assert stops.first_turn("c1", "me") is other
    assert stops.first_turn("c1", "me") is None
