"""What all tests share: where the unpacked model lies, what several files start from, no skip unseen in CI.

Fixtures import what they are made of when they are used, so that a test waits for no library it does without.
"""

import logging
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chroma_server import ChromaServer
    from fake_backend import FakeBackend
    from litestar.testing import TestClient
    from playwright.sync_api import Browser
    from postgres_server import PostgresServer
    from redis_server import RedisServer
    from small_index import SmallIndex
    from small_site import LoadedModels
    from small_suite import SmallSystem

    from rag.conversations import Conversations
    from rag.runtime import Runtime
    from rag.settings import Settings
    from rag.shared_memory import SharedMemory

REPOSITORY = Path(__file__).resolve().parent.parent
SKIPS_ALLOWED_IN_CI = "../shared"
ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder in which the bundled model is unpacked, once for all runs; the same one as ``make serve`` uses."""
    return Path(os.environ.get("KILDE_MODEL_DIR") or REPOSITORY / ".kilde" / "models")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """For one module only: its event loop would stop others from having one."""
    from browsing import open_browser

    with open_browser() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_log_handler_stays() -> Iterator[None]:
    """What a command run in this process logs goes to a stderr that is closed after the test."""
    yield
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ChromaServer]":
    """One for all tests that do it no harm."""
    from chroma_server import ChromaServer

    server = ChromaServer(tmp_path_factory.mktemp("chroma") / "server")
    yield server
    server.stop()


@pytest.fixture
def redis_server(tmp_path: Path) -> "Iterator[RedisServer]":
    """One for each test, which starts in some milliseconds, so that a test may kill it."""
    from redis_server import MISSING, PROGRAM, RedisServer

    if PROGRAM is None:
        pytest.skip(MISSING)
    server = RedisServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def shared(redis_server: "RedisServer") -> "Iterator[SharedMemory]":
    from rag.shared_memory import SharedMemory

    opened = SharedMemory.open(redis_server.url)
    yield opened
    opened.close()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> "Iterator[SmallIndex]":
    from small_index import small_index

    opened = small_index(tmp_path, monkeypatch, url=url)
    yield opened
    opened.close()


@pytest.fixture
def filled(index: "SmallIndex") -> "SmallIndex":
    """Two articles, with all that they had encoded forgotten."""
    from small_index import ONE, TWO

    index.write("a.md", ONE, title="Battery")
    index.write("b.md", TWO, title="Heron")
    index.ingest()
    index.words.encoded.clear()
    return index


@pytest.fixture
def three_words(index: "SmallIndex") -> "SmallIndex":
    """Three articles that differ in one word."""
    for word in ("battery", "heron", "winter"):
        index.write(f"{word}.md", f"The {word} is here.")
    index.ingest()
    return index


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> "LoadedModels":
    """The models that ``runtime`` loads."""
    from small_site import without_model

    return without_model(monkeypatch)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with the articles that ``runtime`` may ingest."""
    from small_site import TEXTS, write_articles

    return write_articles(tmp_path / "site", TEXTS)


@pytest.fixture
def runtime_settings(tmp_path: Path, url: str) -> "Settings":
    """Of a data folder ``data``, with the database in it or beside it."""
    from rag.settings import Settings

    return Settings(data_dir=str(tmp_path / "data"), database_url=None if url.startswith("sqlite") else url)


@pytest.fixture
def runtime(runtime_settings: "Settings", loaded: "LoadedModels") -> "Iterator[Runtime]":
    """Empty, of ``runtime_settings``."""
    from rag.runtime import open_runtime

    opened = open_runtime(runtime_settings)
    yield opened
    opened.close()


@pytest.fixture
def by_late_interaction_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_answering import CALIBRATION, WEIGHTS

    monkeypatch.setattr("rag.candidates.extraction_weights", lambda: WEIGHTS)
    for user in ("reader", "evidence"):
        monkeypatch.setattr(f"rag.{user}.calibration", lambda: CALIBRATION)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A server of its own, started when the first test needs it."""
    from postgres_server import missing, postgres_server

    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: "PostgresServer") -> str:
    """Of a database in PostgreSQL with all tables and nothing in them."""
    return postgres.url(postgres.emptied())


@pytest.fixture
def empty_postgres_url(postgres: "PostgresServer") -> Iterator[str]:
    """Of a new database in PostgreSQL that has no tables."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


def _names(of_parameters: str | Sequence[str]) -> Sequence[str]:
    return of_parameters.replace(",", " ").split() if isinstance(of_parameters, str) else of_parameters


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that takes ``url`` runs over SQLite and over PostgreSQL, unless it is marked ``sqlite_alone``."""
    given = [name for mark in metafunc.definition.iter_markers("parametrize") for name in _names(mark.args[0])]
    if "url" in metafunc.fixturenames and "url" not in given:
        is_alone = metafunc.definition.get_closest_marker("sqlite_alone") is not None
        metafunc.parametrize("url", ENGINES[:1] if is_alone else ENGINES, indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kilde.db'}"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def conversations(url: str) -> "Iterator[Conversations]":
    from rag.conversations import Conversations

    opened = Conversations.open(url)
    yield opened
    opened.close()


@pytest.fixture
def backend() -> "FakeBackend":
    """Its admin routes open with ``fake_backend.KEY``; it counts no requests."""
    from fake_backend import FakeBackend

    from rag.settings import Settings

    return FakeBackend(settings=Settings(admin_key="let-me-in", rate_limit="off"))


@pytest.fixture
def client(backend: "FakeBackend") -> "Iterator[TestClient[Any]]":
    """Of a service with ``backend`` behind it."""
    from litestar.testing import TestClient

    from rag.api.app import build_app

    with TestClient(build_app(backend)) as opened:
        yield opened


@pytest.fixture
def address(backend: "FakeBackend") -> Iterator[str]:
    """Of a real service with ``backend`` behind it."""
    from served import served

    with served(backend) as opened:
        yield opened


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "SmallSystem":
    """What ``kilde eval`` asks in this process."""
    from small_suite import SmallSystem

    system = SmallSystem()
    monkeypatch.setattr("evals.fresh.open_runtime", lambda settings: system)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "data"))
    return system


@pytest.fixture
def suite(system: "SmallSystem", tmp_path: Path) -> str:
    """Checked against its articles, which the system has."""
    from small_suite import accepted

    return accepted(tmp_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if os.environ.get("CI") and report.skipped:
        refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Makes a failure of a skip, unless it is for want of the articles that lie beside the repository."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if SKIPS_ALLOWED_IN_CI not in reason:
        report.outcome = "failed"
        report.longrepr = f"{reason} (in CI nothing may be skipped but what waits for {SKIPS_ALLOWED_IN_CI})"
