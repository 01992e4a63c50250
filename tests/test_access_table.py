"""Every route with every credential, as ``access_table.txt`` says; no route is without a row."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from fake_backend import ANSWER, FakeBackend
from keyed_service import SLACK, KeyedService
from litestar.testing import TestClient
from test_mcp_http import HEADERS, INITIALIZE

from rag.api.app import build_app
from rag.settings import Settings

pytestmark = pytest.mark.sqlite_alone

ROWS = [
    line.split()
    for line in (Path(__file__).parent / "access_table.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
CREDENTIALS = ROWS[0]
TABLE = {(method, path): dict(zip(CREDENTIALS, cells, strict=True)) for method, path, *cells in ROWS[1:]}
VALUES = {
    **{"{article_id}": "a1", "{conversation_id}": "c1", "{message_id}": "m1", "{model}": "kilde", "{path}": "swagger"},
    **{"/page/{name}": "/page/icon.svg", "/admin/{name}": "/admin/icon.svg", "v1/{name}": "v1/widget.js"},
}
BODIES: dict[str, object] = {
    "/mcp": INITIALIZE,
    "/slack/events": {},
    "/v1/chat": {"question": "Wie viele?"},
    "/v1/search": {"query": "bridge"},
    "/v1/messages/{message_id}/feedback": {"rating": "up"},
    "/v1/chat/completions": {"model": "kilde", "messages": [{"role": "user", "content": "Wie viele?"}]},
    "/v1/admin/ingest": {"paths": ["/articles"]},
}


@pytest.fixture
def service(url: str) -> Iterator[KeyedService]:
    opened = KeyedService(url)
    yield opened
    opened.close()


@pytest.fixture
def client(service: KeyedService) -> Iterator[TestClient[Any]]:
    # The name under which ``/mcp`` is called is one of this machine's.
    with TestClient(service.app(), base_url="http://127.0.0.1") as opened:
        yield opened


def request(client: TestClient[Any], method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    address = path
    for name, value in VALUES.items():
        address = address.replace(name, value)
    response: httpx.Response = client.request(method, address, json=BODIES.get(path), headers={**HEADERS, **headers})
    return response


@pytest.mark.parametrize(("method", "path"), [route for route in TABLE if route[1] != "/slack/events"])
def test_each_credential_gets_what_the_table_says(
    method: str, path: str, service: KeyedService, client: TestClient[Any]
) -> None:
    # Whatever forgets the conversation would do so for the columns after it.
    found = {}
    for name in CREDENTIALS:
        service.backend.conversations["c1"] = (ANSWER,)
        found[name] = str(request(client, method, path, service.credentials[name]).status_code)
    assert found == TABLE[method, path]


def test_what_slack_did_not_sign_is_refused_whatever_key_it_shows(url: str) -> None:
    service = KeyedService(url, **SLACK)
    client = TestClient(service.app())
    found = {
        name: str(request(client, "POST", "/slack/events", headers).status_code)
        for name, headers in service.credentials.items()
    }
    service.close()
    assert found == TABLE["POST", "/slack/events"]


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    app = build_app(FakeBackend(settings=Settings(**SLACK)))
    routes = {
        (method, route.path_format) for route in app.routes for method in (getattr(route, "methods", None) or {"POST"})
    }
    assert {route for route in routes if route[0] not in ("OPTIONS", "HEAD")} == set(TABLE)


def test_the_document_names_no_route_that_the_table_lacks(client: TestClient[Any]) -> None:
    paths = client.get("/schema").json()["paths"]
    assert {(method.upper(), path) for path, item in paths.items() for method in item} <= set(TABLE)


ANOTHERS = [
    ("GET", "/v1/conversations/{}", None),
    ("DELETE", "/v1/conversations/{}", None),
    ("POST", "/v1/chat", {"question": "Wie?", "conversation_id": "{}"}),
    ("POST", "/v1/chat", {"question": "Wie?", "conversation_id": "{}", "stream": True}),
    (
        "POST",
        "/v1/chat/completions",
        {"model": "kilde", "messages": [{"role": "user", "content": "Wie?"}], "kilde": {"conversation_id": "{}"}},
    ),
    ("POST", "/v1/messages/{}/feedback", {"rating": "up"}),
    ("POST", "/v1/messages/{}/stop", None),
]


@pytest.mark.parametrize("credential", ["none", "other"])
@pytest.mark.parametrize(("method", "path", "body"), ANOTHERS)
def test_what_is_another_s_and_what_is_not_there_look_the_same(
    method: str, path: str, body: Any, credential: str, service: KeyedService, client: TestClient[Any]
) -> None:
    headers = service.credentials[credential]

    def tell(wanted: str) -> tuple[int, dict[str, str], str]:
        filled = _filled(body, wanted)
        response = client.request(method, path.format(wanted), json=filled, headers=headers)
        kept = {
            name: value for name, value in response.headers.items() if name not in ("content-length", "x-request-id")
        }
        return response.status_code, kept, response.text.replace(wanted, "ID")

    theirs = "m1" if "messages/" in path else "c1"
    assert tell(theirs) == tell("nowhere")
    assert tell(theirs)[0] == 404
    assert service.conversations.turns("c1") == (ANSWER,)


def _filled(body: Any, wanted: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, wanted) for name, value in body.items()}
    return wanted if body == "{}" else body


def test_how_long_a_refusal_takes_does_not_tell_whether_it_is_there(
    service: KeyedService, client: TestClient[Any]
) -> None:
    times: dict[str, list[float]] = {"c1": [], "nowhere": []}
    for _ in range(40):
        for wanted, taken in times.items():
            began = time.perf_counter()
            client.get(f"/v1/conversations/{wanted}", headers=service.credentials["other"])
            taken.append(time.perf_counter() - began)
    assert median(times["c1"]) < 2 * median(times["nowhere"])
    assert median(times["nowhere"]) < 2 * median(times["c1"])


def test_who_begins_a_conversation_has_it(service: KeyedService, client: TestClient[Any]) -> None:
    for streamed in (False, True):
        service.disown()
        asked = client.post(
            "/v1/chat", json={"question": "Wie?", "stream": streamed}, headers=service.credentials["other"]
        )
        assert asked.status_code == 200
        read = {
            name: client.get("/v1/conversations/c1", headers=service.credentials[name]).status_code
            for name in ("none", "ask", "other", "site", "admin")
        }
        assert read == {"none": 404, "ask": 404, "other": 200, "site": 404, "admin": 200}


def test_a_site_s_conversations_are_for_its_pages_alone(service: KeyedService, client: TestClient[Any]) -> None:
    service.disown()
    blog = service.credentials["site"]
    shop = {"Origin": "https://shop.example", "X-Kilde-Site": "shop"}
    assert client.post("/v1/chat", json={"question": "Wie?"}, headers=blog).status_code == 200
    read = [client.get("/v1/conversations/c1", headers=headers).status_code for headers in (blog, shop, {})]
    assert read == [200, 404, 404]
