"""Two processes of ``kilde serve`` over one database, one Chroma server and one Redis are one service."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from chroma_server import ChromaServer
from redis_server import RedisServer
from small_site import TEXTS, write_articles

KILDE = (sys.executable, str(Path(__file__).with_name("small_service.py")))
QUESTION = {"question": "Where does the heron walk?"}
pytestmark = pytest.mark.service


@pytest.fixture
def environment(tmp_path: Path, chroma_server: ChromaServer, redis_server: RedisServer) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KILDE_")}
    return own | {
        "KILDE_DATABASE_URL": f"sqlite:///{tmp_path / 'shared.db'}",
        "KILDE_CHROMA_URL": f"{chroma_server.url}?database={chroma_server.address().database}",
        "KILDE_CACHE_URL": redis_server.url,
        "KILDE_RATE_LIMIT": "8/day",
        "KILDE_DRAIN_S": "1",
        "KILDE_LOG_LEVEL": "WARNING",
    }


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    command = [*KILDE, "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(
        command,
        env=environment | {"KILDE_DATA_DIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
            with httpx.Client(base_url=address, timeout=30) as client:
                yield process, client
        finally:
            process.send_signal(signal.SIGTERM)


@pytest.fixture
def pair(tmp_path: Path, environment: dict[str, str]) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    site = write_articles(tmp_path / "site", TEXTS)
    with serving(tmp_path / "a", environment) as (_, first):
        ingest = [*KILDE, "ingest", str(site), "--json"]  # by the service of that folder
        own = environment | {"KILDE_DATA_DIR": str(tmp_path / "a")}
        subprocess.run(ingest, env=own, capture_output=True, check=True)
        with serving(tmp_path / "b", environment) as (_, second):
            yield first, second


def told_again(client: httpx.Client) -> float:
    found = re.search(r'^kilde_answer_cache_total\{result="hit"\} (\S+)$', client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0


def test_what_one_process_has_answered_the_other_tells_continues_and_limits(
    pair: tuple[httpx.Client, httpx.Client], redis_server: RedisServer
) -> None:
    first, second = pair
    for client in pair:
        ready = client.get("/health/ready").json()
        assert (ready["ready"], ready["articles"], ready["index"], ready["shared"]) == (True, 2, "ok", "ok")
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
    statuses = [client.post("/v1/search", json={"query": "heron"}).status_code for client in (*pair, *pair)]
    assert statuses == [200, 200, 200, 429]  # five requests were counted before
    redis_server.kill()
    assert second.post("/v1/search", json={"query": "heron"}).status_code == 200
    ready = second.get("/health/ready")
    assert (ready.status_code, ready.json()["shared"]) == (200, "degraded")
