"""Two services over one PostgreSQL as they are run: what one is told both know, and a server that goes is got over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from postgres_server import PostgresServer, missing, postgres_server
from small_site import TEXTS, write_articles

KILDE = (sys.executable, str(Path(__file__).with_name("small_service.py")))
PATIENCE_S = 30.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """One that may be stopped."""
    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as started:
        yield started


def environment(server: PostgresServer, data: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KILDE_")}
    return own | {"KILDE_DATA_DIR": str(data), "KILDE_DATABASE_URL": server.url("postgres"), "KILDE_PORT": "0"}


@contextmanager
def begun(server: PostgresServer, data: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A service that may not be ready yet."""
    with (data.parent / f"{data.name}.log").open("w") as log:
        process = subprocess.Popen(
            [*KILDE, "serve", *options],
            env=environment(server, data),
            cwd=data.parent,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def address_of(process: subprocess.Popen[str]) -> str:
    """Once it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Kilde is ready at "):
            return line.split()[4]
    pytest.fail("the service did not get ready")


@contextmanager
def serving(server: PostgresServer, data: Path) -> Iterator[str]:
    with begun(server, data) as process:
        yield address_of(process)


@pytest.fixture
def services(server: PostgresServer, tmp_path: Path) -> Iterator[tuple[str, str]]:
    with ExitStack() as stack:
        yield (
            stack.enter_context(serving(server, tmp_path / "one")),
            stack.enter_context(serving(server, tmp_path / "other")),
        )


def ingest(server: PostgresServer, data: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [*KILDE, "ingest", str(site)]
    return subprocess.run(
        command, env=environment(server, data), cwd=data.parent, capture_output=True, text=True, check=False
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


@pytest.mark.service
def test_what_a_third_process_ingests_both_answer_from_and_a_conversation_goes_on_in_either(
    server: PostgresServer, services: tuple[str, str], tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", TEXTS)
    done = ingest(server, tmp_path / "third", site)
    assert (done.returncode, "2 new" in done.stdout) == (0, True), done.stderr
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


@pytest.mark.service
def test_services_that_start_together_with_articles_to_read_read_them_one_after_the_other(
    server: PostgresServer, tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", {f"{n}.md": f"A heron, number {n}.\n" for n in range(60)})
    with ExitStack() as stack:
        both = [stack.enter_context(begun(server, tmp_path / name, "--ingest", str(site))) for name in ("one", "other")]
        for process in both:
            assert httpx.get(f"{address_of(process)}/health/ready").json()["articles"] == 60


@pytest.mark.service
def test_while_the_database_is_gone_readers_are_told_to_come_again_and_are_answered_once_it_is_back(
    server: PostgresServer, tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", TEXTS)
    ingest(server, tmp_path / "third", site)
    with serving(server, tmp_path / "one") as url:
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


@pytest.mark.service
def test_an_ingest_that_is_killed_keeps_nobody_waiting_and_the_next_one_completes_it(
    server: PostgresServer, tmp_path: Path
) -> None:
    site = write_articles(tmp_path / "site", {f"{n}.md": f"A heron, number {n}.\n" for n in range(400)})
    process = subprocess.Popen(
        [*KILDE, "ingest", str(site)],
        env=environment(server, tmp_path / "one"),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: _count(server, "article") > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < _count(server, "article") < 400
    done = ingest(server, tmp_path / "other", site)
    assert done.returncode == 0, done.stderr
    assert _count(server, "article") == 400


def _count(server: PostgresServer, table: str) -> int:
    try:
        ((count,),) = server.run(f"SELECT count(*) FROM {table}")
    except psycopg.errors.UndefinedTable:
        return 0
    assert isinstance(count, int)
    return count
