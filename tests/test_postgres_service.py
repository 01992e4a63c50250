"""Two services over one PostgreSQL as they are run: what one is told both know, and a server that goes is got over."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
from postgres_server import PostgresServer, missing, postgres_server
from small_serving import KILDE, address_of, begun, environment, ingest, serving
from small_site import TEXTS, write_articles

PATIENCE_S = 30.0
pytestmark = pytest.mark.service


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One that may be stopped."""
    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as started:
        yield started


@pytest.fixture
def settings(server: PostgresServer) -> dict[str, str]:
    return {"KILDE_DATABASE_URL": server.url("postgres")}


@pytest.fixture
def services(settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[str, str]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(serving(tmp_path / "one", settings)),
            stack.enter_context(serving(tmp_path / "other", settings)),
        )


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def articles_found(url: str) -> int:
    return len(httpx.post(f"{url}/v1/search", json={"query": "heron battery"}, timeout=20).json()["hits"])


def ask(url: str, conversation_id: str | None = None) -> httpx.Response:
    body = {"question": "Where is the battery charged?", "conversation_id": conversation_id}
    return httpx.post(f"{url}/v1/chat", json=body, timeout=20)


def test_what_a_third_process_ingests_both_answer_from_and_a_conversation_goes_on_in_either(
    settings: dict[str, str], services: tuple[str, str], tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", TEXTS)
    assert "2 new" in ingest(tmp_path / "third", settings, site)
    for url in services:
        until(lambda url=url: articles_found(url) == 2)  # type: ignore[misc]
    one, other = services
    began = ask(one).json()
    went_on = ask(other, began["conversation_id"]).json()
    assert went_on["conversation_id"] == began["conversation_id"]
    assert httpx.post(f"{other}/v1/messages/{began['message_id']}/feedback", json={"rating": "up"}).status_code == 200
    assert len(httpx.get(f"{one}/v1/conversations/{began['conversation_id']}").json()["messages"]) == 2
    assert httpx.delete(f"{other}/v1/conversations/{began['conversation_id']}").status_code == 204
    assert httpx.get(f"{one}/v1/conversations/{began['conversation_id']}").status_code == 404


def test_services_that_start_together_with_articles_to_read_read_them_one_after_the_other(
    settings: dict[str, str], tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", {f"{n}.md": f"A heron, number {n}.\n" for n in range(60)})
    with ExitStack() as stack:
        both = [
            stack.enter_context(begun(tmp_path / name, settings, "--ingest", str(site))) for name in ("one", "other")
        ]
        for process in both:
            assert httpx.get(f"{address_of(process)}/health/ready").json()["articles"] == 60


def test_while_the_database_is_gone_readers_are_told_to_come_again_and_are_answered_once_it_is_back(
    server: PostgresServer, settings: dict[str, str], tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", TEXTS)
    ingest(tmp_path / "third", settings, site)
    with serving(tmp_path / "one", settings) as url:
        assert ask(url).json()["status"] == "answered"
        server.stop()
        refused = ask(url)
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "storage")
        assert refused.json()["error"]["message"].startswith("The database does not answer.")
        assert int(refused.headers["retry-after"]) > 0
        assert httpx.get(f"{url}/health/ready").status_code == 503
        assert httpx.get(f"{url}/health/live").status_code == 200
        server.start()
        assert ask(url).json()["status"] == "answered"
        assert httpx.get(f"{url}/health/ready").status_code == 200


def test_an_ingest_that_is_killed_keeps_nobody_waiting_and_the_next_one_completes_it(
    server: PostgresServer, settings: dict[str, str], tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", {f"{n}.md": f"A heron, number {n}.\n" for n in range(400)})
    process = subprocess.Popen(
        [*KILDE, "ingest", str(site)],
        env=environment(tmp_path / "one", settings),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: _count(server, "article") > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < _count(server, "article") < 400
    ingest(tmp_path / "other", settings, site)
    assert _count(server, "article") == 400


def _count(server: PostgresServer, table: str) -> int:
    try:
        ((count,),) = server.run(f"SELECT count(*) FROM {table}")
    except psycopg.errors.UndefinedTable:
        return 0
    assert isinstance(count, int)
    return count
