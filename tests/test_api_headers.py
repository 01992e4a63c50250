"""What every response tells browsers, whatever its route and status, and what only some do."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_backend import FakeBackend
from keyed_service import KeyedService
from litestar.testing import TestClient
from test_access_table import TABLE, request
from test_api_limits import From

from rag.api.access import rule_of
from rag.api.app import build_app
from rag.settings import Settings

pytestmark = pytest.mark.sqlite_alone

ROUTES = [route for route in TABLE if route[1] != "/slack/events"]
PAGES = ("/", "/page/{name}", "/admin", "/admin/{name}")


@pytest.fixture
def service(url: str) -> Iterator[KeyedService]:
    opened = KeyedService(url)
    yield opened
    opened.close()


@pytest.fixture
def client(service: KeyedService) -> Iterator[TestClient[Any]]:
    with TestClient(service.app(), base_url="http://127.0.0.1") as opened:
        yield opened


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_response_of_every_route_carries_them(
    method: str, path: str, service: KeyedService, client: TestClient[Any]
) -> None:
    for name in ("none", "wrong", "site", "stranger", "admin"):
        headers = request(client, method, path, service.credentials[name]).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == ("cross-origin" if "widget" in path else "same-origin")
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert path in PAGES or "script-src" not in policy
        assert "strict-transport-security" not in headers
        assert "server" not in headers


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/v1/chat"), ("GET", "/widget/v1/x.js")])
def test_what_is_not_there_carries_them_too(method: str, path: str, client: TestClient[Any]) -> None:
    response = client.request(method, path)
    assert response.status_code in (404, 405)
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_stream_carries_them(client: TestClient[Any]) -> None:
    response = client.post("/v1/chat", json={"question": "Wie?", "stream": True})
    assert response.headers["x-content-type-options"] == "nosniff"


def test_tls_is_insisted_on_only_behind_it() -> None:
    app = build_app(FakeBackend(settings=Settings(trusted_proxies="10.0.0.0/8")))
    for peer, proto, told in [("10.0.0.1", "https", True), ("10.0.0.1", "http", False), ("8.8.8.8", "https", False)]:
        with TestClient(From(app, peer)) as client:
            headers = client.get("/health/live", headers={"X-Forwarded-Proto": proto}).headers
            assert ("strict-transport-security" in headers) is told


LOOKALIKES = ("null", "https://evil.example", "https://blog.example.evil.example", "https://blog.example:444")


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_origin_that_is_like_a_known_one_reads_why_it_is_refused_at_most(
    method: str, path: str, client: TestClient[Any]
) -> None:
    is_open = path.startswith(("/health", "/schema", "/metrics", "/widget")) or path in PAGES
    for origin in LOOKALIKES:
        response = request(client, method, path, {"Origin": origin, "X-Kilde-Site": "blog"})
        assert is_open or response.status_code == 403
        assert "access-control-allow-credentials" not in response.headers
        let_in = response.headers.get("access-control-allow-origin")
        assert let_in in (None, "*" if "widget" in path else origin)
        assert let_in is None or rule_of(path).who in ("readers", "every page")


def test_the_methods_of_an_address_are_told_together(client: TestClient[Any]) -> None:
    allowed = client.options("/v1/conversations/c1", headers={"Origin": "https://blog.example"}).headers["allow"]
    assert allowed == "DELETE, GET, OPTIONS"
