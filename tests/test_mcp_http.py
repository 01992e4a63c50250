"""What ``/mcp`` refuses before any tool is called: other names of this machine, other methods, too much."""

import httpx
import pytest
from fake_backend import FakeBackend
from served import served

from rag.api.mcp import hosts
from rag.settings import Settings

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a page", "version": "1"},
    },
}
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("host", "evil.example", 421),
        ("host", "evil.example:8000", 421),
        ("origin", "https://evil.example", 403),
        ("origin", "null", 403),
        ("origin", "http://localhost:8000", 200),
        ("host", "localhost", 200),
    ],
)
def test_a_page_that_comes_under_another_name_is_refused(address: str, header: str, value: str, status: int) -> None:
    response = httpx.post(f"{address}/mcp", json=INITIALIZE, headers={**HEADERS, header: value})
    assert response.status_code == status


def test_a_named_host_is_let_in() -> None:
    with served(FakeBackend(settings=Settings(mcp_hosts="kilde.example.org"))) as address:
        for value in ("kilde.example.org", "kilde.example.org:8443"):
            headers = {**HEADERS, "host": value, "origin": f"https://{value}"}
            assert httpx.post(f"{address}/mcp", json=INITIALIZE, headers=headers).status_code == 200


def test_every_request_counts_against_the_limit_of_its_visitor() -> None:
    with served(FakeBackend(settings=Settings(rate_limit="2/day"))) as address:
        tried = [httpx.post(f"{address}/mcp", json=INITIALIZE, headers=HEADERS) for _ in range(3)]
    assert [response.status_code for response in tried] == [200, 200, 429]
    assert int(tried[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Settings(), ["127.0.0.1", "localhost", "[::1]"]),
        (Settings(host="0.0.0.0"), ["127.0.0.1", "localhost", "[::1]"]),
        (Settings(host="fd00::1"), ["127.0.0.1", "localhost", "[::1]", "[fd00::1]"]),
        (Settings(mcp_hosts="a.example, b.example,"), ["127.0.0.1", "localhost", "[::1]", "a.example", "b.example"]),
    ],
)
def test_this_machine_and_what_is_named_are_the_hosts(settings: Settings, names: list[str]) -> None:
    assert list(hosts(settings)) == names


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_to_listen_to_and_no_session_to_end(address: str, method: str) -> None:
    response = httpx.request(method, f"{address}/mcp", headers=HEADERS)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_a_body_that_is_too_large_is_refused(address: str) -> None:
    response = httpx.post(f"{address}/mcp", content=b" " * 65_537, headers=HEADERS)
    assert response.status_code == 413
    assert "content-security-policy" in response.headers
