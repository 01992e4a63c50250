"""``python -m evals.torture.self_repair [--chunks N]``: a damaged store, and a service that answers all the same.

In: the sample articles, grown to so many chunks. Each of twelve mutations hits the store twice: after the service was
stopped, and after it was killed. Out: a table: how soon the service was up, whether it found what exact search finds
and said what it does, whether the store was whole again without anything embedded, and whether a process died of it.
"""

import argparse
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from evals.benchmarks.grown_index import grow_catalog, read_corpus
from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.serving import kilde
from evals.benchmarks.table import Row, at_most, exactly, markdown
from evals.torture.mutations import MUTATIONS, Way, damage
from evals.torture.starting import Started
from index.catalog import Catalog
from index.derived import StoreReport, inspect_store
from index.seal import is_sealed
from rag.records import Readiness, SearchResponse

CHUNKS = 5_000
DIM = 384
READY_S = 30.0
MENDED_S = 300.0
QUERIES = (
    "battery range in winter",
    "Wie lange dauert das Laden?",
    "combien de voitures",
    "charging network",
    "autonomie",
)
STOPS = (signal.SIGTERM, signal.SIGKILL)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one mutation."""

    ready_s: float
    said: bool
    """``/health/ready`` said 200 and degraded once it was up."""
    same: bool
    """The hits were those of the undamaged index."""
    mended_s: float | None
    """From being up until the store was used again; None: never."""
    alive: bool
    embedded: int
    """Vectors in the catalog that were not there before."""


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="self_repair", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", type=int, default=CHUNKS)
    chunks = parser.parse_args(args).chunks
    with tempfile.TemporaryDirectory(prefix="kilde-repair-") as scratch:
        rows = list(torture(Path(scratch), chunks))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def torture(scratch: Path, chunks: int) -> Iterator[Row]:
    data = scratch / "data"
    _grow(scratch / "seed", data, chunks)
    outcomes = list(_outcomes(data))
    yield from _rows(outcomes)
    report = _inspected(data)
    yield Row("chunks in the index", str(report.chunks), f"≥ {chunks}", report.chunks >= chunks)
    yield exactly("chunks the store lacks or does not find in the end", report.missing + report.lost + report.bare)
    yield Row("recall@10 of the store in the end", f"{report.recall:.3f}", "≥ 0.98", report.recall >= 0.98)


def _rows(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    mended = [one.mended_s for one in outcomes if one.mended_s is not None]
    yield exactly("mutations", len(outcomes), len(STOPS) * len(MUTATIONS))
    yield at_most("start until the service is up, longest", max(one.ready_s for one in outcomes), READY_S, "s")
    yield exactly("starts without /health/ready saying that search is exact", sum(not one.said for one in outcomes))
    yield exactly("starts after which searches found something else", sum(not one.same for one in outcomes))
    yield exactly("stores that were not mended beside the service", len(outcomes) - len(mended))
    if mended:
        longest, usual = max(mended), statistics.median(mended)
        yield Row("until the store is used again, median and longest", f"{usual:.1f} s, {longest:.1f} s")
    yield exactly("services that died", sum(not one.alive for one in outcomes))
    yield exactly("texts embedded for it", sum(one.embedded for one in outcomes))
    yield Row("failures in n trials, upper bound at 95 %", f"≤ {3 / len(outcomes):.3f}")


def _grow(seed: Path, data: Path, chunks: int) -> None:
    kilde(seed, "ingest", str(ARTICLES))
    data.mkdir(parents=True)
    with closing(Catalog.open(f"sqlite:///{seed / 'catalog.db'}")) as source:
        corpus = read_corpus(source, DIM)
    with closing(Catalog.open(f"sqlite:///{data / 'catalog.db'}")) as catalog:
        grow_catalog(corpus, catalog, chunks)


def _outcomes(data: Path) -> Iterator[Outcome]:
    """The service that has mended one damage is the one whose store is hit by the next."""
    service = Started(data)
    try:
        _wait_until_mended(service)
        expected = _found(service)
        for stop in STOPS:
            for name, way in MUTATIONS:
                service.stop(stop)
                service = _restarted(data, name, way, is_closed=stop == signal.SIGTERM)
                outcome = _outcome(service, _vectors(data), expected)
                print(f"{stop.name} {name} {way.__name__}: {outcome}", file=sys.stderr, flush=True)
                yield outcome
    finally:
        service.__exit__()


def _restarted(data: Path, name: str, way: Way, *, is_closed: bool) -> Started:
    if is_sealed(data / "chroma") != is_closed:
        raise RuntimeError("a store is sealed if and only if its service has closed it")
    damage(data / "chroma", name, way)
    return Started(data)


def _outcome(service: Started, vectors: int, expected: list[list[str]]) -> Outcome:
    readiness = _readiness(service)
    found = _found(service)
    mended_s = _wait_until_mended(service)
    return Outcome(
        ready_s=service.ready_s,
        said=readiness.ready and readiness.index == "degraded",
        same=found == expected == _found(service),
        mended_s=mended_s,
        alive=service.is_running,
        embedded=_vectors(service.data_dir) - vectors,
    )


def _wait_until_mended(service: Started) -> float | None:
    began = time.perf_counter()
    while time.perf_counter() - began < MENDED_S:
        if _readiness(service).index == "ok":
            return time.perf_counter() - began
        time.sleep(0.1)
    return None


def _readiness(service: Started) -> Readiness:
    return msgspec.json.decode(service.client.get("/health/ready").content, type=Readiness)


def _found(service: Started) -> list[list[str]]:
    """Chunk ids, best first, by query."""
    replies = [service.client.post("/v1/search", json={"query": query}).raise_for_status() for query in QUERIES]
    hits = [msgspec.json.decode(reply.content, type=SearchResponse).hits for reply in replies]
    return [[hit.chunk_id for hit in some] for some in hits]


def _vectors(data: Path) -> int:
    with closing(sqlite3.connect(f"file:{data / 'catalog.db'}?mode=ro", uri=True)) as connection:
        return int(connection.execute("SELECT count(*) FROM vector").fetchone()[0])


def _inspected(data: Path) -> StoreReport:
    with closing(Catalog.open(f"sqlite:///{data / 'catalog.db'}")) as catalog:
        report = inspect_store(catalog, data / "chroma")
    if report is None:
        raise RuntimeError("the store does not open in the end")
    return report


if __name__ == "__main__":
    main(sys.argv[1:])
