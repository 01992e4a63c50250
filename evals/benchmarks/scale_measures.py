"""What searching an index of a given size costs, measured in a process of its own.

In: a data folder with a catalog, whether dense search is exact or goes through the derived store, and questions with
their vectors. Out: times, recall against exact search, memory and disk. Nothing is reimplemented: snapshot, store and
search are those of the product; only what is right is worked out here by plain multiplication.
"""

import gc
import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, ParamSpec, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.closer_look import looked_closer
from index.derived import filled_store
from index.encoder import SentenceEncoder
from index.languages import base
from index.model_identity import BUNDLED
from index.records import Encoder, Filters, PassageVectors, QuestionVectors, VectorStore
from index.search import CANDIDATES, Query, Searcher, score
from index.snapshot import Snapshot
from rag.settings import load_settings

Arm = Literal["exact", "HNSW"]
P = ParamSpec("P")
T = TypeVar("T")
ROUNDS = 2
NEIGHBOURS = 10


class AskedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question as search is given it."""

    text: str
    lang: str
    vectors: QuestionVectors


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds over all questions, each by the quickest of ``ROUNDS`` tries.

    Processor time of all threads, without what a search waits for; and time on the clock, which has in it whatever else
    the machine did.
    """

    p50: float
    p95: float
    clock_p95: float
    first_p95: float
    """On the clock, of the first try of each question."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One size, one kind of dense search. Recall is recall@10 against exact search; memory is resident."""

    chunks: int
    arm: Arm
    load_s: float
    """Processor time that taking the snapshot took."""
    build_s: float
    """Processor time that making the store took; 0 for none, nan where one was there already."""
    memory_mb: float
    disk_mb: float
    """Of the derived store."""
    dense: Timed
    """The nearest chunks alone."""
    recall: float
    searches: "Searches | None"
    """None where there are vectors alone."""


class Searches(msgspec.Struct, frozen=True, kw_only=True):
    """Whole searches; the filter is a rare language, found with rescoring."""

    plain: Timed
    """Without token-level rescoring."""
    rescored: Timed
    looked: Timed
    """Rescored over all languages but the question's, with the closer look that a reader's search takes there."""
    filtered: Timed
    filtered_recall: float
    left_recall: float
    """Of the rare language's nearest chunks those that are left of all languages' nearest."""


class Given(Encoder):
    """Stands for the encoder where all questions bring their vectors."""

    fingerprint = "given"
    max_tokens = 0

    def __init__(self, dim: int) -> None:
        self._dim = dim

    @property
    def dim(self) -> int:
        return self._dim

    def count_tokens(self, text: str) -> int:
        raise NotImplementedError

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        raise NotImplementedError

    def encode_question(self, text: str) -> QuestionVectors:
        raise NotImplementedError

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        raise NotImplementedError

    def read_pairs(self, question: str, texts: list[str]) -> None:
        return None

    def read_across(self, question: str, texts: list[str]) -> None:
        return None

    def surprises(self, words: list[str]) -> list[float]:
        raise NotImplementedError


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What it returns, from a fresh process: its memory is its own."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, args, kwargs)


def measure(folder: Path, arm: Arm, asked: Sequence[AskedQuestion], rare: str) -> Measured:
    """Of the catalog in ``folder``; its store is made where it is missing, and kept."""
    dim = len(asked[0].vectors.vector)
    with closing(Catalog.open(f"sqlite:///{folder / 'catalog.db'}")) as catalog:
        generation = catalog.current_generation()
        assert generation is not None
        before = resident_mb()
        load_s, searcher = processor_s(lambda: Searcher(catalog, Given(dim), None))
        build_s, store, disk_mb = 0.0, None, 0.0
        if arm == "HNSW":
            is_new = not (folder / "chroma").exists()
            build_s, store = processor_s(lambda: filled_store(catalog, folder / "chroma", generation.number, dim))
            disk_mb = megabytes(folder / "chroma")
            build_s = build_s if is_new else float("nan")
            searcher._store = store
        gc.collect()
        memory_mb = resident_mb() - before
        snapshot = searcher.snapshot
        return Measured(
            chunks=len(snapshot),
            arm=arm,
            load_s=load_s,
            build_s=build_s,
            memory_mb=memory_mb,
            disk_mb=disk_mb,
            dense=timed(lambda one: nearest(snapshot, store, one.vectors.vector), asked),
            recall=recall(snapshot, store, asked),
            searches=searches(searcher, store, asked, rare),
        )


