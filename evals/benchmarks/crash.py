"""``python -m evals.benchmarks.crash [--rounds N] [--data FOLDER]``: kill -9 in the midst of an ingest, again and again.

In: a folder of articles, by default the sample. Every round changes some of them, starts ``kilde ingest`` on what the
kill before has left, and kills its whole process group: in turn at a random moment after the model is loaded, and right
when the derived store is being written. After every kill the catalog is read as a search reads it. Out: a table of what
the resumed index lacks, has too much or finds otherwise than one that was built in one go.
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
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

import msgspec

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment, model_dir
from evals.benchmarks.table import Row, at_least, at_most, exactly, markdown
from evals.benchmarks.wholeness import contents, differences, half_articles, least_cosine, same_order, score_gap
from index.catalog import Catalog
from index.derived import audit, reconcile
from index.encoder import BUNDLED, SentenceEncoder
from index.records import Encoder, Hit
from index.search import Query, Searcher
from index.vectors import ChromaVectors, probe

Files = dict[str, bytes]
"""Content by path, relative to the folder that is ingested."""
Stage = Literal["before the first write", "while embedding", "while writing articles", "after the end"]

POLL_S = 0.005
EMBEDDING_S = 10.0
"""Over how long after the loading of the model kills are spread: about what the changes of two rounds take."""
WRITING_S = 0.6
"""The same after the first write to the derived store: about what is left of the run then."""
CHANGED_SHARE = 10
"""One in so many articles gets a new title in each round, which embeds it anew, and as many a new paragraph."""
QUERIES = 20
TOP_K = 10


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
        url = f"file:{self.data_dir / 'catalog.db'}?mode=ro"
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(url, uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM vector").fetchone()[0])
        return 0

    def complaints(self) -> list[str]:
        """What its runs said on stderr."""
        lines = (self.data_dir / "stderr.txt").read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if line.strip()]


class CleanRun(msgspec.Struct, frozen=True):
    """How long a run takes that nobody kills: until its first vectors are kept, and as a whole."""

    first_vectors_s: float
    whole_s: float


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="crash", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--data", type=Path, default=ARTICLES, help="a folder of articles; it is copied, not changed")
    given = parser.parse_args(args)
    states = list(changing(read_folder(given.data), given.rounds, random.Random(0)))
    encoder = SentenceEncoder(BUNDLED, model_dir())
    with tempfile.TemporaryDirectory(prefix="kilde-crash-") as scratch:
        articles = Path(scratch) / "articles"
        write_folder(articles, states[-1])
        clean, built = (Index(articles, Path(scratch) / name) for name in ("clean", "built"))
        run = timed_run(clean)
        print(f"A run in one go takes {run.whole_s:.1f} s, {run.first_vectors_s:.1f} s until the first vectors.\n")
        rows = [*_kill_and_resume(built, states, run, encoder), *_compare(built, clean, encoder)]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def changing(files: Files, rounds: int, chance: random.Random) -> Iterator[Files]:
    """What the folder holds in each round: new titles, new paragraphs, an article moved, one removed, one back."""
    removed: Files = {}
    for number in range(rounds):
        files = files | removed
        names = chance.sample(sorted(files), 2 + 2 * (len(files) // CHANGED_SHARE))
        gone, moved, *changed = names
        removed = {gone: files.pop(gone)}
        files[str(Path(moved).with_name(f"r{number}-{Path(moved).name}"))] = files.pop(moved)
        for position, name in enumerate(changed):
            files[name] = _retitled(files[name], number) if position % 2 else _lengthened(files[name], number)
        yield dict(files)


def read_folder(folder: Path) -> Files:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def write_folder(folder: Path, files: Files) -> None:
    """Make the folder hold these files; what is as it should be is not touched."""
    present = read_folder(folder)
    for name in present.keys() - files.keys():
        (folder / name).unlink()
    for name, content in files.items():
        if present.get(name) != content:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


def timed_run(index: Index) -> CleanRun:
    """A run to its end."""
    began = time.perf_counter()
    first: float | None = None
    with index.start() as process:
        while process.poll() is None:
            if first is None and index.embedded():
                first = time.perf_counter() - began
            time.sleep(POLL_S)
    whole = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"kilde ingest ended with {process.returncode}: {index.complaints()[-1:]}")
    return CleanRun(first or whole, whole)


def _kill_and_resume(built: Index, states: Sequence[Files], run: CleanRun, encoder: Encoder) -> Iterator[Row]:
    chance = random.Random(1)
    stages: Counter[Stage] = Counter()
    halves: list[str] = []
    for number, files in enumerate(states):
        write_folder(built.articles, files)
        stages[_killed_run(built, run, chance, in_writing=bool(number % 2))] += 1
        with closing(built.catalog()) as catalog:
            halves += half_articles(catalog, encoder)
    resumed = timed_run(built)
    for stage, count in sorted(stages.items()):
        yield Row(f"kills {stage}", str(count))
    yield exactly("half articles that a reader saw after a kill", len(halves))
    yield exactly("lines on stderr", len(built.complaints()))
    yield Row("the last run, to the end", f"{resumed.whole_s:.1f} s")
    for line in [*halves, *built.complaints()][:10]:
        print(line, file=sys.stderr)


def _killed_run(index: Index, run: CleanRun, chance: random.Random, *, in_writing: bool) -> Stage:
    before = index.embedded(), index.store_changed()
    process = index.start()
    if in_writing:
        while process.poll() is None and index.store_changed() == before[1]:
            time.sleep(POLL_S)
        delay_s = chance.uniform(0, WRITING_S)
    else:
        delay_s = run.first_vectors_s + chance.uniform(-1, EMBEDDING_S)
    with suppress(subprocess.TimeoutExpired):
        process.wait(delay_s)
    ended = process.poll() is not None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if ended:
        return "after the end"
    if index.store_changed() != before[1]:
        return "while writing articles"
    return "while embedding" if index.embedded() != before[0] else "before the first write"


def _compare(built: Index, clean: Index, encoder: SentenceEncoder) -> Iterator[Row]:
    with closing(built.catalog()) as catalog, closing(clean.catalog()) as clean_catalog:
        found, expected = contents(catalog), contents(clean_catalog)
        wrong = differences(found, expected)
        yield Row("articles and chunks", f"{len(found.articles)} and {len(found.chunks)}")
        for kind in ("is lost", "is one too many", "differs"):
            yield exactly(f"articles and chunks of which one {kind}", sum(line.endswith(kind) for line in wrong))
        for line in wrong[:10]:
            print(line, file=sys.stderr)
        if not wrong:
            same = sum(found.chunks[key].vector == expected.chunks[key].vector for key in found.chunks)
            yield Row("vectors equal bit by bit", f"{same} of {len(found.chunks)}")
            yield at_least(
                "least cosine of a chunk's two vectors", least_cosine(found, expected, encoder.dim), 0.999, ""
            )
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
    yield at_least("recall@10 of the store", recall, 0.98, "")


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
    yield at_most("largest difference of a hit's score", max(score_gap(*pair) for pair in pairs), 1e-4, "")


def _retitled(content: bytes, number: int) -> bytes:
    return re.sub(rb'(?m)^(title\s*[:=]\s*["\']?)', rb"\g<1>%d. " % number, content, count=1)


def _lengthened(content: bytes, number: int) -> bytes:
    return content + f"\n\nNote {number}: this paragraph was added later.\n".encode()


if __name__ == "__main__":
    main(sys.argv[1:])
