"""``python -m evals.torture.crash_real [--rounds N] [--data FOLDER]``: kill -9 in the midst of an ingest, many times.

In: a folder of articles, by default the sample. Every round changes some of them, starts ``kilde ingest`` on what the
kill before has left, and kills its whole process group: in turn at a random moment after the model is loaded, when the
first vectors have just been kept, and when the derived store is being written. After every kill the catalog is read as
a search reads it. Out: a table of what the resumed index lacks, has too much or finds otherwise than one that was built
in one go.
"""

import argparse
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal

import msgspec

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment, model_dir
from evals.benchmarks.table import Row, exactly, markdown
from evals.torture.changing import Files, changing, read_folder, write_folder
from evals.torture.wholeness import contents, differences, half_articles, least_cosine, same_order, score_gap
from index.catalog import Catalog
from index.derived import audit, reconcile
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from index.records import Encoder, Hit
from index.search import Query, Searcher
from index.vectors import ChromaVectors, probe

Trigger = Literal["loaded", "vectors", "store"]
TRIGGERS: tuple[Trigger, ...] = ("loaded", "vectors", "store")
Stage = Literal[
    "while reading",
    "while embedding",
    "while the derived store was written",
    "once articles were visible",
    "after the end",
]
"""Reading is all until the first vectors are kept, their computation too."""

POLL_S = 0.01
SPREAD_SHARE = 0.15
"""Of the work of a whole run: over so much of it, after the model is loaded, kills are spread."""
AFTER_VECTORS_S = 3.0
"""They are spread over so long from the first vectors that are kept: about what the next batch takes."""
AFTER_STORE_S = 0.6
"""And over so long from the first write to the derived store: about what is left of the run then."""
QUERIES = 20
TOP_K = 10
LINES = 10
"""Of what is wrong, so many are shown."""


class Index(msgspec.Struct, frozen=True):
    """One data folder, and the articles it is built from."""

    articles: Path
    data_dir: Path

    def start(self) -> "subprocess.Popen[bytes]":
        self.data_dir.mkdir(exist_ok=True)
        with (self.data_dir / "stderr.txt").open("ab") as errors:
            return subprocess.Popen(
                [KILDE, "ingest", str(self.articles), "--json"],
                env=kilde_environment(self.data_dir),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )

    def catalog(self) -> Catalog:
        return Catalog.open(f"sqlite:///{self.data_dir / 'catalog.db'}")

    def store_changed(self) -> int:
        """When the derived store was last written to, in nanoseconds; 0 before it is made."""
        file = self.data_dir / "chroma" / "chroma.sqlite3"
        return file.stat().st_mtime_ns if file.exists() else 0

    def embedded(self) -> int:
        """Vectors in the catalog."""
        return len(self._ask("SELECT rowid FROM vector"))

    def visible(self) -> list[tuple[str, str]]:
        """Articles with the hash of their text."""
        return sorted(self._ask("SELECT article_id, content_sha256 FROM article"))

    def _ask(self, query: str) -> list[Any]:
        """Rows; none before there are tables."""
        url = f"file:{self.data_dir / 'catalog.db'}?mode=ro"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(url, uri=True)) as connection:
            return connection.execute(query).fetchall()
        return []

    def complaints(self) -> list[str]:
        """What its runs said on stderr."""
        lines = (self.data_dir / "stderr.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if line.strip()]


class Effort(msgspec.Struct, frozen=True):
    """Seconds of processor time, which a busy machine does not stretch: until the first vectors, and in all."""

    first_vectors_s: float
    whole_s: float


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="crash_real", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--data", type=Path, default=ARTICLES, help="a folder of articles; it is copied, not changed")
    given = parser.parse_args(args)
    states = list(changing(read_folder(given.data), given.rounds, random.Random(0)))
    encoder = SentenceEncoder(BUNDLED, model_dir())
    with tempfile.TemporaryDirectory(prefix="kilde-crash-") as scratch:
        articles = Path(scratch) / "articles"
        clean, built, one = (Index(articles, Path(scratch) / name) for name in ("clean", "built", "one"))
        write_folder(articles, dict([max(states[-1].items())]))
        loading = run_to_the_end(one).first_vectors_s
        write_folder(articles, states[-1])
        spread = Effort(loading, loading + SPREAD_SHARE * (run_to_the_end(clean).whole_s - loading))
        rows = [*_kill_and_resume(built, states, spread, encoder), *_compare(built, clean, encoder)]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def run_to_the_end(index: Index) -> Effort:
    """A run that nobody kills. Raises RuntimeError when it fails."""
    first_s: float | None = None
    spent_s = 0.0
    with index.start() as process:
        while process.poll() is None:
            spent_s = max(spent_s, _processor_s(process.pid))
            if first_s is None and index.embedded():
                first_s = spent_s
            time.sleep(POLL_S)
    if process.returncode:
        raise RuntimeError(f"kilde ingest ended with {process.returncode}: {index.complaints()[-1:]}")
    return Effort(spent_s if first_s is None else first_s, spent_s)


def _kill_and_resume(built: Index, states: Sequence[Files], spread: Effort, encoder: Encoder) -> Iterator[Row]:
    chance = random.Random(1)
    stages: Counter[Stage] = Counter()
    wrong: list[str] = []
    for number, files in enumerate(states):
        write_folder(built.articles, files)
        stages[_killed_run(built, spread, chance, TRIGGERS[number % 3])] += 1
        with closing(built.catalog()) as catalog:
            wrong += half_articles(catalog, encoder)
    run_to_the_end(built)
    yield from (Row(f"kills {stage}", str(count)) for stage, count in sorted(stages.items()))
    yield exactly("half articles that a reader saw after a kill", len(wrong))
    yield exactly("lines on stderr", len(built.complaints()))
    _tell([*wrong, *built.complaints()])


def _killed_run(index: Index, spread: Effort, chance: random.Random, trigger: Trigger) -> Stage:
    embedded, stored, visible = index.embedded(), index.store_changed(), index.visible()
    process = index.start()
    spend_s = chance.uniform(spread.first_vectors_s, spread.whole_s)
    reached: dict[Trigger, Callable[[], bool]] = {
        "loaded": lambda: _processor_s(process.pid) >= spend_s,
        "vectors": lambda: index.embedded() != embedded,
        "store": lambda: index.store_changed() != stored,
    }
    while process.poll() is None and not reached[trigger]():
        time.sleep(POLL_S)
    delays_s: dict[Trigger, float] = {"loaded": 0.0, "vectors": AFTER_VECTORS_S, "store": AFTER_STORE_S}
    with suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0, delays_s[trigger]))
    ended = process.poll() is not None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if ended:
        return "after the end"
    if index.visible() != visible:
        return "once articles were visible"
    if index.store_changed() != stored:
        return "while the derived store was written"
    return "while embedding" if index.embedded() != embedded else "while reading"


