"""Who may do what: every route with every credential, and how pages of other origins are let in or refused."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fake_backend import KEY, FakeBackend
from litestar import Litestar, get
from litestar.testing import TestClient

from rag.api.access import RULES, rule_of
from rag.api.app import build_app
from rag.settings import Settings

BLOG, SHOP, STRANGER = "https://blog.example", "https://shop.example", "https://stranger.example"
SITES = f"blog={BLOG}; shop={SHOP}"
CREDENTIALS: dict[str, dict[str, str]] = {
    "none": {},
    "wrong admin key": {"Authorization": "Bearer let-me-out"},
    "right admin key": KEY,
    "known site": {"X-Kilde-Site": "blog", "Origin": BLOG},
    "known site, other's origin": {"X-Kilde-Site": "blog", "Origin": SHOP},
    "known site, stranger's origin": {"X-Kilde-Site": "blog", "Origin": STRANGER},
    "known site, hidden origin": {"X-Kilde-Site": "blog", "Origin": "null"},
    "unknown site": {"X-Kilde-Site": "elsewhere", "Origin": BLOG},
    "no site": {"Origin": BLOG},
    "own page": {"Origin": "http://testserver.local"},
    "own page, proxy changed the host": {"Origin": "https://kilde.example", "Sec-Fetch-Site": "same-origin"},
    "right admin key from a known site": {**KEY, "X-Kilde-Site": "blog", "Origin": BLOG},
}
CHAT = {"question": "Wie viele?"}
IDS = {"article_id": "a1", "conversation_id": "c1", "message_id": "m1", "model": "kilde"}
"""What the table has in the place of each parameter of a path."""
READERS: list[tuple[str, str, object, int]] = [
    ("POST", "/v1/chat", CHAT, 200),
    ("POST", "/v1/search", {"query": "bridge"}, 200),
    ("GET", "/v1/articles/a1", None, 200),
    ("GET", "/v1/conversations/c1", None, 200),
    ("DELETE", "/v1/conversations/c1", None, 204),
    ("POST", "/v1/messages/m1/feedback", {"rating": "up"}, 200),
    ("POST", "/v1/messages/m1/stop", None, 404),
]
OWN_PAGES: list[tuple[str, str, object, int]] = [
    ("GET", "/v1/articles", None, 200),
    ("GET", "/v1/models", None, 200),
    ("GET", "/v1/models/kilde", None, 200),
    ("POST", "/v1/chat/completions", {"model": "kilde", "messages": [{"role": "user", "content": "Wie viele?"}]}, 200),
]
ADMINS: list[tuple[str, str, object, int]] = [
    ("GET", "/v1/admin/stats", None, 200),
    ("GET", "/v1/admin/unanswered", None, 200),
    ("GET", "/v1/admin/index", None, 200),
    ("GET", "/v1/admin/feedback", None, 200),
    ("GET", "/v1/admin/drift", None, 200),
    ("POST", "/v1/admin/ingest", {"paths": ["/articles"]}, 200),
]
ANYONE: list[tuple[str, str, object, int]] = [
    ("GET", "/", None, 200),
    ("GET", "/page/icon.svg", None, 200),
    ("GET", "/admin", None, 200),
    ("GET", "/admin/icon.svg", None, 200),
    ("GET", "/health/live", None, 200),
    ("GET", "/health/ready", None, 200),
    ("GET", "/schema", None, 200),
]
REFUSED_TO_FOREIGN_PAGES = {
    *("known site, other's origin", "known site, stranger's origin", "known site, hidden origin"),
    *("unknown site", "no site"),
}
FOREIGN = {*REFUSED_TO_FOREIGN_PAGES, "known site", "right admin key from a known site"}


def expected(route: tuple[str, str, object, int], credential: str) -> int:
    """The table: by whom a route may be used."""
    if route in ANYONE:
        return route[3]
    if route in READERS:
        return 403 if credential in REFUSED_TO_FOREIGN_PAGES else route[3]
    if credential in FOREIGN:
        return 403
    return route[3] if route in OWN_PAGES or credential == "right admin key" else 401


@pytest.fixture
def client() -> Iterator[TestClient[Any]]:
    settings = Settings(admin_key="let-me-in", sites=SITES)
    with TestClient(build_app(FakeBackend(settings=settings))) as opened:
        yield opened


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("route", [*READERS, *OWN_PAGES, *ADMINS, *ANYONE], ids=lambda route: " ".join(route[:2]))
def test_who_may_do_what(client: TestClient[Any], route: tuple[str, str, object, int], credential: str) -> None:
    method, path, body, _ = route
    response = client.request(method, path, json=body, headers=CREDENTIALS[credential])
    assert response.status_code == expected(route, credential)
    origin = CREDENTIALS[credential].get("Origin") if credential in FOREIGN and route in READERS else None
    assert response.headers.get("access-control-allow-origin") == origin  # a refusal too is for its page to read
    assert "access-control-allow-credentials" not in response.headers
    if response.status_code in (401, 403):
        assert response.json()["error"]["code"] == {401: "unauthorized", 403: "forbidden"}[response.status_code]


def test_the_table_has_every_published_route(client: TestClient[Any]) -> None:
    published = {
        (method.upper(), re.sub(r"\{(\w+)\}", lambda found: IDS[found[1]], path))
        for path, methods in client.get("/schema").json()["paths"].items()
        for method in methods
    }
    assert published <= {route[:2] for route in (*READERS, *OWN_PAGES, *ADMINS, *ANYONE)}


def test_the_schema_says_where_a_site_or_a_key_is_taken(client: TestClient[Any]) -> None:
    taken = {
        "readers": [{}, {"site": []}, {"key": []}],
        "own pages": [{}, {"key": []}],
        "keys": [{"admin": []}],
    }
    for path, methods in client.get("/schema").json()["paths"].items():
        for operation in methods.values():
            assert operation.get("security") == taken.get(rule_of(path).who), path


def test_a_route_that_nobody_gave_a_rule_is_no_route() -> None:
    with pytest.raises(LookupError, match=r"/v1/brand-new.*rag/api/access\.py"):
        rule_of("/v1/brand-new")


def test_only_the_front_page_is_ruled_by_the_first_row() -> None:
    assert rule_of("/").who == "anyone"
    with pytest.raises(LookupError):
        rule_of("/elsewhere")


def test_the_longest_row_counts_and_rows_end_where_names_end() -> None:
    assert rule_of("/v1/chat/completions") == RULES["/v1/chat/completions"] != RULES["/v1/chat"]
    assert rule_of("/v1/messages/{message_id}/feedback").who == "readers"
    with pytest.raises(LookupError):
        rule_of("/v1/adminx")


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Origin": BLOG}, "Pages of other origins name their site, as X-Kilde-Site: ID"),
        ({"Origin": BLOG, "X-Kilde-Site": "blag"}, "There is no site 'blag'"),
        ({"Origin": STRANGER, "X-Kilde-Site": "blog"}, f"{STRANGER} is no origin of the site 'blog'. Add it there"),
    ],
)
def test_a_refused_page_is_told_which_setting_to_change(
    client: TestClient[Any], headers: dict[str, str], told: str
) -> None:
    error = client.post("/v1/chat", json=CHAT, headers=headers).json()["error"]
    assert error["message"].startswith(told)
    assert "setting KILDE_SITES" in error["message"]


def test_nothing_of_a_refused_request_is_done() -> None:
    backend = FakeBackend(settings=Settings(sites=SITES))
    with TestClient(build_app(backend)) as client:
        client.post("/v1/chat", json=CHAT, headers={"Origin": STRANGER, "X-Kilde-Site": "blog"})
        client.delete("/v1/conversations/c1", headers={"Origin": STRANGER, "X-Kilde-Site": "blog"})
    assert backend.calls == []
    assert "c1" in backend.conversations


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/conversations/c1", "/v1/messages/m1/feedback"])
@pytest.mark.parametrize("origin", [SHOP, STRANGER, "null"])
def test_any_page_is_told_beforehand_what_it_may_send(client: TestClient[Any], path: str, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = client.options(path, headers=asked | {"Access-Control-Request-Headers": "content-type,x-kilde-site"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == "GET, POST, DELETE"
    assert response.headers["access-control-allow-headers"] == "Content-Type, X-Kilde-Site"
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/admin/stats", "/v1/chat/completions"])
def test_what_is_for_no_page_of_another_origin_is_refused_beforehand(client: TestClient[Any], path: str) -> None:
    response = client.options(path, headers={"Origin": BLOG, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 403
    assert not any(name.startswith("access-control") for name in response.headers)


@pytest.mark.parametrize("headers", [{}, {"Origin": BLOG, "X-Kilde-Site": "blog"}, {"Origin": STRANGER}])
def test_what_depends_on_the_origin_says_so(client: TestClient[Any], headers: dict[str, str]) -> None:
    assert client.post("/v1/chat", json=CHAT, headers=headers).headers["vary"] == "Origin"


def test_a_refusal_of_the_route_itself_is_readable_by_the_page(client: TestClient[Any]) -> None:
    response = client.post("/v1/chat", json={"question": ""}, headers={"Origin": BLOG, "X-Kilde-Site": "blog"})
    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == BLOG


def test_a_streamed_answer_is_readable_by_the_page(client: TestClient[Any]) -> None:
    headers = {"Origin": BLOG, "X-Kilde-Site": "blog"}
    response = client.post("/v1/chat", json=CHAT | {"stream": True}, headers=headers)
    assert response.headers["access-control-allow-origin"] == BLOG
    assert response.headers["vary"] == "Origin"


def test_without_sites_no_other_page_may_ask() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        headers = {"Origin": BLOG, "X-Kilde-Site": "blog"}
        assert client.post("/v1/chat", json=CHAT, headers=headers).status_code == 403


def test_the_widget_s_files_are_for_every_page() -> None:
    @get("/widget/v1/widget.js", sync_to_thread=False)
    def script() -> str:
        return ""

    app: Litestar = build_app(FakeBackend())
    app.register(script)
    with TestClient(app) as client:
        for _ in range(100):
            response = client.get("/widget/v1/widget.js", headers={"Origin": STRANGER})
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, "*")
