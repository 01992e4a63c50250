"""How often a visitor and the readers of a site may ask, who counts as one visitor, and what is never counted."""

from typing import Any

import anyio
import pytest
from fake_backend import KEY, FakeBackend
from litestar import Litestar
from litestar.testing import TestClient

from rag.api import credentials
from rag.api.app import build_app
from rag.api.counting import MemoryCounters, wait_for
from rag.api.limiting import in_words
from rag.rates import Rate
from rag.settings import Settings
from rag.visitors import visitor_of

BLOG = {"Origin": "https://blog.example", "X-Kilde-Site": "blog"}
MINUTE = Rate(4, "minute")


class Clock:
    now = 6_000.0
    """The beginning of a minute."""

    def __call__(self) -> float:
        return self.now


class From:
    """The app, as a server calls it whose connections all come from ``peer``."""

    def __init__(self, app: Litestar, peer: str) -> None:
        self.app = app
        self.peer = peer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope | {"client": (self.peer, 50_000)}, receive, send)


def service(peer: str = "203.0.113.7", **settings: Any) -> TestClient[Any]:
    return TestClient(From(build_app(FakeBackend(settings=Settings(**settings))), peer))


def search(client: TestClient[Any], **headers: str) -> int:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/v1/search", json={"query": "a"}, headers=names).status_code


def taken(counters: MemoryCounters, times: int, name: str = "a") -> list[float]:
    async def takes() -> list[float]:
        return [await counters.take(name, MINUTE) for _ in range(times)]

    return anyio.run(takes)


def test_what_is_over_the_limit_waits_until_a_place_is_free() -> None:
    clock = Clock()
    counters = MemoryCounters(clock)
    assert taken(counters, 4) == [0, 0, 0, 0]
    # 60 s to the next minute; there 4 count in full, and one place is free once a quarter of it has passed.
    assert taken(counters, 1) == [75]
    clock.now += 74.9
    assert taken(counters, 1) == [pytest.approx(0.1)]
    clock.now += 0.2
    assert taken(counters, 2) == [0, pytest.approx(14.9)]


def test_after_two_periods_nothing_counts_any_more() -> None:
    clock = Clock()
    counters = MemoryCounters(clock)
    taken(counters, 4)
    clock.now += 120
    assert taken(counters, 5) == [0, 0, 0, 0, 75]


@pytest.mark.parametrize(
    ("times", "count", "before", "passed", "wait"),
    [(1, 0, 0, 0.0, 0.0), (1, 1, 0, 0.5, 1.5), (10, 5, 8, 0.5, 0.0), (10, 5, 8, 0.25, 0.25), (10, 10, 0, 0.0, 1.1)],
)
def test_waits_worked_by_hand(times: int, count: int, before: int, passed: float, wait: float) -> None:
    assert wait_for(times, count, before, passed) == pytest.approx(wait)


def test_names_are_counted_apart_and_the_longest_idle_is_forgotten_first() -> None:
    counters = MemoryCounters(Clock(), most=2)
    taken(counters, 4, "a")
    taken(counters, 4, "b")
    assert taken(counters, 1, "a") == [75]
    taken(counters, 1, "c")
    assert len(counters) == 2
    assert taken(counters, 1, "a") == [75]
    assert taken(counters, 1, "b") == [0]


def test_a_visitor_who_asks_too_often_is_told_when_to_come_back() -> None:
    with service(rate_limit="2/day") as client:
        assert [search(client), search(client)] == [200, 200]
        response = client.get("/v1/articles")
    assert response.status_code == 429
    # A day has 86,400 s; half a window's length is left at the least.
    assert 43_200 <= int(response.headers["retry-after"]) <= 129_600
    error = response.json()["error"]
    assert (error["code"], error["param"]) == ("too_many_requests", None)
    assert error["message"].startswith("Too many requests from one place: 2 in one day are the most. Try again in ")
    assert error["message"].endswith(" hours.")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "a second"),
        (2, "2 seconds"),
        (119, "119 seconds"),
        (121, "3 minutes"),
        (7_199, "120 minutes"),
        (7_201, "3 hours"),
    ],
)
def test_a_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert in_words(seconds) == words


