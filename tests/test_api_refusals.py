"""What the routes refuse, and how: always by the field that is wrong, and never with more than the caller sent."""

import json
import logging
from typing import Any

import pytest
from fake_backend import KEY, FakeBackend
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from rag.api.app import BODY_BYTES, build_app
from rag.errors import BusyError, ConfigurationError

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
