"""``kilde serve`` as a process of its own, over the real HTTP application, and the watch on a folder."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, RUN, FakeBackend

from index.records import FileOutcome, IngestRequest
from rag.cli import run
from rag.cli_serve import ingest_first, watching
from rag.errors import BusyError
from rag.owner import RECORD_FILE, Owner, ServiceAddress, running_service
from rag.records import Answer, Question
from rag.remote import Remote
from rag.settings import Settings

KILDE = """
import sys, types
sys.path.insert(0, sys.argv.pop(1))
from fake_runtime import FakeRuntime
module = types.ModuleType("rag.runtime")
module.open_runtime = lambda settings: FakeRuntime(settings=settings)
sys.modules["rag.runtime"] = module
from rag.cli import main
main()
"""


class Service:
    """A running ``kilde serve`` on a free port."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            [sys.executable, "-c", KILDE, str(Path(__file__).parent), "serve", "--port", "0", *options],
            env={"KILDE_DATA_DIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if "ready" in line:
                break

    def address(self) -> ServiceAddress:
        found = running_service(self.data_dir)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("served"))
    yield service
    service.process.terminate()
    service.process.communicate(timeout=20)


@pytest.mark.service
def test_the_address_is_printed_when_the_service_is_ready(service: Service) -> None:
    assert re.fullmatch(r"Kilde is ready at http://127\.0\.0\.1:\d+ \(1 articles, 1 chunks\)\n", service.lines[-1])
    assert service.address().url in service.lines[-1]


@pytest.mark.service
def test_a_question_goes_to_the_running_service(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", str(service.data_dir))
    assert run(["ask", "Wie viele?", "--json"]) == 0
    shown = capsys.readouterr()
    assert msgspec.json.decode(shown.out, type=Answer) == msgspec.structs.replace(ANSWER, question="Wie viele?")
    assert shown.err == ""


@pytest.mark.service
@pytest.mark.parametrize("command", [["search", "bro"], ["articles"], ["stats"], ["doctor"]])
def test_the_other_commands_go_to_the_running_service(
    command: list[str], service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", str(service.data_dir))
    assert run(command) == 0
    assert re.search(r"city/bridge\.md|fake-1|service +1 articles", capsys.readouterr().out)


@pytest.mark.service
def test_a_streamed_turn_comes_through_the_running_service(service: Service) -> None:
    with Remote(service.address()) as remote:
        *_, last = remote.events(Question(question="Wie viele?"))
    assert last.event == "message.end"


@pytest.mark.service
def test_the_running_service_ingests_with_the_owners_token_only(service: Service, tmp_path: Path) -> None:
    request = IngestRequest(paths=(str(tmp_path),))
    with Remote(service.address()) as remote:
        assert tuple(remote.ingest(request)) == RUN
    stranger = msgspec.structs.replace(service.address(), token="guess")
    with Remote(stranger) as remote, pytest.raises(Exception, match="admin key"):
        list(remote.ingest(request))


@pytest.mark.service
def test_a_second_service_on_the_folder_is_refused_with_pid_and_address(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", str(service.data_dir))
    assert run(["serve", "--port", "0"]) == 2
    shown = capsys.readouterr().err
    assert f"Process {service.process.pid} serves" in shown
    assert service.address().url in shown


@pytest.mark.service
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_stop_gives_the_folder_back(tmp_path: Path, stop: signal.Signals) -> None:
    service = Service(tmp_path / "data", "--ingest", str(tmp_path))
    assert service.lines[0] == "1 new · 1 chunks, 1 embedded in 0.5 s\n"
    service.process.send_signal(stop)
    _, told = service.process.communicate(timeout=20)
    assert (service.process.returncode, told) == (0, "")
    assert not (tmp_path / "data" / RECORD_FILE).exists()
    with Owner.acquire(tmp_path / "data"):
        pass


def test_a_folder_to_watch_that_does_not_exist_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "data"))
    assert run(["serve", "--watch", str(tmp_path / "none")]) == 3
    assert "none" in capsys.readouterr().err


def wait_for(backend: FakeBackend, runs: int) -> None:
    deadline = time.monotonic() + 20
    while len(backend.calls) < runs and time.monotonic() < deadline:
        time.sleep(0.02)


def test_a_watched_folder_is_ingested_at_the_start_and_after_every_change(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    backend = FakeBackend(settings=Settings(data_dir=str(folder / ".kilde")))
    request = IngestRequest(paths=(str(folder),))
    with watching(backend, request):
        wait_for(backend, 1)
        (folder / "new.md").write_text("# New")
        wait_for(backend, 2)
    assert backend.calls == [request, request]


def test_what_kilde_writes_below_a_watched_folder_starts_no_run(tmp_path: Path) -> None:
    data = tmp_path / ".kilde"
    data.mkdir()
    backend = FakeBackend(settings=Settings(data_dir=str(data)))
    with watching(backend, IngestRequest(paths=(str(tmp_path),))):
        wait_for(backend, 1)
        (data / "catalog.sqlite").write_text("")
        time.sleep(2.5)
    assert len(backend.calls) == 1


def test_without_folders_nothing_is_watched() -> None:
    before = set(threading.enumerate())
    with watching(FakeBackend(), IngestRequest(paths=())):
        assert set(threading.enumerate()) <= before


def test_problems_of_a_watched_folder_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = FileOutcome(path="b.md", outcome="failed", reason="not UTF-8")
    backend = FakeBackend(run=(failed, *RUN))
    with watching(backend, IngestRequest(paths=(str(tmp_path),))):
        wait_for(backend, 1)
    assert capsys.readouterr().err == "kilde: b.md: not UTF-8\n"


def test_a_watch_waits_for_a_run_that_is_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("rag.cli_serve.BUSY_PAUSE_S", 0.01)
    backend = FakeBackend(run=(BusyError("Another run is under way."),))
    with watching(backend, IngestRequest(paths=(str(tmp_path),))):
        wait_for(backend, 3)
    assert len(backend.calls) >= 3
    assert capsys.readouterr().err == ""


def test_articles_to_read_before_it_opens_wait_for_another_process_that_ingests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = FakeBackend(run=(BusyError("The database is taken for an ingest."),))

    def then_it_is_free(_pause_s: float) -> None:
        backend.run = RUN

    monkeypatch.setattr("rag.cli_serve.time.sleep", then_it_is_free)
    ingest_first(backend, IngestRequest(paths=("/articles",)))
    assert len(backend.calls) == 2
    told = capsys.readouterr()
    assert "taken for an ingest" in told.err
    assert told.out != ""
