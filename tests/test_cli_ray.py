"""``kilde ingest --ray`` before any cluster is there; ``test_cluster.py`` has a real one."""

import sys
from pathlib import Path

import pytest
from fake_runtime import FakeRuntime, installed

from index.records import IngestRequest
from rag.cli import run
from rag.owner import Owner


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    (tmp_path / "articles").mkdir()
    return installed(monkeypatch, tmp_path)


def test_without_ray_the_line_that_installs_it_is_named(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["ingest", "articles", "--ray", "local"]) == 3
    assert "pip install 'kilde[ray]'" in capsys.readouterr().err
    assert runtime.calls == []


def test_a_dry_run_starts_no_cluster(runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["ingest", "articles", "--ray", "local", "--dry-run"]) == 0
    (request,) = runtime.calls
    assert isinstance(request, IngestRequest)
    assert request.dry_run


def test_a_folder_that_a_service_owns_is_left_to_it(
    runtime: FakeRuntime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Owner.acquire(tmp_path / "data") as owner:
        owner.publish("http://127.0.0.1:8000")
        assert run(["ingest", "articles", "--ray", "local"]) == 2
    assert "Stop it before an ingest on Ray" in capsys.readouterr().err
    assert runtime.calls == []


def test_an_address_without_a_port_or_scheme_is_refused_before_anything_is_asked(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "articles", "--ray", "cluster"]) == 3
    assert "host:port" in capsys.readouterr().err
    assert runtime.calls == []
