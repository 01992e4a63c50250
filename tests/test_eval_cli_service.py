"""``kilde eval run --url``: a running service is asked as a runtime in this process is."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from small_suite import SmallSystem, written

from rag.api.app import build_app
from rag.cli import run
from rag.settings import Settings


@pytest.fixture
def address(system: SmallSystem) -> Iterator[str]:
    """A real service with the small system behind it."""
    server = uvicorn.Server(uvicorn.Config(build_app(system), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_service_is_asked_over_http_as_one_in_process_is(suite: str, address: str, tmp_path: Path) -> None:
    here, there = written(suite, tmp_path / "here.json"), tmp_path / "there.json"
    assert run(["eval", "run", suite, "--url", address, "--concurrency", "2", "-o", str(there)]) == 0
    first, second = (json.loads(Path(file).read_text("utf-8")) for file in (here, there))
    assert first["outcomes"] == second["outcomes"]
    assert second["system"] == {"composer": "extractive", "ranked": "10 works"}


def test_the_admin_key_opens_what_a_service_runs_on(
    suite: str, system: SmallSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("KILDE_ADMIN_KEY", "a key")
    system.settings = Settings(admin_key="a key")
    address = request.getfixturevalue("address")
    assert run(["eval", "run", suite, "--url", address, "-o", str(tmp_path / "a.json")]) == 0
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["system"]["model"] == "fake-1"
