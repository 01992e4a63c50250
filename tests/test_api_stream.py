"""Server-sent events: their order and grammar, keep-alive, one terminal event, and what happens when a client goes."""

import json
from collections.abc import AsyncIterator
from typing import Any

import anyio
import msgspec
import pytest
from fake_backend import ANSWER, FakeBackend, turn
from litestar import Litestar
from litestar.testing import TestClient

from index.records import IngestProgress
from rag.api.app import build_app
from rag.api.sse import Frames
from rag.api.wiring import Limits
from rag.errors import BusyError
from rag.records import Event, MessageEnd, MessageStart, Notice, PhaseStatus, Question, StreamError, TextDelta

START = MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question="Wie viele?")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def stream(backend: FakeBackend, limits: Limits | None = None) -> str:
    with TestClient(build_app(backend, limits=limits)) as client:
        response = client.post("/v1/chat", json={"question": "Wie viele?", "stream": True})
        assert response.status_code == 200
        return response.text


def events(text: str) -> list[tuple[str, str, Any]]:
    """(event, id, data) of each block; every block has exactly these three lines."""
    assert text.endswith("\n\n")
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if block.startswith(":"):
            continue
        event, number, data = block.split("\n")
        found.append(
            (event.removeprefix("event: "), number.removeprefix("id: "), json.loads(data.removeprefix("data: ")))
        )
    return found


def names(text: str) -> list[str]:
    return [event for event, _, _ in events(text)]


def test_the_bytes_of_a_short_turn() -> None:
    script = (START, PhaseStatus(phase="searching"), TextDelta(text="Zeile 1\nZeile 2"), MessageEnd(answer=ANSWER))
    answer = msgspec.json.encode(ANSWER).decode()
    assert stream(FakeBackend(script)) == (
        "event: message.start\nid: m1:1\n"
        'data: {"message_id":"m1","conversation_id":"c1","lang":"de","standalone_question":"Wie viele?"}\n\n'
        'event: status\nid: m1:2\ndata: {"phase":"searching"}\n\n'
        'event: text.delta\nid: m1:3\ndata: {"text":"Zeile 1\\nZeile 2"}\n\n'
        f"event: message.end\nid: m1:4\ndata: {answer}\n\n"
    )


def test_events_arrive_in_the_order_of_the_turn() -> None:
    assert names(stream(FakeBackend())) == [event.event for event in turn()]


def test_data_is_the_thing_itself_where_an_event_carries_one_thing() -> None:
    data = {event: data for event, _, data in events(stream(FakeBackend()))}
    assert data["sources"] == json.loads(msgspec.json.encode(ANSWER.sources))
    assert data["citation"] == json.loads(msgspec.json.encode(ANSWER.citations[0]))
    assert data["followups"] == {"questions": list(ANSWER.followups)}
    assert data["message.end"] == json.loads(msgspec.json.encode(ANSWER))


def test_ids_count_from_one() -> None:
    assert [number for _, number, _ in events(stream(FakeBackend()))] == [f"m1:{n}" for n in range(1, 9)]


def test_before_the_message_is_known_ids_are_bare_numbers() -> None:
    notice = Notice(code="llm_unavailable", message="…")
    assert b"\nid: 1\n" in Frames().frame(notice)


def test_the_accept_header_asks_for_events_too() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        response = client.post(
            "/v1/chat", json={"question": "Wie?"}, headers={"Accept": "text/event-stream, */*;q=0.1"}
        )
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert names(response.text)[-1] == "message.end"


def test_no_proxy_may_hold_the_stream_back() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        headers = client.post("/v1/chat", json={"question": "Wie?", "stream": True}).headers
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-content-type-options"] == "nosniff"


def test_nothing_follows_the_terminal_event() -> None:
    error = StreamError(code="busy", message="Later.", retryable=True)
    assert names(stream(FakeBackend((START, error, TextDelta(text="late"), MessageEnd(answer=ANSWER))))) == [
        "message.start",
        "error",
    ]


def test_an_unexpected_failure_ends_the_stream_without_telling_what_it_was(caplog: pytest.LogCaptureFixture) -> None:
    *_, last = events(stream(FakeBackend((START, RuntimeError("secret: Wie viele?")))))
    assert last[0] == "error"
    assert last[2] == {
        "code": "internal_error",
        "message": "Something went wrong on our side. It has been noted.",
        "retryable": False,
    }
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_an_expected_failure_ends_the_stream_in_its_own_words() -> None:
    *_, last = events(stream(FakeBackend((START, BusyError("The index is being replaced.")))))
    assert last[2] == {"code": "busy", "message": "The index is being replaced.", "retryable": True}


def test_a_turn_that_ends_without_its_last_event_gets_an_error() -> None:
    assert names(stream(FakeBackend((START, TextDelta(text="Halb"))))) == ["message.start", "text.delta", "error"]


