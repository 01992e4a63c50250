"""The routes under /v1/admin: closed without a key, and what they give with it."""

import json
from typing import Any

import pytest
from fake_backend import KEY, RUN, FakeBackend
from litestar.testing import TestClient

from index.records import IngestRequest
from rag.api.app import build_app
from rag.errors import BusyError


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
