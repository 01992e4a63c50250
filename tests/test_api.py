"""Every route: what it takes, what it gives, how it refuses. The shapes are those of the published HTTP interface."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fake_backend import ANSWER, ARTICLE, RUN, FakeBackend
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from index.records import IngestRequest
from rag.api.app import BODY_BYTES, build_app
from rag.errors import BusyError, ConfigurationError
from rag.records import Question, SearchRequest
from rag.settings import Settings

KEY = {"Authorization": "Bearer let-me-in"}


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend(settings=Settings(admin_key="let-me-in"))


@pytest.fixture
def client(backend: FakeBackend) -> Iterator[TestClient[Any]]:
    with TestClient(build_app(backend)) as opened:
        yield opened


# Shapes


def test_an_answer_has_the_published_fields(client: TestClient[Any]) -> None:
    answer = client.post("/v1/chat", json={"question": "Wie viele?"}).json()
    assert list(answer) == [
        *("message_id", "conversation_id", "status", "composer", "question", "standalone_question", "lang", "text"),
        *("citations", "sources", "nearest", "followups", "as_of", "timings_ms", "confidence"),
    ]
    citation = answer["citations"][0]
    assert list(citation) == ["n", "answer", "source", "quote", "verification"]
    assert list(citation["answer"]) == ["start", "end"]
    assert list(citation["source"]) == [
        *("article_id", "work_id", "path", "url", "title", "lang", "published", "modified", "heading", "chunk_id"),
        *("start", "end", "content_sha256"),
    ]
    assert list(citation["verification"]) == ["quote", "support", "numbers"]
    assert list(answer["sources"][0]) == [
        *("n", "article_id", "path", "title", "url", "lang", "published", "other_langs", "score"),
    ]


def test_a_quote_can_be_checked_against_the_article(client: TestClient[Any]) -> None:
    answer = client.post("/v1/chat", json={"question": "Wie viele?"}).json()
    citation = answer["citations"][0]
    article = client.get(f"/v1/articles/{citation['source']['article_id']}").json()
    assert article["text"][citation["source"]["start"] : citation["source"]["end"]] == citation["quote"]
    assert article["content_sha256"] == citation["source"]["content_sha256"]
    assert answer["text"][citation["answer"]["start"] : citation["answer"]["end"]] == citation["quote"]


def test_the_published_chat_example_is_understood(client: TestClient[Any], backend: FakeBackend) -> None:
    body = {
        "question": "Wie viele Räder?",
        "conversation_id": None,
        "answer_lang": None,
        "filters": {"langs": [], "published_after": None, "published_before": None, "article_ids": []},
        "stream": False,
    }
    assert client.post("/v1/chat", json=body).status_code == 200
    assert backend.calls == [Question(question="Wie viele Räder?")]


def test_search_has_the_published_fields(client: TestClient[Any], backend: FakeBackend) -> None:
    found = client.post("/v1/search", json={"query": "bridge", "group_works": False}).json()
    assert list(found) == ["hits", "timings_ms"]
    assert list(found["hits"][0]) == [
        *("chunk_id", "article_id", "work_id", "path", "lang", "title", "heading", "text", "start", "end", "score"),
    ]
    assert backend.calls == [SearchRequest(query="bridge", top_k=10, group_works=False)]


def test_articles_are_listed_without_their_text(client: TestClient[Any]) -> None:
    assert [list(article) for article in client.get("/v1/articles").json()] == [
        [
            *("article_id", "work_id", "path", "lang", "title", "url", "published", "modified", "chunks"),
            "other_langs",
        ]
    ]


def test_a_conversation_can_be_read_and_forgotten(client: TestClient[Any]) -> None:
    told = client.get("/v1/conversations/c1").json()
    assert list(told) == ["conversation_id", "created_at", "messages"]
    assert [message["message_id"] for message in told["messages"]] == ["m1"]
    deleted = client.delete("/v1/conversations/c1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get("/v1/conversations/c1").status_code == 404


def test_a_conversation_goes_on(client: TestClient[Any], backend: FakeBackend) -> None:
    assert client.post("/v1/chat", json={"question": "Und?", "conversation_id": "c1"}).status_code == 200
    assert backend.calls == [Question(question="Und?", conversation_id="c1")]


def test_health(client: TestClient[Any], backend: FakeBackend) -> None:
    assert client.get("/health/live").json() == {"live": True}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert list(ready.json()) == ["ready", "articles", "chunks", "index", "message"]
    backend.ready = False
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/ready").json()["ready"] is False


def test_every_route_is_in_the_schema(client: TestClient[Any]) -> None:
    schema = client.get("/schema").json()
    assert {f"{method} {path}" for path, item in schema["paths"].items() for method in item} == {
        "post /v1/chat",
        "post /v1/search",
        "get /v1/articles",
        "get /v1/articles/{article_id}",
        "get /v1/conversations/{conversation_id}",
        "delete /v1/conversations/{conversation_id}",
        "get /v1/admin/stats",
        "post /v1/admin/ingest",
        "get /health/live",
        "get /health/ready",
    }


def test_the_schema_describes_refusals_as_they_are(client: TestClient[Any]) -> None:
    chat = client.get("/schema/openapi.json").json()["paths"]["/v1/chat"]["post"]
    for status in ("400", "404", "413", "503"):
        schema = chat["responses"][status]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorResponse"}


def test_nothing_below_schema_is_a_web_page(client: TestClient[Any]) -> None:
    for path in ("/schema", "/schema/openapi.json", "/schema/openapi.yaml", "/schema/swagger", "/schema/redoc"):
        assert "html" not in client.get(path).headers["content-type"]


def test_every_response_carries_the_security_headers(client: TestClient[Any]) -> None:
    for path in ("/", "/health/live", "/nowhere", "/v1/admin/stats", "/schema"):
        headers = client.get(path, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "access-control-allow-origin" not in headers


# Refusals

REFUSED: list[tuple[str, str, str | None]] = [
    ("/v1/chat", '{"question": 5}', "question"),
    ("/v1/chat", '{"question": null}', "question"),
    ("/v1/chat", "{}", "question"),
    ("/v1/chat", '{"question": "Wie?", "tone": "warm"}', "tone"),
    ("/v1/chat", '{"question": "Wie?", "stream": "true"}', "stream"),
    ("/v1/chat", '{"question": "Wie?", "filters": {"colour": 1}}', "filters.colour"),
    ("/v1/chat", '{"question": "Wie?", "filters": {"langs": ["de", 1]}}', "filters.langs[1]"),
    ("/v1/chat", '{"question": ""}', "question"),
    ("/v1/chat", '{"question": " \\n\\u3000\\u200b"}', "question"),
    ("/v1/chat", json.dumps({"question": "a" * 2001}), "question"),
    ("/v1/chat", '{"question": "Wie\\u0000?"}', "question"),
    ("/v1/chat", '{"question": "Wie\\ud800?"}', None),
    ("/v1/chat", '{"question": "Wie?", "answer_lang": "klingonisch"}', "answer_lang"),
    ("/v1/chat", '{"question": "Wie?", "filters": {"langs": ["de", "?"]}}', "filters.langs[1]"),
    ("/v1/chat", '{"question": "Wie?", "filters": {"published_after": "2022-13"}}', "filters.published_after"),
    ("/v1/chat", '{"question": "Wie?", "filters": {"published_before": "May"}}', "filters.published_before"),
    ("/v1/chat", '{"question": "Wie?", "conversation_id": "a\\u0000"}', "conversation_id"),
    ("/v1/chat", '{"question": "Wie?"', None),
    ("/v1/chat", "", None),
    ("/v1/chat", "[" * 60_000, None),
    ("/v1/search", '{"query": "a", "top_k": 0}', "top_k"),
    ("/v1/search", '{"query": "a", "top_k": 101}', "top_k"),
    ("/v1/search", '{"query": "a", "top_k": "5"}', "top_k"),
    ("/v1/search", '{"query": "a", "top_k": true}', "top_k"),
    ("/v1/search", '{"query": "  "}', "query"),
    ("/v1/admin/ingest", '{"paths": []}', "paths"),
    ("/v1/admin/ingest", '{"paths": ["relative"]}', "paths[0]"),
    ("/v1/admin/ingest", '{"paths": ["/a\\u0000"]}', "paths[0]"),
]


@pytest.mark.parametrize(("path", "body", "param"), REFUSED)
def test_input_that_cannot_be_used_is_refused_by_field(
    client: TestClient[Any], backend: FakeBackend, path: str, body: str, param: str | None
) -> None:
    response = client.post(path, content=body, headers=KEY)
    assert response.status_code == 400
    error = response.json()["error"]
    assert list(error) == ["code", "message", "param"]
    assert (error["code"], error["param"]) == ("invalid_request", param)
    assert backend.calls == []


def test_bytes_that_are_no_text_are_refused(client: TestClient[Any]) -> None:
    assert client.post("/v1/chat", content=b'{"question": "\xff"}').status_code == 400


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/search", "/v1/admin/ingest"])
def test_a_body_over_the_limit_is_refused(client: TestClient[Any], path: str) -> None:
    response = client.post(path, content=b" " * (BODY_BYTES + 1), headers=KEY)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"


def test_a_body_over_the_limit_is_refused_also_without_a_declared_length(client: TestClient[Any]) -> None:
    assert client.post("/v1/chat", content=iter([b" " * 40_000, b" " * 40_000])).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("GET", "/schema/nowhere"),
        ("GET", "/page/nowhere.js"),
        ("GET", "/v1/articles/nowhere"),
        ("GET", "/v1/conversations/nowhere"),
        ("DELETE", "/v1/conversations/nowhere"),
    ],
)
def test_what_is_not_there_is_404(client: TestClient[Any], method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("stream", [False, True])
def test_an_unknown_conversation_is_404(client: TestClient[Any], stream: bool) -> None:
    response = client.post("/v1/chat", json={"question": "Und?", "conversation_id": "c9", "stream": stream})
    assert response.status_code == 404
    assert response.json()["error"]["param"] == "conversation_id"


@pytest.mark.parametrize("path", ["/v1/articles/%00", "/v1/articles/a%0Ab", "/v1/conversations/" + "a" * 201])
def test_what_can_be_no_id_is_400(client: TestClient[Any], path: str) -> None:
    assert client.get(path).status_code == 400


def test_a_wrong_method_is_405_and_told_the_right_one(client: TestClient[Any]) -> None:
    response = client.get("/v1/chat")
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "method_not_allowed"
    assert "POST" in response.headers["allow"]


def test_busy_is_503_with_a_time_to_come_back() -> None:
    with TestClient(build_app(FakeBackend((BusyError("The index is being replaced."),)))) as client:
        response = client.post("/v1/chat", json={"question": "Wie?"})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "2"
    assert response.json() == {
        "error": {"code": "busy", "message": "The index is being replaced.", "param": None},
    }


@pytest.mark.parametrize("failure", [RuntimeError("Wie geheim?"), ConfigurationError("Wie geheim?")])
def test_an_unexpected_failure_tells_and_logs_nothing_of_the_question(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        TestClient(build_app(FakeBackend((failure,))), raise_server_exceptions=False) as client,
    ):
        response = client.post("/v1/chat", json={"question": "Wie geheim?"})
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert type(failure).__name__ in caplog.text
    assert "fake_backend.py:" in caplog.text
    assert "geheim" not in response.text + caplog.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",))),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["question", "query", "filters", "langs", "top_k", "stream", "answer_lang"]), inner
            )
            | st.lists(inner)
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_no_body_makes_the_service_fail(client: TestClient[Any], body: bytes) -> None:
    for path in ("/v1/chat", "/v1/search"):
        assert client.post(path, content=body).status_code in (200, 400)


# Admin


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic let-me-in"}, {"Authorization": "Bearer ø"}],
)
def test_admin_routes_are_closed_without_the_key(
    client: TestClient[Any], backend: FakeBackend, header: dict[str, str]
) -> None:
    raw = {name: value.encode() for name, value in header.items()}
    stats = client.get("/v1/admin/stats", headers=raw)
    ingest = client.post("/v1/admin/ingest", json={"paths": ["/articles"]}, headers=raw)
    assert (stats.status_code, ingest.status_code) == (401, 401)
    assert stats.headers["www-authenticate"] == "Bearer"
    assert stats.json()["error"]["code"] == "unauthorized"
    assert backend.calls == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer None"])
def test_admin_routes_are_closed_where_no_key_is_set(header: str) -> None:
    with TestClient(build_app(FakeBackend())) as client:
        assert client.get("/v1/admin/stats", headers={"Authorization": header}).status_code == 401


def test_the_owner_token_opens_the_admin_routes_beside_the_key(backend: FakeBackend) -> None:
    with TestClient(build_app(backend, owner_token="mine")) as client:
        assert client.get("/v1/admin/stats", headers={"Authorization": "Bearer mine"}).status_code == 200
        assert client.get("/v1/admin/stats", headers=KEY).status_code == 200


def test_stats(client: TestClient[Any]) -> None:
    assert list(client.get("/v1/admin/stats", headers=KEY).json()) == [
        *("articles", "works", "chunks", "articles_by_lang", "model", "last_ingest"),
    ]


def test_ingest_streams_its_events_line_by_line(client: TestClient[Any], backend: FakeBackend) -> None:
    response = client.post("/v1/admin/ingest", json={"paths": ["/articles"], "prune": False}, headers=KEY)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["event"] for line in response.text.splitlines()] == ["progress", "file", "summary"]
    assert backend.calls == [IngestRequest(paths=("/articles",), prune=False)]
    assert backend.closed == 1


def test_ingest_while_another_run_is_under_way_is_busy(client: TestClient[Any], backend: FakeBackend) -> None:
    backend.run = (BusyError("Another run is under way."),)
    response = client.post("/v1/admin/ingest", json={"paths": ["/articles"]}, headers=KEY)
    assert response.status_code == 503
    assert response.json()["error"]["message"] == "Another run is under way."


def test_a_run_that_breaks_off_ends_with_an_error(client: TestClient[Any], backend: FakeBackend) -> None:
    backend.run = (RUN[0], OSError("disk full of secrets"))
    response = client.post("/v1/admin/ingest", json={"paths": ["/articles"]}, headers=KEY)
    *_, last = response.text.splitlines()
    assert json.loads(last)["error"]["code"] == "internal_error"
    assert "secrets" not in last
    assert backend.closed == 1


def test_answers_come_as_utf8(client: TestClient[Any]) -> None:
    content = client.post("/v1/chat", json={"question": "Wie viele Radfahrer trägt die Brücke? 🌉"}).content
    assert "trägt die Brücke? 🌉".encode() in content
    assert ANSWER.text.encode() in content
    assert "🌉".encode() in client.get(f"/v1/articles/{ARTICLE.article_id}").content