def test_a_failure_before_the_first_event_is_an_ordinary_refusal() -> None:
    with TestClient(build_app(FakeBackend((BusyError("The index is being replaced."),)))) as client:
        response = client.post("/v1/chat", json={"question": "Wie?", "stream": True})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    assert response.json()["error"]["code"] == "busy"


def test_the_source_is_closed_when_the_turn_is_over() -> None:
    backend = FakeBackend()
    stream(backend)
    assert backend.closed == 1


def test_a_pause_is_filled_with_keep_alive() -> None:
    text = stream(FakeBackend((START, 0.5, MessageEnd(answer=ANSWER))), Limits(keep_alive_s=0.1))
    assert text.count(": keep-alive\n\n") >= 2
    assert names(text) == ["message.start", "message.end"]


def test_without_a_pause_there_is_no_keep_alive() -> None:
    assert "keep-alive" not in stream(FakeBackend(), Limits(keep_alive_s=5))


class Connection:
    """One HTTP request to the app as a server passes it on; the client takes nothing after ``hold_back``."""

    def __init__(self, app: Litestar, body: dict[str, object], *, hold_back: bytes | None = None) -> None:
        self.path = "/v1/chat" if "question" in body else "/v1/admin/ingest"
        self.app = app
        self.hold_back = hold_back
        self.body = json.dumps(body).encode()
        self.sent = b""
        self.status: int | None = None
        self.some_sent = anyio.Event()
        self.gone = anyio.Event()
        self._body_read = False

    async def run(self) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"content-type", b"application/json"), (b"authorization", b"Bearer key")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        await self.app(scope, self._receive, self._send)  # type: ignore[arg-type]

    async def _receive(self) -> dict[str, object]:
        if not self._body_read:
            self._body_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.sent += message.get("body", b"")
        if message["type"] == "http.response.body":
            self.some_sent.set()
        if self.hold_back and self.hold_back in message.get("body", b""):
            await self.gone.wait()


QUESTION: dict[str, object] = {"question": "Wie viele?", "stream": True}


@pytest.mark.anyio
async def test_the_source_is_closed_when_the_client_goes() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    connection = Connection(build_app(backend), QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            connection.gone.set()
    assert backend.closed == 1
    assert b"message.end" not in connection.sent


class UnshieldedBackend(FakeBackend):
    """Cleans up with an ``await`` that a cancelled task would not let through."""

    async def events(self, question: Question) -> AsyncIterator[Event]:
        try:
            for event in turn():
                yield event
        finally:
            await anyio.sleep(0)
            self.closed += 1


@pytest.mark.anyio
async def test_the_source_is_closed_in_full_when_the_client_goes_with_the_last_event() -> None:
    backend = UnshieldedBackend()
    connection = Connection(build_app(backend), QUESTION, hold_back=b"message.end")
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await anyio.wait_all_tasks_blocked()
            connection.gone.set()
    assert backend.closed == 1


@pytest.mark.anyio
async def test_an_ingest_run_stops_when_its_client_goes() -> None:
    backend = FakeBackend(run=(IngestProgress(phase="reading", done=1, total=1),) * 100_000)
    connection = Connection(build_app(backend, owner_token="key"), {"paths": ["/articles"]})
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            connection.gone.set()
    assert backend.closed == 1
    assert connection.sent.count(b"\n") < 100_000


@pytest.mark.anyio
async def test_a_client_that_goes_gives_its_slot_back() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend, limits=Limits(running=1, waiting=0))
    first, second = Connection(app, QUESTION), Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first.run)
            await first.some_sent.wait()
            first.gone.set()
        backend.script = turn()
        await second.run()
    assert b"event: message.end" in second.sent


@pytest.mark.anyio
async def test_when_every_slot_and_place_in_the_queue_is_taken_the_next_is_refused_at_once() -> None:
    backend = FakeBackend((START, 60.0))
    app = build_app(backend, limits=Limits(running=1, waiting=1))
    running, waiting, refused = (Connection(app, QUESTION) for _ in range(3))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.run)
            await running.some_sent.wait()
            tasks.start_soon(waiting.run)
            await anyio.wait_all_tasks_blocked()
            await refused.run()
            running.gone.set()
            waiting.gone.set()
    assert refused.status == 503
    assert b'"code":"busy"' in refused.sent
    assert len(backend.calls) == 1


@pytest.mark.anyio
async def test_who_waited_is_answered_when_a_slot_is_free() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend, limits=Limits(running=1, waiting=1))
    first, second = Connection(app, QUESTION), Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first.run)
            await first.some_sent.wait()
            tasks.start_soon(second.run)
            await anyio.wait_all_tasks_blocked()
            backend.script = turn()
            first.gone.set()
    assert b"event: message.end" in second.sent


@pytest.mark.anyio
async def test_a_stream_that_outlasts_the_service_ends_with_a_retryable_error() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            app.state.closing.begin(0.05)
    *_, last = events(connection.sent.decode())
    assert last[0] == "error"
    assert last[2]["retryable"] is True
    assert backend.closed == 1
