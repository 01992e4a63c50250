"""``kilde ingest``, with a run whose events are written down."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_backend import RUN
from fake_runtime import FakeRuntime, installed

from index.records import FileOutcome, IngestEvent, IngestProgress, IngestRequest, IngestSummary
from rag.cli import run
from rag.cli_ingest import ingest_text, pace
from rag.errors import BusyError
from rag.owner import Owner

FAILED_RUN: tuple[IngestEvent, ...] = (
    FileOutcome(path="a.md", outcome="skipped", reason="a draft"),
    FileOutcome(path="b.md", outcome="failed", reason="not UTF-8"),
    IngestSummary(
        outcomes={"unchanged": 41, "skipped": 1, "failed": 1}, chunks=210, embedded=0, seconds=0.26, dry_run=False
    ),
)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    (tmp_path / "articles").mkdir()
    return installed(monkeypatch, tmp_path)


def test_a_path_that_does_not_exist_is_named_and_nothing_is_opened(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "articles", "artikel"]) == 3
    assert "artikel" in capsys.readouterr().err
    assert (runtime.calls, runtime.is_open) == ([], True)


def test_paths_arrive_absolute_with_the_options(runtime: FakeRuntime, tmp_path: Path) -> None:
    assert run(["ingest", "./articles/../articles", "--site-url", "https://n.example", "--dry-run", "--no-prune"]) == 0
    articles = str((tmp_path / "articles").resolve())
    assert runtime.calls == [IngestRequest(paths=(articles,), site_url="https://n.example", dry_run=True, prune=False)]


def test_the_site_address_of_the_settings_holds_where_none_is_given(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KILDE_SITE_URL", "https://set.example")
    run(["ingest", "articles"])
    (request,) = runtime.calls
    assert isinstance(request, IngestRequest)
    assert (request.site_url, request.dry_run, request.prune) == ("https://set.example", False, True)


def test_a_run_in_a_pipe_prints_its_figures_only(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ingest", "articles"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("1 new · 1 chunks, 1 embedded in 0.5 s\n", "")


def test_json_has_a_line_per_file_and_a_last_one_with_the_summary(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ingest", "articles", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == ["file", "summary"]
    assert (lines[0]["path"], lines[1]["outcomes"]) == ("city/bridge.md", {"new": 1})


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_failed_file_leaves_with_1(runtime: FakeRuntime, options: list[str]) -> None:
    runtime.run = FAILED_RUN
    assert run(["ingest", "articles", *options]) == 1


def test_skipped_and_failed_files_are_listed_with_their_reasons(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.run = FAILED_RUN
    run(["ingest", "articles"])
    assert capsys.readouterr().out.splitlines() == [
        "skipped a.md: a draft",
        "failed  b.md: not UTF-8",
        "41 unchanged, 1 skipped, 1 failed · 210 chunks, 0 embedded in 0.3 s",
    ]


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    summary = IngestSummary(outcomes={}, chunks=0, embedded=0, seconds=0, dry_run=True)
    assert ingest_text([], summary).plain == (
        "Dry run, nothing was changed: no articles found · 0 chunks, 0 embedded in 0.0 s"
    )


def test_a_run_cut_short_says_that_what_is_done_is_kept(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(request: IngestRequest) -> Iterator[IngestEvent]:
        yield RUN[1]
        raise KeyboardInterrupt

    monkeypatch.setattr(runtime, "ingest", interrupted)
    assert run(["ingest", "articles"]) == 130
    assert "everything so far is kept" in capsys.readouterr().err
    assert not runtime.is_open
    with Owner.acquire(tmp_path / "data"):
        pass


def test_a_run_beside_another_is_refused_at_once_with_its_pid(
    runtime: FakeRuntime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Owner.acquire(tmp_path / "data"):
        assert run(["ingest", "articles"]) == 2
    assert f"Process {os.getpid()} " in capsys.readouterr().err
    assert runtime.calls == []


def test_an_error_within_the_run_leaves_with_its_code(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.run = (*RUN[:2], BusyError("Another run is under way."))
    assert run(["ingest", "articles"]) == 2
    assert capsys.readouterr().err == "kilde: Another run is under way.\n"


@pytest.mark.parametrize(
    ("rate", "remaining", "shown"),
    [(None, None, ""), (39.52, None, "39.5 chunks/s"), (2.0, 3725.4, "2.0 chunks/s, 1:02:05 left")],
)
def test_the_pace_is_shown_as_far_as_it_is_known(rate: float | None, remaining: float | None, shown: str) -> None:
    progress = IngestProgress(phase="embedding", done=1, total=2, chunks_per_s=rate, remaining_s=remaining)
    assert pace(progress) == shown


def test_a_terminal_sees_the_progress_on_stderr(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    runtime.run = (IngestProgress(phase="embedding", done=3, total=8, chunks_per_s=2.0), *RUN)
    assert run(["ingest", "articles"]) == 0
    shown = capsys.readouterr()
    assert "reading" in shown.err
    assert shown.out == "1 new · 1 chunks, 1 embedded in 0.5 s\n"
