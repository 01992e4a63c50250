"""Server-sent events: their order and grammar, keep-alive, one terminal event."""

import json

import msgspec
import pytest
from fake_backend import ANSWER, FakeBackend, turn
from litestar.testing import TestClient
from streamed import START, events

from rag.api.app import build_app
from rag.api.sse import Frames
from rag.api.wiring import Limits
from rag.errors import BusyError
from rag.records import MessageEnd, Notice, PhaseStatus, StreamError, TextDelta


def stream(backend: FakeBackend, limits: Limits | None = None) -> str:
    with TestClient(build_app(backend, limits=limits)) as client:
        response = client.post("/v1/chat", json={"question": "Wie viele?", "stream": True})
        assert response.status_code == 200
        return response.text


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
