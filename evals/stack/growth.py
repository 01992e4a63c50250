"""``python -m evals.stack.growth --index FOLDER [--sizes 1000,10000]``: what articles cost on PostgreSQL and Chroma.

In: a data folder with articles ingested, which are grown to each size (``evals/benchmarks/grown_index.py``). Out: a
Markdown table: writing, reading, searching, memory, disk. Embedding is not in it. Search is the product's; questions
are the sample's, embedded beforehand. Times of searches are this process's p50 / p95, in brackets p95 on the clock, of
the quicker of two tries and of the first.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec
import sqlalchemy

from evals.benchmarks.grown_index import Corpus, grow_catalog, read_corpus
from evals.benchmarks.machine import describe, model_dir
from evals.benchmarks.scale_measures import (
    AskedQuestion,
    Given,
    Timed,
    apart,
    megabytes,
    nearest,
    resident_mb,
    searches,
    timed,
)
from evals.benchmarks.table import three_digits
from evals.golden import QUESTIONS, load_cases
from evals.stack.engines import engines
from index.catalog import Catalog
from index.search import Searcher
from index.server_address import parse_server
from index.server_stores import fill_server_anew
from index.server_vectors import ServerVectors

HEAD = "chunks | catalog written, s | Chroma filled, s | catalog, MB | Chroma, MB | snapshot, s | snapshot, MB"
HEAD_TIMES = "Chroma, ms | search, ms | rescored, ms"
T = TypeVar("T")


class Grown(msgspec.Struct, frozen=True):
    """One size. Seconds are on the clock."""

    chunks: int
    snapshot_s: float
    snapshot_mb: float
    server: Timed
    plain: Timed
    rescored: Timed


def main() -> None:
    parser = argparse.ArgumentParser(prog="growth", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--sizes", default="1000,10000")
    given = parser.parse_args()
    columns = f"{HEAD} | {HEAD_TIMES}".count("|") + 1
    with tempfile.TemporaryDirectory(prefix="kilde-growth-") as scratch:
        Path(scratch).chmod(0o755)  # for the user that PostgreSQL runs as
        asked = apart(encoded)
        with closing(Catalog.open(f"sqlite:///{given.index / 'catalog.db'}")) as catalog:
            corpus = read_corpus(catalog, len(asked[0].vectors.vector))
        print(f"| {HEAD} | {HEAD_TIMES} |\n|{' --- |' * columns}", flush=True)
        with engines(Path(scratch)) as places:
            for size in map(int, given.sizes.split(",")):
                print(row(Path(scratch), places, corpus, asked, size), flush=True)
    print(f"\n{describe()}")


def encoded() -> list[AskedQuestion]:
    """The sample's questions with their vectors; in a process of its own, for the model's memory."""
    from index.encoder import SentenceEncoder

    encoder = SentenceEncoder("bundled", model_dir())
    cases = load_cases(QUESTIONS / "sample.jsonl")
    vectors = encoder.encode_questions([case.question for case in cases])
    return [
        AskedQuestion(text=case.question, lang=case.lang, vectors=own) for case, own in zip(cases, vectors, strict=True)
    ]


def row(scratch: Path, places: dict[str, str], corpus: Corpus, asked: Sequence[AskedQuestion], size: int) -> str:
    """Of the table."""
    url, chroma_url = _database(places["database_url"], size), f"http://{places['chroma:8000']}?database=grown{size}"
    chroma_before = megabytes(scratch / "chroma")
    with closing(Catalog.open(url)) as catalog:
        written_s, _ = _clock_s(lambda: grow_catalog(corpus, catalog, size))
        filled_s, _ = _clock_s(lambda: fill_server_anew(catalog, parse_server(chroma_url)))
    chroma_mb = megabytes(scratch / "chroma") - chroma_before
    grown = apart(measured, url, chroma_url, asked, corpus.rare)
    figures = [grown.chunks, written_s, filled_s, _database_mb(url), chroma_mb, grown.snapshot_s, grown.snapshot_mb]
    times = [
        f"{one.p50:.2f} / {one.p95:.2f} ({one.clock_p95:.1f}, {one.first_p95:.1f})"
        for one in (grown.server, grown.plain, grown.rescored)
    ]
    return "| " + " | ".join([three_digits(figure) for figure in figures] + times) + " |"


def measured(url: str, chroma_url: str, asked: Sequence[AskedQuestion], rare: str) -> Grown:
    """In a process of its own, for its memory."""
    with closing(Catalog.open(url)) as catalog:
        generation = catalog.current_generation()
        assert generation is not None
        before = resident_mb()
        snapshot_s, searcher = _clock_s(lambda: Searcher(catalog, Given(len(asked[0].vectors.vector)), None))
        gc.collect()
        snapshot_mb = resident_mb() - before
        with closing(ServerVectors(parse_server(chroma_url), generation.number)) as store:
            found = searches(searcher.with_store(store), store, asked, rare)
            server = timed(lambda one: nearest(searcher.snapshot, store, one.vectors.vector), asked)
        return Grown(len(searcher.snapshot), snapshot_s, snapshot_mb, server, found.plain, found.rescored)


def _clock_s(work: Callable[[], T]) -> tuple[float, T]:
    began = time.monotonic()
    result = work()
    return time.monotonic() - began, result


def _database(url: str, size: int) -> str:
    """The address of a new database."""
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"CREATE DATABASE grown{size} TEMPLATE template0"))
    engine.dispose()
    return url.rpartition("/")[0] + f"/grown{size}"


def _database_mb(url: str) -> float:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        size = connection.execute(sqlalchemy.text("SELECT pg_database_size(current_database())")).scalar_one()
    engine.dispose()
    return float(size) / 1e6


if __name__ == "__main__":
    main()
