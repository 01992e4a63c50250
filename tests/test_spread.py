"""An ingest whose reading and embedding is done by workers: the same catalog, bounded work, nothing twice.

The workers are threads of this process; ``test_cluster.py`` has the real ones.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from small_index import SmallIndex, outcomes_of, read_here, small_index
from word_encoder import WordEncoder

from index import spread
from index.build import Indexer
from index.embedding import new_chunks
from index.reading import FailedFile
from index.records import Article, FileOutcome, IngestRequest, IngestSummary, PassageVectors, Skipped
from index.spread import SourceFiles, read_spread
from index.worker import Chunked, Found, LoadedFile

SLOW_S = 0.02


class ThreadWorkers:
    """Two workers, of which one is slow, so that answers come out of order; they count the calls that are open."""

    count = 2

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(self.count)
        self._encoder = WordEncoder()
        self._counting = threading.Lock()
        self._open: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        self.encoded: list[str] = []
        self.fails_after: int | None = None
        self._is_slow = False

    def read(self, files: Sequence[LoadedFile | FailedFile]) -> Future[list[Found]]:
        self._begin("read")
        call = self._pool.submit(lambda: [self._read(file) for file in files])
        call.add_done_callback(lambda _: self._end("read"))
        return call

    def encode(self, texts: list[str]) -> Future[PassageVectors]:
        if self.fails_after is not None and len(self.encoded) >= self.fails_after:
            failed: Future[PassageVectors] = Future()
            failed.set_exception(RuntimeError("lost"))
            return failed
        self._begin("encode")
        self.encoded += texts
        self._is_slow = not self._is_slow
        return self._pool.submit(self._encode, texts, SLOW_S if self._is_slow else 0.0)

    def close(self) -> None:
        self._pool.shutdown()

    def _encode(self, texts: list[str], seconds: float) -> PassageVectors:
        time.sleep(seconds)
        try:
            return self._encoder.encode_passages(texts)
        finally:
            self._end("encode")

    def _read(self, file: LoadedFile | FailedFile) -> Found:
        if isinstance(file, FailedFile):
            return file
        (found,) = read_here([(self._root, [file.request.path])], today=date(2026, 1, 1))
        if not isinstance(found, Article):
            return found
        return Chunked(found, new_chunks(file.article_id, found, self._encoder, "words"))

    def _begin(self, kind: str) -> None:
        with self._counting:
            self._open[kind] += 1
            self.most_open[kind] = max(self.most_open[kind], self._open[kind])

    def _end(self, kind: str) -> None:
        with self._counting:
            self._open[kind] -= 1


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 3)
    monkeypatch.setattr(spread, "ENCODE_CHUNKS", 2)
    monkeypatch.setattr(spread, "READ_FILES", 2)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path / "one", monkeypatch)
    for number in range(20):
        opened.write(f"{number:02}.md", f"The battery number {number} is charged in Brussels.", title=f"No. {number}")
    opened.write("again.md", "The battery number 3 is charged in Brussels.", title="No. 3")
    yield opened
    opened.close()


@pytest.fixture
def workers(index: SmallIndex) -> Iterator[ThreadWorkers]:
    opened = ThreadWorkers(index.site)
    yield opened
    opened.close()


@pytest.fixture
def other(index: SmallIndex, tmp_path: Path) -> Iterator[SmallIndex]:
    """An empty index over the same articles."""
    opened = SmallIndex(tmp_path / "other")
    opened.site.rmdir()
    opened.site = index.site
    yield opened
    opened.close()


def spread_over(index: SmallIndex, workers: ThreadWorkers) -> Iterator[object]:
    indexer = Indexer(
        index.catalog,
        encoder=lambda: index.encoder,
        store=index.stores.__getitem__,
        model="words",
        model_fingerprint="words",
        workers=workers,
    )
    return indexer.ingest(IngestRequest(paths=(str(index.site),)))


def test_the_index_and_what_is_told_of_each_file_are_those_of_one_process(
    index: SmallIndex, other: SmallIndex, workers: ThreadWorkers
) -> None:
    one = [event for event in index.events() if isinstance(event, FileOutcome)]
    many = [event for event in spread_over(other, workers) if isinstance(event, FileOutcome)]
    assert many == one
    assert other.state() == index.state()


def test_this_process_embeds_nothing_and_no_text_is_sent_twice(
    index: SmallIndex, other: SmallIndex, workers: ThreadWorkers
) -> None:
    index.ingest()
    list(spread_over(other, workers))
    assert sorted(workers.encoded) == sorted(index.words.encoded)
    assert len(set(workers.encoded)) == len(workers.encoded) == 20
    assert other.words.encoded == []


def test_two_calls_of_each_kind_for_each_worker_are_open_at_most(other: SmallIndex, workers: ThreadWorkers) -> None:
    list(spread_over(other, workers))
    assert 1 <= workers.most_open["read"] <= 4
    assert 1 <= workers.most_open["encode"] <= 4


def test_what_was_embedded_before_workers_were_lost_is_not_embedded_again(
    index: SmallIndex, other: SmallIndex, workers: ThreadWorkers
) -> None:
    workers.fails_after = 8
    with pytest.raises(RuntimeError, match="lost"):
        list(spread_over(other, workers))
    kept = set(other._vector_keys())
    workers.fails_after = None
    workers.encoded.clear()
    *_, summary = spread_over(other, workers)
    assert isinstance(summary, IngestSummary)
    assert 0 < len(kept) <= 8
    assert len(workers.encoded) == 20 - len(kept)
    index.ingest()
    assert other.state() == index.state()


def test_a_file_that_cannot_be_read_fails_alone_in_its_place(other: SmallIndex, workers: ThreadWorkers) -> None:
    (other.site / "06.md").unlink()
    (other.site / "06.md").symlink_to(other.site / "nowhere.md")
    (other.site / "07.md").write_bytes(b"")
    events = [event for event in spread_over(other, workers) if isinstance(event, FileOutcome)]
    outcomes = outcomes_of({event.path: event for event in events})
    assert {path: outcome for path, outcome in outcomes.items() if outcome != "new"} == {
        "06.md": "failed",
        "07.md": "skipped",
    }


def test_files_are_read_in_order_and_failures_stay_between_them(workers: ThreadWorkers, index: SmallIndex) -> None:
    source = SourceFiles("site", index.site, ["00.md", "gone.md", "02.md"])
    first, gone, last = read_spread(workers, [source], today=date(2026, 1, 1), site_url=None)
    assert isinstance(first, Chunked)
    assert first.article.path == "00.md"
    assert isinstance(gone, FailedFile)
    assert not isinstance(last, Skipped | FailedFile)
    assert last.article.path == "02.md"
