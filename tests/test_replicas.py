"""Two processes of ``kilde serve`` over PostgreSQL, a Chroma server and Redis are one service."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from chroma_server import ChromaServer
from postgres_server import PostgresServer
from redis_server import RedisServer
from small_serving import ingest, serving

QUESTION = {"question": "Where does the heron walk?"}
pytestmark = pytest.mark.service


@pytest.fixture
def settings(postgres: PostgresServer, chroma_server: ChromaServer, redis_server: RedisServer) -> dict[str, str]:
    return {
        "KILDE_DATABASE_URL": postgres.url(postgres.create()),
        "KILDE_CHROMA_URL": f"{chroma_server.url}?database={chroma_server.address().database}",
        "KILDE_CACHE_URL": redis_server.url,
        "KILDE_RATE_LIMIT": "off",
        "KILDE_DRAIN_S": "1",
        "KILDE_LOG_LEVEL": "WARNING",
    }


@contextmanager
def asking(data: Path, settings: dict[str, str]) -> Iterator[httpx.Client]:
    with serving(data, settings) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture
def pair(tmp_path: Path, settings: dict[str, str], site: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with asking(tmp_path / "a", settings) as first:
        ingest(tmp_path / "a", settings, site)
        with asking(tmp_path / "b", settings) as second:
            yield first, second


def told_again(client: httpx.Client) -> float:
    found = re.search(r'^kilde_answer_cache_total\{result="hit"\} (\S+)$', client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0


def ready(client: httpx.Client) -> tuple[object, ...]:
    response = client.get("/health/ready")
    told = response.json()
    return response.status_code, told["articles"], told["index"], told["shared"]


def test_what_one_process_has_answered_the_other_tells_again_and_goes_on_from(
    pair: tuple[httpx.Client, httpx.Client], redis_server: RedisServer
) -> None:
    first, second = pair
    assert ready(first) == ready(second) == (200, 2, "ok", "ok")
    one = first.post("/v1/chat", json=QUESTION).json()
    other = second.post("/v1/chat", json=QUESTION).json()
    assert (told_again(first), told_again(second)) == (0, 1)
    assert one["text"] == other["text"]
    assert one["message_id"] != other["message_id"]
    follow_up = {"question": "And in winter?", "conversation_id": one["conversation_id"]}
    assert second.post("/v1/chat", json=follow_up).status_code == 200
    kept = first.get(f"/v1/conversations/{one['conversation_id']}").json()
    assert [message["question"] for message in kept["messages"]] == [QUESTION["question"], "And in winter?"]
    judged = second.post(f"/v1/messages/{one['message_id']}/feedback", json={"rating": "up"})
    assert judged.status_code == 200
    redis_server.kill()
    assert second.post("/v1/chat", json=QUESTION).status_code == 200
    assert ready(second) == (200, 2, "ok", "degraded")


def test_what_one_process_ingests_the_other_finds_and_tells_nothing_older(
    pair: tuple[httpx.Client, httpx.Client], tmp_path: Path, site: Path, settings: dict[str, str]
) -> None:
    _, second = pair
    question = {"question": "What is the price of charging?"}
    second.post("/v1/chat", json=question)
    (site / "c.md").write_text("The price of charging in winter is 40 cents.\n")
    ingest(tmp_path / "a", settings, site)
    deadline = time.monotonic() + 30
    while second.post("/v1/search", json={"query": "price"}).json()["hits"][0]["path"] != "c.md":
        assert time.monotonic() < deadline, "another process's ingest is not seen"
        time.sleep(0.1)
    second.post("/v1/chat", json=question)
    assert told_again(second) == 0


def test_one_limit_holds_for_both(tmp_path: Path, settings: dict[str, str], redis_server: RedisServer) -> None:
    limited = settings | {"KILDE_RATE_LIMIT": "3/day"}
    with asking(tmp_path / "a", limited) as first, asking(tmp_path / "b", limited) as second:
        statuses = [client.get("/v1/models").status_code for client in (first, second, first, second)]
        assert statuses == [200, 200, 200, 429]
        redis_server.kill()
        assert second.get("/v1/models").status_code == 200
