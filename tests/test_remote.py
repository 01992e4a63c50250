"""The client of the running service, against a real HTTP server whose replies are written down."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from fake_backend import ANSWER, ARTICLE, CITATION, DRIFT, HIT, RUN, SOURCE, STATS, turn
from hypothesis import given, settings
from hypothesis import strategies as st

from index.records import IngestRequest
from rag.api.sse import Frames
from rag.errors import (
    BusyError,
    ConfigurationError,
    InputError,
    KildeError,
    NotFoundError,
    UnreachableError,
    UnreadableFileError,
)
from rag.owner import ServiceAddress
from rag.records import MessageEnd, Question, Readiness, SearchRequest, SearchResponse, StreamError
from rag.remote import Remote
from rag.replies import error_of, parse_sse, split_lines

REQUEST = IngestRequest(paths=("/articles",))


class Reply(msgspec.Struct):
    """What the server says; it closes the connection early if ``promised`` is more than the body's length."""

    body: bytes
    status: int = 200
    promised: int | None = None


class Server(http.server.ThreadingHTTPServer):
    """Replies by path; keeps method, path, headers and body of every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: dict[str, Reply] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._reply("GET")

    def do_POST(self) -> None:
        self._reply("POST")

    def _reply(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((method, self.path, dict(self.headers), body))
        reply = self.server.replies[self.path]
        self.send_response(reply.status)
        self.send_header("Content-Length", str(reply.promised or len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def remote(server: Server) -> Iterator[Remote]:
    with Remote(ServiceAddress(url=server.url, token="t0ken", pid=4711)) as remote:
        yield remote


def encoded(record: object) -> Reply:
    return Reply(msgspec.json.encode(record))


def lines(*records: object) -> Reply:
    return Reply(b"".join(msgspec.json.encode(record) + b"\n" for record in records))


def stream(*blocks: bytes) -> Reply:
    return Reply(b"".join(blocks))


def frames(events: Any) -> list[bytes]:
    writer = Frames()
    return [writer.frame(event) for event in events]


def test_an_answer_comes_back_as_it_was_sent(server: Server, remote: Remote) -> None:
    server.replies["/v1/chat"] = encoded(ANSWER)
    assert remote.answer(Question(question="Hvor mange?", answer_lang="nb", stream=True)) == ANSWER
    ((method, path, headers, body),) = server.requests
    assert (method, path, headers["Content-Type"]) == ("POST", "/v1/chat", "application/json")
    sent = json.loads(body)
    assert (sent["question"], sent["answer_lang"], sent["stream"]) == ("Hvor mange?", "nb", False)


def test_every_request_carries_the_owners_token(server: Server, remote: Remote) -> None:
    server.replies["/v1/admin/stats"] = encoded(STATS)
    assert remote.stats() == STATS
    assert server.requests[0][2]["Authorization"] == "Bearer t0ken"


def test_a_proxy_setting_does_not_come_between(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.replies["/v1/admin/stats"] = encoded(STATS)
    with Remote(ServiceAddress(url=server.url, token="t", pid=1)) as remote:
        assert remote.stats() == STATS


def test_search_and_articles_come_back_as_they_were_sent(server: Server, remote: Remote) -> None:
    found = SearchResponse(hits=(HIT,), timings_ms={"search": 3})
    server.replies |= {"/v1/search": encoded(found), "/v1/articles": encoded([ARTICLE])}
    assert remote.search(SearchRequest(query="bridge", top_k=3)) == found
    assert json.loads(server.requests[0][3])["top_k"] == 3
    assert [article.path for article in remote.articles()] == ["city/bridge.md"]


def test_drift_comes_back_as_it_was_sent(server: Server, remote: Remote) -> None:
    server.replies["/v1/admin/drift"] = encoded(DRIFT)
    assert remote.drift() == DRIFT


@pytest.mark.parametrize("status", [200, 503])
def test_readiness_is_read_also_from_a_service_that_is_not_ready(server: Server, remote: Remote, status: int) -> None:
    said = Readiness(ready=status == 200, articles=0, chunks=0, index="ok", message="empty")
    server.replies["/health/ready"] = Reply(msgspec.json.encode(said), status)
    assert remote.readiness() == said


def test_a_streamed_turn_comes_back_event_by_event(server: Server, remote: Remote) -> None:
    server.replies["/v1/chat"] = stream(b": keep-alive\n\n", *frames(turn()), b": keep-alive\n\n")
    events = tuple(remote.events(Question(question="?")))
    assert events == turn()
    assert json.loads(server.requests[0][3])["stream"] is True
    assert events[2].sources == (SOURCE,)  # type: ignore[union-attr]
    assert events[5].citation == CITATION  # type: ignore[union-attr]


def test_a_streamed_error_is_the_last_event(server: Server, remote: Remote) -> None:
    error = StreamError(code="busy", message="later", retryable=True)
    server.replies["/v1/chat"] = stream(*frames([error, MessageEnd(answer=ANSWER)]))
    assert list(remote.events(Question(question="?"))) == [error]


def test_events_of_a_later_version_are_passed_over(server: Server, remote: Remote) -> None:
    server.replies["/v1/chat"] = stream(b"event: aside\ndata: 1\n\n", *frames([MessageEnd(answer=ANSWER)]))
    assert list(remote.events(Question(question="?"))) == [MessageEnd(answer=ANSWER)]


def test_a_stream_without_its_last_event_is_an_unreachable_service(server: Server, remote: Remote) -> None:
    server.replies["/v1/chat"] = stream(*frames(turn()[:-1]))
    with pytest.raises(UnreachableError, match="broke off"):
        list(remote.events(Question(question="?")))


def test_an_ingest_run_comes_back_event_by_event(server: Server, remote: Remote) -> None:
    server.replies["/v1/admin/ingest"] = lines(*RUN)
    assert tuple(remote.ingest(REQUEST)) == RUN
    assert json.loads(server.requests[0][3])["paths"] == ["/articles"]


def test_a_run_without_its_summary_is_an_unreachable_service(server: Server, remote: Remote) -> None:
    server.replies["/v1/admin/ingest"] = lines(*RUN[:-1])
    with pytest.raises(UnreachableError, match="keeps what it has done"):
        list(remote.ingest(REQUEST))


def test_a_connection_that_dies_within_a_run_is_an_unreachable_service(server: Server, remote: Remote) -> None:
    whole = lines(*RUN[:-1])
    server.replies["/v1/admin/ingest"] = Reply(whole.body, promised=len(whole.body) + 100)
    with pytest.raises(UnreachableError, match="does not answer"):
        list(remote.ingest(REQUEST))


def test_a_run_that_breaks_off_raises_what_the_service_says(server: Server, remote: Remote) -> None:
    last = {"error": {"code": "busy", "message": "Another run is under way.", "param": None}}
    server.replies["/v1/admin/ingest"] = lines(RUN[0], last)
    events = remote.ingest(REQUEST)
    assert next(events) == RUN[0]
    with pytest.raises(BusyError, match="Another run is under way"):
        next(events)


def test_a_refused_run_raises_what_the_service_says(server: Server, remote: Remote) -> None:
    refusal = {"error": {"code": "invalid_request", "message": "Each path must be absolute.", "param": "paths[0]"}}
    server.replies["/v1/admin/ingest"] = Reply(msgspec.json.encode(refusal), 400)
    with pytest.raises(InputError, match="absolute") as raised:
        list(remote.ingest(REQUEST))
    assert raised.value.param == "paths[0]"


def test_nobody_at_the_address_is_an_unreachable_service_named_with_the_way_out(server: Server) -> None:
    server.server_close()
    with (
        Remote(ServiceAddress(url=server.url, token="t", pid=4711)) as remote,
        pytest.raises(UnreachableError) as raised,
    ):
        remote.answer(Question(question="?"))
    assert server.url in str(raised.value)
    assert "process 4711" in str(raised.value)
    assert "kilde serve" in str(raised.value)


@pytest.mark.parametrize("body", [b"<html>", b'{"articles": 1}', b'"\xff"'])
def test_a_reply_that_cannot_be_read_is_an_unreachable_service(server: Server, remote: Remote, body: bytes) -> None:
    server.replies["/v1/articles"] = Reply(body)
    with pytest.raises(UnreachableError, match="another version"):
        remote.articles()


def test_an_event_that_cannot_be_read_is_an_unreachable_service(server: Server, remote: Remote) -> None:
    server.replies["/v1/chat"] = stream(b"event: message.end\ndata: {}\n\n")
    with pytest.raises(UnreachableError, match="another version"):
        list(remote.events(Question(question="?")))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", InputError),
        (400, "unreadable_file", UnreadableFileError),
        (404, "not_found", NotFoundError),
        (503, "busy", BusyError),
        (500, "configuration", ConfigurationError),
        (401, "unauthorized", ConfigurationError),
        (413, "too_large", InputError),
        (429, "rate_limited", BusyError),
        (500, "internal_error", KildeError),
    ],
)
def test_the_services_errors_become_the_same_kind_here(status: int, code: str, kind: type[KildeError]) -> None:
    body = msgspec.json.encode({"error": {"code": code, "message": "so it is", "param": None}})
    error = error_of(status, body)
    assert type(error) is kind
    assert str(error) == "so it is"


def test_an_error_without_a_readable_body_is_told_by_its_status() -> None:
    error = error_of(502, b"<h1>Bad gateway</h1>")
    assert type(error) is KildeError
    assert "502" in str(error)


def test_every_network_error_of_the_client_is_translated() -> None:
    found = {httpx.RequestError, *_below(httpx.RequestError)}
    assert len(found) > 10
    with Remote(ServiceAddress(url="http://127.0.0.1:1", token="t", pid=1)) as remote:
        for kind in found:
            with pytest.raises(UnreachableError), remote._reached():
                raise kind("broken")


def _below(kind: type[Exception]) -> set[type[Exception]]:
    return {deeper for below in kind.__subclasses__() for deeper in (below, *_below(below))}


@settings(deadline=None)
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")).filter(bool)),
    size=st.integers(1, 7),
)
def test_lines_are_the_same_however_the_network_cuts_them(texts: list[str], size: int) -> None:
    sent = "".join(text + "\n" for text in texts).encode()
    cut = [sent[at : at + size] for at in range(0, len(sent), size)]
    assert list(split_lines(cut)) == texts


def test_a_line_separator_within_a_text_ends_no_line() -> None:
    assert list(split_lines([b'{"a": "1\xe2\x80\xa82"}\r\n', b"rest"])) == ['{"a": "1\u20282"}', "rest"]


def test_event_streams_are_read_as_the_standard_says() -> None:
    sent = [
        "event: a",
        "id: 7",
        "data: 1",
        "data:2",
        "",
        ": comment",
        "",
        "data",
        "",
        "event: lost",
        "",
        "data: cut off",
    ]
    assert list(parse_sse(sent)) == [("a", "1\n2"), ("message", "")]
