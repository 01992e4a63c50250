"""Every open route: what it takes and gives. The shapes are those of the published HTTP interface."""

from typing import Any

from fake_backend import ANSWER, ARTICLE, FakeBackend
from litestar.testing import TestClient

from rag.records import Question, SearchRequest


def test_an_answer_has_the_published_fields(client: TestClient[Any]) -> None:
    answer = client.post("/v1/chat", json={"question": "Wie viele?"}).json()
    assert list(answer) == [
        *("message_id", "conversation_id", "status", "composer", "question", "standalone_question", "lang", "text"),
        *("citations", "sources", "nearest", "followups", "as_of", "timings_ms", "confidence", "written"),
        "stopped",
    ]
    citation = answer["citations"][0]
    assert list(citation) == ["n", "answer", "source", "quote", "verification", "highlight"]
    assert list(citation["answer"]) == ["start", "end"]
    assert list(citation["source"]) == [
        *("article_id", "work_id", "path", "url", "title", "lang", "published", "modified", "heading", "chunk_id"),
        *("start", "end", "content_sha256"),
    ]
    assert list(citation["verification"]) == ["quote", "support", "numbers", "checks", "verdict"]
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
        "url",
    ]
    assert backend.calls == [SearchRequest(query="bridge", top_k=10, group_works=False)]


def test_articles_are_listed_without_their_text(client: TestClient[Any]) -> None:
    assert [list(article) for article in client.get("/v1/articles").json()] == [
        [
            *("article_id", "work_id", "path", "lang", "title", "url", "published", "modified", "chunks"),
            *("other_langs", "content_sha256"),
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
    assert list(ready.json()) == ["ready", "articles", "chunks", "index", "message", "shared"]
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
        "get /v1/admin/unanswered",
        "get /v1/admin/index",
        "get /v1/admin/feedback",
        "get /v1/admin/drift",
        "post /v1/messages/{message_id}/feedback",
        "post /v1/messages/{message_id}/stop",
        "post /v1/admin/ingest",
        "get /v1/models",
        "get /v1/models/{model}",
        "post /v1/chat/completions",
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


def test_answers_come_as_utf8(client: TestClient[Any]) -> None:
    content = client.post("/v1/chat", json={"question": "Wie viele Radfahrer trägt die Brücke? 🌉"}).content
    assert "trägt die Brücke? 🌉".encode() in content
    assert ANSWER.text.encode() in content
    assert "🌉".encode() in client.get(f"/v1/articles/{ARTICLE.article_id}").content