def test_nothing_is_done_for_who_asks_too_often() -> None:
    backend = FakeBackend(settings=Settings(rate_limit="1/day"))
    with TestClient(build_app(backend)) as client:
        assert [search(client), search(client)] == [200, 429]
    assert len(backend.calls) == 1


def test_off_counts_nothing() -> None:
    with service(rate_limit="off") as client:
        assert {search(client) for _ in range(100)} == {200}


def test_by_default_sixty_a_minute_are_served() -> None:
    with service() as client:
        assert [search(client) for _ in range(61)].count(200) in (60, 61)
        assert 429 in [search(client) for _ in range(61)]


@pytest.mark.parametrize(
    "path", ["/", "/page/icon.svg", "/admin", "/admin/icon.svg", "/health/live", "/health/ready", "/schema"]
)
def test_pages_health_and_schema_are_never_counted(path: str) -> None:
    with service(rate_limit="1/day") as client:
        assert {client.get(path).status_code for _ in range(5)} == {200}
        assert search(client) == 200


def test_preflights_are_not_counted() -> None:
    with service(rate_limit="1/day", sites="blog=https://blog.example") as client:
        assert {client.options("/v1/chat", headers=BLOG).status_code for _ in range(5)} == {204}


def test_the_admin_key_is_never_counted_on_any_route() -> None:
    with service(rate_limit="1/day", admin_key="let-me-in") as client:
        assert {search(client, **KEY) for _ in range(5)} == {200}
        assert {client.get("/v1/admin/stats", headers=KEY).status_code for _ in range(5)} == {200}


def test_admin_keys_cannot_be_tried_one_after_another() -> None:
    with service(rate_limit="2/day", admin_key="let-me-in") as client:
        tried = [client.get("/v1/admin/stats", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(4)]
    assert tried == [401, 401, 429, 429]


def test_the_readers_of_a_site_share_its_limit_and_others_do_not() -> None:
    sites = "blog=https://blog.example; shop=https://shop.example"
    with service(rate_limit="off", site_limit="2/day", sites=sites) as client:
        assert [search(client, **BLOG) for _ in range(3)] == [200, 200, 429]
        assert search(client) == 200
        assert search(client, Origin="https://shop.example", X_Kilde_Site="shop") == 200
        refused = client.post("/v1/chat", json={"question": "Wie?"}, headers=BLOG)
        assert refused.json()["error"]["message"].startswith(
            "The readers of this site have asked too much: 2 in one day"
        )
        assert refused.headers["access-control-allow-origin"] == "https://blog.example"
        assert refused.headers["access-control-expose-headers"] == "Retry-After"


@pytest.mark.parametrize("headers", [{"X-Kilde-Site": "blog"}, BLOG])
def test_whoever_names_a_site_uses_up_its_limit(headers: dict[str, str]) -> None:
    with service(site_limit="1/day", sites="blog=https://blog.example") as client:
        assert client.post("/v1/search", json={"query": "bridge"}, headers=headers).status_code == 200
        assert search(client, **BLOG) == 429


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/v1/chat", {"question": "Wie viele?"}, {}),
        ("/v1/chat", {"question": "Wie viele?"}, {"X-Kilde-Site": "unknown"}),
        ("/v1/chat", {"question": "Wie viele?"}, {"Origin": "http://testserver.local"}),
        ("/v1/chat/completions", {"model": "kilde", "messages": [{"role": "user", "content": "Wie viele?"}]}, {}),
        ("/mcp", {}, {}),
    ],
)
def test_all_who_name_no_known_site_share_one_limit(path: str, body: object, headers: dict[str, str]) -> None:
    with service(site_limit="1/day", sites="blog=https://blog.example") as client:
        assert client.post(path, json=body, headers=headers).status_code != 429
        refused = client.post("/v1/chat", json={"question": "Wie?"})
        assert refused.status_code == 429
        assert refused.json()["error"]["message"].startswith("The readers who name no site have asked too much")
        assert search(client, **BLOG) == 200


