"""The routes of feedback and of unanswered questions: what they take, give and refuse."""

import csv
import io
import json
from typing import Any

import pytest
from fake_backend import KEY, FakeBackend
from litestar.testing import TestClient

from rag.feedback_records import FeedbackRequest

FEEDBACK = "/v1/messages/m1/feedback"
UNANSWERED = "/v1/admin/unanswered"


# Feedback


@pytest.mark.parametrize("reason", ["wrong", "outdated", "missing_source", "wrong_language", "other"])
def test_the_published_feedback_is_understood(client: TestClient[Any], backend: FakeBackend, reason: str) -> None:
    response = client.post(FEEDBACK, json={"rating": "down", "reason": reason, "comment": " Alt. "})
    assert response.status_code == 200
    assert response.json() == {"message_id": "m1", "rating": "down", "reason": reason, "comment": "Alt."}
    assert backend.calls == [FeedbackRequest(rating="down", reason=reason, comment="Alt.")]


def test_a_rating_is_enough_and_null_is_one(client: TestClient[Any], backend: FakeBackend) -> None:
    for rating in ("up", None):
        assert client.post(FEEDBACK, json={"rating": rating}).json()["rating"] == rating
    assert backend.calls == [FeedbackRequest(rating="up"), FeedbackRequest(rating=None)]


def test_feedback_on_an_unknown_message_is_404(client: TestClient[Any]) -> None:
    response = client.post("/v1/messages/m9/feedback", json={"rating": "up"})
    assert response.status_code == 404
    assert (response.json()["error"]["code"], response.json()["error"]["param"]) == ("not_found", "message_id")


@pytest.mark.parametrize(
    ("body", "param", "told"),
    [
        ('{"rating": "meh"}', "rating", "up, down, null"),
        ("{}", "rating", "up, down, null"),
        ('{"rating": "down", "reason": "bad"}', "reason", "wrong, outdated, missing_source, wrong_language, other"),
        ('{"rating": "down", "comment": 5}', "comment", "Expected `str`"),
        ('{"rating": "down", "comment": "a\\u0000"}', "comment", "NUL"),
        (json.dumps({"rating": "down", "comment": "a" * 2001}), "comment", "2,000 are the most"),
        ('{"rating": "up", "stars": 5}', "stars", "unknown field"),
    ],
)
def test_feedback_that_cannot_be_used_is_refused_by_field(
    client: TestClient[Any], backend: FakeBackend, body: str, param: str, told: str
) -> None:
    response = client.post(FEEDBACK, content=body)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert told in response.json()["error"]["message"]
    assert backend.calls == []


def test_what_can_be_no_message_id_is_400(client: TestClient[Any]) -> None:
    assert client.post(f"/v1/messages/{'m' * 201}/feedback", json={"rating": "up"}).status_code == 400


# Unanswered questions


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}])
@pytest.mark.parametrize("query", ["", "?format=csv", "?weeks=x"])
def test_the_list_is_closed_without_the_key(client: TestClient[Any], header: dict[str, str], query: str) -> None:
    assert client.get(UNANSWERED + query, headers=header).status_code == 401


def test_the_list_has_the_published_fields(client: TestClient[Any]) -> None:
    report = client.get(UNANSWERED, headers=KEY).json()
    assert list(report) == ["weeks", "questions", "left_out"]
    assert list(report["weeks"][0]) == ["week", "first_day", "last_day", "questions", "groups"]
    assert list(report["weeks"][0]["groups"][0]) == [
        *("label", "label_lang", "count", "askers", "langs", "not_found", "thumbs_down", "reasons", "examples"),
        "nearest",
    ]


def test_the_list_comes_as_csv(client: TestClient[Any]) -> None:
    response = client.get(f"{UNANSWERED}?weeks=2&format=csv", headers=KEY)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(response.text, newline=""))
    assert (row["week"], row["question"]) == ("2024-W07", "'=Was kostet *das*?")


def test_the_list_comes_as_markdown(client: TestClient[Any]) -> None:
    response = client.get(f"{UNANSWERED}?format=markdown", headers=KEY)
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert r"- **\=Was kostet \*das\*?** (de)" in response.text


def test_no_cache_keeps_the_list(client: TestClient[Any]) -> None:
    for shape in ("json", "markdown", "csv"):
        response = client.get(f"{UNANSWERED}?format={shape}", headers=KEY)
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "param"),
    [("weeks=53", "weeks"), ("weeks=x", "weeks"), ("weeks=-1", "weeks"), ("weeks=", "weeks"), ("format=xml", "format")],
)
def test_a_list_that_cannot_be_made_is_refused_by_field(client: TestClient[Any], query: str, param: str) -> None:
    response = client.get(f"{UNANSWERED}?{query}", headers=KEY)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


# The document


def test_the_schema_names_what_both_routes_take(client: TestClient[Any]) -> None:
    schema = client.get("/schema").json()
    request = schema["components"]["schemas"]["FeedbackRequest"]
    assert request["required"] == ["rating"]
    weeks, shape = (parameter["schema"] for parameter in schema["paths"]["/v1/admin/unanswered"]["get"]["parameters"])
    assert (weeks["type"], weeks["minimum"], weeks["maximum"]) == ("integer", 1, 52)
    assert shape["enum"] == ["json", "markdown", "csv"]