def searches(searcher: Searcher, store: VectorStore | None, asked: Sequence[AskedQuestion], rare: str) -> Searches:
    snapshot = searcher.snapshot
    read_across = SentenceEncoder(BUNDLED, load_settings().model_path).read_across
    foreign = {lang: _foreign(snapshot, lang) for lang in {one.lang for one in asked}}

    def looked(one: AskedQuestion) -> object:
        found = searcher.search(_query(one, *foreign[one.lang]), one.vectors)
        return looked_closer(one.text, one.lang, found, read_across)

    shares = [_filtered_shares(snapshot, store, one, rare) for one in asked]
    return Searches(
        plain=timed(lambda one: searcher.search(_query(one), QuestionVectors(one.vectors.vector, None)), asked),
        rescored=timed(lambda one: searcher.search(_query(one), one.vectors), asked),
        looked=timed(looked, asked),
        filtered=timed(lambda one: searcher.search(_query(one, rare), one.vectors), asked),
        filtered_recall=float(np.mean([filtered for filtered, _ in shares])),
        left_recall=float(np.mean([left for _, left in shares])),
    )


def nearest(snapshot: Snapshot, store: VectorStore | None, vector: NDArray[np.float32]) -> list[int]:
    """Rows of the nearest chunks as search finds them."""
    if store is None:
        return [int(row) for row in snapshot.nearest(vector, CANDIDATES, None)]
    return [snapshot.row_of[chunk_id] for chunk_id, _ in store.query(vector, CANDIDATES)]


def recall(snapshot: Snapshot, store: VectorStore | None, asked: Sequence[AskedQuestion]) -> float:
    """The share of the ten nearest chunks that the store gives as its first ten; 1 without a store."""
    shares = []
    for one in asked if store else ():
        right = _best(snapshot.vectors @ one.vectors.vector, NEIGHBOURS)
        shares.append(len(np.intersect1d(nearest(snapshot, store, one.vectors.vector)[:NEIGHBOURS], right)))
    return float(np.mean(shares)) / NEIGHBOURS if shares else 1.0


def timed(work: Callable[[AskedQuestion], object], asked: Sequence[AskedQuestion]) -> Timed:
    tries = np.array([[_ms(work, one) for one in asked] for _ in range(ROUNDS)])
    processor, clock = np.moveaxis(tries.min(axis=0), -1, 0)
    return Timed(
        p50=float(np.percentile(processor, 50)),
        p95=float(np.percentile(processor, 95)),
        clock_p95=float(np.percentile(clock, 95)),
        first_p95=float(np.percentile(tries[0, :, 1], 95)),
    )


def processor_s(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of all threads, and what it returns."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def megabytes(folder: Path) -> float:
    """Of all files in it; 0 for a folder that is not there."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _filtered_shares(
    snapshot: Snapshot, store: VectorStore | None, one: AskedQuestion, rare: str
) -> tuple[float, float]:
    """Of the rare language's nearest chunks: those found with a filter, and those left among the nearest of all."""
    vector = one.vectors.vector
    rows = np.array([row for row in range(len(snapshot)) if snapshot.article_of(row).lang == rare], np.int64)
    # What the language's mean takes from each is the same for all.
    right = rows[_best(snapshot.vectors[rows] @ vector, NEIGHBOURS)]
    scores = score(snapshot, store, vector, _query(one, rare))
    return _share(scores.rows[_best(scores.cosines, NEIGHBOURS)], right), _share(
        nearest(snapshot, store, vector), right
    )


def _share(found: Sequence[int] | NDArray[np.int64], right: NDArray[np.int64]) -> float:
    return len(np.intersect1d(found, right)) / max(len(right), 1)


def _best(values: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    return np.argsort(-values, kind="stable")[:count]


def _foreign(snapshot: Snapshot, lang: str) -> list[str]:
    langs = {snapshot.article_of(row).lang for row in range(len(snapshot))}
    return sorted(one for one in langs if base(one) != base(lang))


def _query(one: AskedQuestion, *langs: str) -> Query:
    """``langs``: none for all."""
    return Query(text=one.text, lang=one.lang, filters=Filters(langs=langs))


def _ms(work: Callable[[AskedQuestion], object], one: AskedQuestion) -> tuple[float, float]:
    """Processor time, time on the clock."""
    began, clock = time.process_time(), time.perf_counter()
    work(one)
    return 1000 * (time.process_time() - began), 1000 * (time.perf_counter() - clock)
