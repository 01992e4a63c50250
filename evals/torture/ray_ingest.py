"""Hold an ingest on Ray against one by a single process: ``python -m evals.torture.ray_ingest [--real]``.

In: 5,000 made-up articles and an encoder that takes no time, or with ``--real`` the sample articles and the bundled
model; a Ray of two workers on this machine. Out: rows of the catalog and vectors that differ, and the times. A second
run on Ray is stopped half way and taken up again. Fails when anything differs.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.table import Row, exactly, markdown
from evals.torture.articles import write_articles
from evals.torture.hashed_words import HashedWords
from index.build import Indexer
from index.catalog import Catalog
from index.cluster import LOCAL, connected, hired
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED, model_fingerprint
from index.records import Encoder, IngestEvent, IngestProgress, IngestRequest, VectorStore
from index.schema import METADATA, TOKENS, VECTOR
from index.spread import Workers
from index.vectors import ChromaVectors
from rag.settings import load_settings

MADE_UP = 5_000
RUN_FIGURES = "meta"
"""The table that says when a run ended."""


class Built:
    """An index in a folder of its own; ``store`` opens its vector store."""

    def __init__(
        self, folder: Path, encoder: Encoder, fingerprint: str, store: Callable[[], AbstractContextManager[VectorStore]]
    ) -> None:
        folder.mkdir()
        self._folder = folder
        self._encoder = encoder
        self._fingerprint = fingerprint
        self._store = store

    def ingest(self, site: Path, workers: Workers | None = None) -> Generator[IngestEvent, None, None]:
        """A run, which may be closed before its end."""
        with closing(Catalog.open(self._url)) as catalog, self._store() as store:
            indexer = Indexer(
                catalog,
                encoder=lambda: self._encoder,
                store=lambda _generation: store,
                model=self._fingerprint,
                model_fingerprint=self._fingerprint,
                workers=workers,
            )
            yield from indexer.ingest(IngestRequest(paths=(str(site),)))

    def rows(self) -> dict[str, set[tuple[object, ...]]]:
        """By table, all but the time of the run."""
        with closing(Catalog.open(self._url)) as catalog, catalog._engine.connect() as connection:
            return {
                table.name: {tuple(row) for row in connection.execute(sa.select(table))}
                for table in METADATA.sorted_tables
                if table.name != RUN_FIGURES
            }

    @property
    def _url(self) -> str:
        return f"sqlite:///{self._folder / 'catalog.db'}"


def main() -> int:
    real = "--real" in sys.argv[1:]
    print(describe())
    with tempfile.TemporaryDirectory() as scratch:
        rows = list(_rows(Path(scratch), *(_real() if real else _made_up(Path(scratch)))))
    print(markdown(rows))
    return int(not all(row.met for row in rows))


def _made_up(scratch: Path) -> tuple[Path, Callable[[], Encoder], str]:
    site = scratch / "site"
    write_articles(site, range(MADE_UP))
    return site, HashedWords, HashedWords.fingerprint


def _real() -> tuple[Path, Callable[[], Encoder], str]:
    make = partial(SentenceEncoder, BUNDLED, load_settings().model_path, threads=1)
    return ARTICLES, make, model_fingerprint(BUNDLED)


def _built(folder: Path, encoder: Encoder, fingerprint: str) -> Built:
    return Built(folder, encoder, fingerprint, lambda: closing(ChromaVectors(folder / "chroma", 1)))


def _rows(scratch: Path, site: Path, make_encoder: Callable[[], Encoder], fingerprint: str) -> Iterator[Row]:
    encoder = make_encoder()
    one, many, stopped = (_built(scratch / name, encoder, fingerprint) for name in ("one", "many", "stopped"))
    alone_s = _taken_s(one.ingest(site))
    began = time.perf_counter()
    with connected(LOCAL), hired(make_encoder, fingerprint) as workers:
        start_s = time.perf_counter() - began
        many_s = _taken_s(many.ingest(site, workers))
        _taken_s(stopped.ingest(site, workers), until=0.5)
        kept = len(stopped.rows()[VECTOR.name])
        rest_s = _taken_s(stopped.ingest(site, workers))
        count = workers.count
    expected = one.rows()
    yield Row("articles", str(len(expected["article"])))
    yield Row("chunks", str(len(expected["chunk"])))
    yield from _differences("on Ray", expected, many.rows())
    yield Row("stopped half way: vectors kept", str(kept))
    yield from _differences("stopped and taken up", expected, stopped.rows())
    yield Row("one process", f"{alone_s:.1f} s")
    yield Row(f"Ray, {count} workers on this machine", f"{many_s:.1f} s")
    yield Row("Ray: the rest of a stopped run", f"{rest_s:.1f} s")
    yield Row("Ray: until the workers are ready", f"{start_s:.1f} s")


def _differences(
    name: str, expected: dict[str, set[tuple[object, ...]]], found: dict[str, set[tuple[object, ...]]]
) -> Iterator[Row]:
    vectors = {VECTOR.name, TOKENS.name}
    yield exactly(f"{name}: rows that differ", sum(len(expected[t] ^ found[t]) for t in expected.keys() - vectors))
    yield exactly(f"{name}: vectors that differ", sum(len(expected[table] ^ found[table]) for table in vectors))


def _taken_s(events: Generator[IngestEvent, None, None], until: float = 1.0) -> float:
    """Seconds that a run took; ``until`` which share of the files are done it goes on."""
    began = time.perf_counter()
    for event in events:
        if isinstance(event, IngestProgress) and event.done >= until * event.total > 0 and until < 1:
            break
    events.close()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
