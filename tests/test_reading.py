"""Folders are walked safely, and files parsed where they can do no harm."""

import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.reading import FailedFile, ReadingLimits, find_files, read_files, read_folders
from index.records import Article, Skipped

TODAY = date(2025, 1, 15)
HANGING = b"[](" * 200_000


def write(root: Path, **files: bytes) -> list[str]:
    for name, data in files.items():
        (root / f"{name}.md").write_bytes(data)
    return [f"{name}.md" for name in files]


def reasons(root: Path) -> dict[str, str]:
    return {failed.path: failed.reason for failed in find_files(root)[1]}


def test_results_come_in_the_order_of_the_paths(tmp_path: Path) -> None:
    paths = write(tmp_path, c=b"Text.", a=b"---\ndraft: true\n---\nx", b=b"\0")
    found = list(read_files(tmp_path, paths, today=TODAY, site_url="https://s.example"))
    assert [(type(one), one.path) for one in found] == [(Article, "c.md"), (Skipped, "a.md"), (FailedFile, "b.md")]


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every child process that is started, in order."""
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def keeping(*args: Any, **wanted: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*args, **wanted))
        return started[-1]

    monkeypatch.setattr("index.reading.subprocess.Popen", keeping)
    return started


def test_several_folders_are_read_in_turn_by_one_child(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    folders = []
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        folders.append((tmp_path / name, write(tmp_path / name, one=name.encode(), two=b"Text.")))
    found = list(read_folders(folders, today=TODAY))
    assert [one.text for one in found if isinstance(one, Article)] == ["b", "Text.", "a", "Text."]
    assert len(children) == 1


def test_a_file_that_hangs_fails_alone(tmp_path: Path) -> None:
    paths = write(tmp_path, a=HANGING, b=b"Text.")
    first, second = read_files(tmp_path, paths, today=TODAY, limits=ReadingLimits(seconds=0.5))
    assert isinstance(first, FailedFile)
    assert "0.5 seconds of processor time" in first.reason
    assert isinstance(second, Article)


def test_a_child_that_gets_no_processor_time_loses_no_file(
    tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    limits = ReadingLimits(seconds=0.2)
    results = read_files(tmp_path, write(tmp_path, a=b"First.", b=b"Second."), today=TODAY, limits=limits)
    next(results)
    children[0].send_signal(signal.SIGSTOP)
    waking = threading.Timer(0.6, children[0].send_signal, [signal.SIGCONT])
    waking.start()
    assert isinstance(next(results), Article)
    waking.join()
    assert len(children) == 1


def test_a_file_whose_child_stalls_is_read_by_another(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    limits = ReadingLimits(wait_seconds=3)
    results = read_files(tmp_path, write(tmp_path, a=b"First.", b=b"Second."), today=TODAY, limits=limits)
    next(results)
    children[0].send_signal(signal.SIGSTOP)
    assert isinstance(next(results), Article)
    assert len(children) == 2


def test_a_file_that_stalls_twice_fails_alone(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    paths = write(tmp_path, a=HANGING)
    (failed,) = read_files(tmp_path, paths, today=TODAY, limits=ReadingLimits(seconds=60, wait_seconds=0.2))
    assert isinstance(failed, FailedFile)
    assert "0.2 seconds, twice" in failed.reason
    assert len(children) == 2


def test_a_file_that_eats_memory_fails_alone(tmp_path: Path) -> None:
    paths = write(tmp_path, a=b"word *x* " * 800_000, b=b"Text.")
    limits = ReadingLimits(seconds=60, memory_bytes=500_000_000)
    first, second = read_files(tmp_path, paths, today=TODAY, limits=limits)
    assert isinstance(first, FailedFile)
    assert isinstance(second, Article)


def test_a_file_over_the_size_limit_is_not_parsed(tmp_path: Path) -> None:
    paths = write(tmp_path, a=b"x" * 2049)
    (failed,) = read_files(tmp_path, paths, today=TODAY, limits=ReadingLimits(file_bytes=2048))
    assert isinstance(failed, FailedFile)
    assert "2 KB" in failed.reason


@pytest.mark.parametrize("path", ["../secret.md", "missing.md", "folder", "pipe.md", "nul\0.md", "bad\udcff.md"])
def test_what_is_no_file_of_the_folder_fails(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret.md").write_text("secret")
    os.mkfifo(root / "pipe.md")
    (failed,) = read_files(root, [path], today=TODAY)
    assert isinstance(failed, FailedFile)


def test_no_process_is_started_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    assert list(read_files(tmp_path, [], today=TODAY)) == []


def test_reading_loads_no_model_library() -> None:
    code = "import sys, index.readers.child; sys.exit(any(m in sys.modules for m in ('torch', 'chromadb')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_files_are_found_sorted_and_only_those_that_are_read(tmp_path: Path) -> None:
    for name in ("b.md", "a/z.HTML", "a/b.txt", "c.png", ".hidden.md", ".git/x.md", "node_modules/x.md", "d.md/e.md"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    assert find_files(tmp_path) == (["a/b.txt", "a/z.HTML", "b.md", "d.md/e.md"], [])


def test_links_are_not_followed_and_those_that_lead_out_are_told(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (root / "own.md").write_text("own")
    for link, target in {
        "again.md": root / "own.md",
        "loop": root,
        "out": tmp_path,
        "out.md": tmp_path / "secret.md",
        "gone.md": root / "gone",
        "self.md": root / "self.md",
        "self": root / "self",
    }.items():
        (root / link).symlink_to(target)
    found, failed = find_files(root)
    assert found == ["own.md"]
    assert [file.path for file in failed] == ["gone.md", "out", "out.md", "self.md"]


def test_a_fifo_is_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.md")
    assert "regular" in reasons(tmp_path)["a.md"]


def test_a_name_that_is_not_utf8_is_told_in_valid_text(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.md")).write_text("x")
    assert "UTF-8" in reasons(tmp_path)["b\ufffd.md"]


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in reasons(tmp_path / "missing")["."]