def test_a_site_at_its_limit_still_lets_readers_look_up_and_forget() -> None:
    with service(site_limit="1/day", sites="blog=https://blog.example") as client:
        assert [search(client, **BLOG), search(client, **BLOG)] == [200, 429]
        assert client.get("/v1/articles/a1", headers=BLOG).status_code == 200
        assert client.delete("/v1/conversations/c1", headers=BLOG).status_code == 204


def test_behind_a_trusted_proxy_each_client_is_a_visitor() -> None:
    with service("10.0.0.1", rate_limit="1/day", trusted_proxies="10.0.0.0/8") as client:
        assert search(client, X_Forwarded_For="198.51.100.1") == 200
        assert search(client, X_Forwarded_For="198.51.100.2") == 200
        assert search(client, X_Forwarded_For="198.51.100.1") == 429


def test_what_a_client_puts_before_the_proxy_s_word_does_not_count() -> None:
    with service("10.0.0.1", rate_limit="1/day", trusted_proxies="10.0.0.0/8") as client:
        assert search(client, X_Forwarded_For="1.1.1.1, 198.51.100.1, 10.0.0.2") == 200
        assert search(client, X_Forwarded_For="2.2.2.2, 198.51.100.1") == 429


@pytest.mark.parametrize("proxies", [None, "10.0.0.0/8"])
def test_who_is_no_trusted_proxy_cannot_name_another_client(
    proxies: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    credentials._warn_of_proxy.cache_clear()
    with service(rate_limit="1/day", trusted_proxies=proxies) as client:
        assert search(client, X_Forwarded_For="198.51.100.1") == 200
        assert search(client, X_Forwarded_For="198.51.100.2") == 429
    assert caplog.text.count("KILDE_TRUSTED_PROXIES") == (0 if proxies else 1)
    assert "198.51.100" not in caplog.text


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Real-IP": "198.51.100.{n}"},
        {"Forwarded": "for=198.51.100.{n}"},
        {"True-Client-IP": "198.51.100.{n}"},
        {"X-Forwarded-For": "198.51.100.{n}, 203.0.113.9"},
        {"X-Forwarded-For": "10.0.0.{n}, 203.0.113.9, 10.0.0.2"},
        {"X-Forwarded-For": "'; DROP TABLE {n}, 203.0.113.9"},
    ],
)
def test_no_header_of_a_client_s_own_makes_it_another_visitor(headers: dict[str, str]) -> None:
    with service("10.0.0.1", rate_limit="2/day", trusted_proxies="10.0.0.0/8") as client:
        sent = [{name: value.format(n=n) for name, value in headers.items()} for n in range(4)]
        assert [search(client, **one) for one in sent] == [200, 200, 429, 429]


def test_one_network_of_ipv6_addresses_is_one_visitor() -> None:
    with service("::1", rate_limit="1/day", trusted_proxies="::1") as client:
        assert search(client, X_Forwarded_For="2001:db8:1:2::3") == 200
        assert search(client, X_Forwarded_For="2001:db8:1:2:ffff::4") == 429
        assert search(client, X_Forwarded_For="2001:db8:1:3::3") == 200


@pytest.mark.parametrize(
    ("host", "visitor"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("x" * 100, "x" * 64),
    ],
)
def test_who_counts_as_one(host: str, visitor: str) -> None:
    assert visitor_of(host) == visitor


def test_refusals_are_in_the_schema_of_every_counted_route() -> None:
    with service() as client:
        paths = client.get("/schema").json()["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            assert path.startswith("/health") or {"403", "429"} <= set(operation["responses"]), path
