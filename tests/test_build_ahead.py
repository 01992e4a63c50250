"""Reading, chunking and encoding run ahead of writing, and nobody can tell but by the clock."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_index import SmallIndex, outcomes_of, small_index

from index.records import FileOutcome, IngestProgress, PassageVectors

ONE = "The battery is charged in Brussels."


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 1)
    opened = small_index(tmp_path, monkeypatch)
    for number in range(6):
        opened.write(f"{number}.md", f"{ONE} Number {number}.")
    yield opened
    opened.close()


def files(events: Iterator[object]) -> Iterator[FileOutcome]:
    return (event for event in events if isinstance(event, FileOutcome))


def test_the_next_window_is_encoded_while_the_caller_looks_at_the_last(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = threading.Event()
    encode = index.words.encode_passages

    def encoding(texts: list[str]) -> PassageVectors:
        if any("Number 2." in text for text in texts):
            third.set()
        return encode(texts)

    monkeypatch.setattr(index.words, "encode_passages", encoding)
    events = index.events()
    assert next(files(events)).path == "0.md"
    assert third.wait(10)
    assert set(index.texts()) == {"0.md"}
    events.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("stop", range(1, 8))
def test_a_run_that_is_closed_early_leaves_no_thread(index: SmallIndex, stop: int) -> None:
    before = set(threading.enumerate())
    events = index.events()
    for _ in range(stop):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before


def test_a_run_that_is_dropped_leaves_no_thread(index: SmallIndex) -> None:
    before = set(threading.enumerate())
    for _ in index.events():
        break
    assert set(threading.enumerate()) <= before


def test_an_error_of_the_encoder_is_raised_as_it_is_and_the_windows_before_it_stay(
    index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())
    error = MemoryError("no room for the batch")
    encode = index.words.encode_passages

    def failing(texts: list[str]) -> PassageVectors:
        if any("Number 3." in text for text in texts):
            raise error
        return encode(texts)

    monkeypatch.setattr(index.words, "encode_passages", failing)
    told: list[str] = []
    with pytest.raises(MemoryError) as raised:
        told.extend(event.path for event in files(index.events()))
    assert raised.value is error
    assert set(index.texts()) == {"0.md", "1.md", "2.md"}
    assert set(threading.enumerate()) <= before


def test_an_error_while_a_file_is_cut_is_raised_too(index: SmallIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(text: str) -> int:
        if "Number 2." in text:
            raise RuntimeError("the tokenizer")
        return len(text.split()) + 2

    monkeypatch.setattr(index.words, "count_tokens", failing)
    with pytest.raises(RuntimeError, match="the tokenizer"):
        index.ingest()
    assert set(index.texts()) <= {"0.md", "1.md"}


def test_an_error_while_writing_ends_the_run_and_its_threads(index: SmallIndex) -> None:
    before = set(threading.enumerate())

    def failing(chunk_ids: list[str], vectors: object) -> None:
        raise OSError("disk full")

    index.stores[1].upsert = failing  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="disk full"):
        index.ingest()
    assert index.texts() == {}
    assert set(threading.enumerate()) <= before


def test_events_come_in_the_order_of_the_files_every_time(index: SmallIndex, tmp_path: Path) -> None:
    index.write("3.md", ONE, draft="true")
    (index.site / "4.md").write_bytes(b"\x00\xff\x00 no text")

    def told(events: Iterator[object]) -> list[object]:
        return [
            event.path if isinstance(event, FileOutcome) else (event.phase, event.done)
            for event in events
            if isinstance(event, FileOutcome | IngestProgress)
        ]

    first = told(index.events())
    assert [event for event in first if isinstance(event, str)] == [f"{number}.md" for number in range(6)]
    again = SmallIndex(tmp_path / "again")
    assert told(again.events(index.site)) == first
    again.close()


def test_folders_are_written_in_turn_and_each_with_what_it_lost(index: SmallIndex, tmp_path: Path) -> None:
    other = SmallIndex(tmp_path / "other")
    other.write("a.md", ONE)
    other.write("b.md", ONE)
    index.ingest(index.site, other.site)
    (index.site / "0.md").unlink()
    (other.site / "a.md").unlink()
    index.write("1.md", "A heron.")
    other.write("b.md", "Cars.")
    told = [(event.path, event.outcome) for event in files(index.events(index.site, other.site))]
    unchanged = [(f"{number}.md", "unchanged") for number in range(2, 6)]
    assert told == [*unchanged, ("1.md", "changed"), ("0.md", "deleted"), ("b.md", "changed"), ("a.md", "deleted")]
    other.close()


def test_without_a_derived_store_the_catalog_is_built_all_the_same(index: SmallIndex) -> None:
    index.stores = {1: None}  # type: ignore[assignment, dict-item]
    assert set(outcomes_of(index.ingest()).values()) == {"new"}
    (index.site / "0.md").unlink()
    index.ingest()
    assert len(index.catalog.chunk_ids(1)) == 5
