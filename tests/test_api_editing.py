"""The routes behind the editors' page: what they give, and to whom."""

from typing import Any

import pytest
from fake_backend import KEY
from litestar.testing import TestClient


@pytest.mark.parametrize("name", ["index", "feedback", "drift"])
def test_they_are_closed_without_the_key_and_never_kept_by_a_cache(client: TestClient[Any], name: str) -> None:
    assert client.get(f"/v1/admin/{name}").status_code == 401
    assert client.get(f"/v1/admin/{name}", headers=KEY).headers["cache-control"] == "no-store"


def test_the_index_comes_with_its_folders_and_what_was_left_out(client: TestClient[Any]) -> None:
    found = client.get("/v1/admin/index", headers=KEY).json()
    assert (found["stats"]["articles"], found["readiness"]["index"], found["roots"]) == (1, "ok", ["/articles"])
    assert [(one["path"], one["outcome"], one["reason"]) for one in found["problems"]] == [
        ("city/broken.md", "failed", "The front matter is no YAML."),
        ("city/draft.md", "skipped", "It is a draft."),
    ]


def test_feedback_is_listed(client: TestClient[Any]) -> None:
    found = client.get("/v1/admin/feedback", headers=KEY).json()
    assert found["total"] == 1
    assert [(one["rating"], one["reason"], one["question"]) for one in found["feedback"]] == [
        ("down", "outdated", "Was kostet die Brücke?")
    ]


@pytest.mark.parametrize("limit", ["0", "501", "-1", "many", "1.5", ""])
def test_a_limit_out_of_range_is_refused_by_name(client: TestClient[Any], limit: str) -> None:
    response = client.get("/v1/admin/feedback", params={"limit": limit}, headers=KEY)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == "limit"


def test_drift_names_the_newest_version(client: TestClient[Any]) -> None:
    (drift,) = client.get("/v1/admin/drift", headers=KEY).json()["drifts"]
    assert drift["newest"] == drift["statements"][0]["article_id"] == "a1"
    assert [one["figure"] for one in drift["statements"]] == ["4,200", "3.100"]