def _compare(built: Index, clean: Index, encoder: SentenceEncoder) -> Iterator[Row]:
    with closing(built.catalog()) as catalog, closing(clean.catalog()) as clean_catalog:
        found, expected = contents(catalog), contents(clean_catalog)
        wrong = differences(found, expected)
        yield Row("articles and chunks", f"{len(found.articles)} and {len(found.chunks)}")
        for kind in ("is lost", "is one too many", "differs"):
            yield exactly(f"articles and chunks of which one {kind}", sum(f" {kind}" in line for line in wrong))
        _tell(wrong)
        if found.chunks.keys() == expected.chunks.keys():
            same = sum(found.chunks[key].vector == expected.chunks[key].vector for key in found.chunks)
            yield Row("vectors equal bit by bit", f"{same} of {len(found.chunks)}")
            least = least_cosine(found, expected, encoder.dim)
            yield Row("least cosine of a chunk's two vectors", f"{least:.6f}", "≥ 0.999", least >= 0.999)
        yield from _compare_stores(built, catalog, encoder.dim)
        queries = _queries(clean_catalog)
        yield from _compare_hits(*(_search(each, queries, encoder) for each in (built, clean)))


def _compare_stores(built: Index, catalog: Catalog, dim: int) -> Iterator[Row]:
    generation = catalog.current_generation()
    assert generation is not None
    folder = built.data_dir / "chroma"
    yield Row("the derived store opens", "yes" if probe(folder, generation.number) else "no", "yes")
    store = ChromaVectors(folder, generation.number)
    missing, stale = reconcile(catalog, store, generation.number, dim)
    yield Row("put right in the derived store when it is opened", f"{missing} missing, {stale} stale")
    found = contents(catalog)
    yield exactly("ids in one of catalog and store alone", len(store.ids() ^ found.chunks.keys()))
    lost, recall = audit(store, sorted(found.chunks), found.vectors(dim))
    yield exactly("chunks that do not find themselves", lost)
    yield Row("recall@10 of the store", f"{recall:.3f}", "≥ 0.98", recall >= 0.98)


def _queries(catalog: Catalog) -> list[Query]:
    """Titles of articles, spread evenly over the languages."""
    articles = sorted(catalog.articles(), key=lambda article: (article.lang, article.path))
    spread = articles[:: max(1, len(articles) // QUERIES)][:QUERIES]
    return [Query(text=re.sub(r"^[\d. ]+", "", article.title), lang=article.lang, top_k=TOP_K) for article in spread]


def _search(index: Index, queries: Sequence[Query], encoder: Encoder) -> list[tuple[Hit, ...]]:
    with closing(index.catalog()) as catalog:
        generation = catalog.current_generation()
        assert generation is not None
        searcher = Searcher(catalog, encoder, ChromaVectors(index.data_dir / "chroma", generation.number))
        return [searcher.search(query) for query in queries]


def _compare_hits(built: list[tuple[Hit, ...]], clean: list[tuple[Hit, ...]]) -> Iterator[Row]:
    pairs = list(zip(built, clean, strict=True))
    yield exactly(
        f"searches of {len(pairs)} with other hits or another order", sum(not same_order(*pair) for pair in pairs)
    )
    yield exactly("searches with another best hit", sum(not same_order(one[:1], other[:1]) for one, other in pairs))
    gap = max(score_gap(*pair) for pair in pairs)
    yield Row("largest difference of a hit's score", f"{gap:.4f}", "≤ 0.0001", gap <= 1e-4 + 1e-9)


def _processor_s(pid: int) -> float:
    """Processor time of a running process without its children; 0 once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _tell(lines: Sequence[str]) -> None:
    for line in lines[:LINES]:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
