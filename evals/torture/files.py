"""``python -m evals.torture.files [--share S]``: hostile paths, and files that are bombs, among a thousand good ones.

In: 300 paths and names (``hostile_paths.py``), 100 bombs (``bombs.py``) and 1,000 made-up articles. Every bomb is read
and cut into chunks by itself, as an ingest does it, with the real model's tokenizer; then all lie in one folder that is
ingested. Out: a table: what the worst bomb cost, whether every good article is indexed, and whether anything is that
lies outside of the folder.
"""

import argparse
import os
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe, model_dir
from evals.benchmarks.table import Row, at_most, exactly, markdown, none_of
from evals.torture.articles import path_of, write_articles
from evals.torture.bombs import bombs
from evals.torture.hashed_words import HashedWords
from evals.torture.hostile_paths import CANARY, hostile_folder
from index.build import Indexer
from index.catalog import Catalog
from index.chunking import chunk
from index.encoder import SentenceEncoder
from index.lexical import terms
from index.model_identity import BUNDLED
from index.reading import DEFAULT_LIMITS, read_files
from index.records import Article, Encoder, FileOutcome, IngestRequest, Outcome
from index.vectors import ChromaVectors

GOOD = 1_000
SECONDS, MEGABYTES = 5.0, 512
_PEAK = re.compile(r"VmHWM:\s*(\d+) kB")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What one file took. Where the process that parses it was lost, its limits stand for what it took."""

    name: str
    seconds: float
    """Of processor time, for reading and for cutting into chunks."""
    reading_mb: float
    """The most that the process which parses held."""
    cutting_mb: float
    """By how much this process grew at most while it cut the article into chunks."""
    is_lost: bool
    """Whether the process that parses had to be ended."""


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="files", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the bombs' full size")
    given = parser.parse_args(args)
    encoder = SentenceEncoder(BUNDLED, model_dir())
    encoder.count_tokens("The first call loads the tokenizer.")
    with tempfile.TemporaryDirectory(prefix="kilde-torture-") as scratch:
        costs = list(costs_of(Path(scratch) / "bombs", given.share, encoder))
        rows = [*_cost_rows(costs), *_ingest_rows(Path(scratch), given.share)]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def costs_of(folder: Path, share: float, encoder: Encoder) -> Iterator[Cost]:
    folder.mkdir()
    (folder / "first.md").write_text("What starts the process that parses.\n", encoding="utf-8")
    for name, data in bombs(share):
        (folder / name).write_bytes(data)
        cost = _cost(folder, name, encoder)
        print(f"{cost.seconds:5.1f} s  {cost.reading_mb:5.0f} MB  {cost.cutting_mb:5.0f} MB  {name}", file=sys.stderr)
        yield cost
        (folder / name).unlink()


def _cost(folder: Path, name: str, encoder: Encoder) -> Cost:
    with closing(read_files(folder, ["first.md", name], today=datetime.now(UTC).date())) as results:  # type: ignore[type-var]
        next(results)
        (child,), before = _children(), _reset_peak()
        began, child_began = time.process_time(), _processor_s(child) or 0.0
        found = next(results)
        if isinstance(found, Article):
            for piece in chunk(found, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens):
                terms(piece.embed_text, found.lang)
        spent, held = _processor_s(child), _peak_mb(child)
        reading_s = DEFAULT_LIMITS.seconds if spent is None else spent - child_began
        return Cost(
            name=name,
            seconds=reading_s + time.process_time() - began,
            reading_mb=DEFAULT_LIMITS.memory_bytes / 2**20 if held is None else held,
            cutting_mb=(_peak_mb("self") or 0.0) - before,
            is_lost=spent is None,
        )


def _children() -> list[str]:
    return Path("/proc/thread-self/children").read_text("ascii").split()


def _reset_peak() -> float:
    """What this process holds now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _peak_mb("self") or 0.0


def _peak_mb(pid: str) -> float | None:
    """None for a process that has gone."""
    try:
        found = _PEAK.search(Path(f"/proc/{pid}/status").read_text("ascii", errors="ignore"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(found[1]) / 1024 if found else None


def _processor_s(pid: str) -> float | None:
    """None for a process that has gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii", errors="ignore").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cost_rows(costs: Sequence[Cost]) -> Iterator[Row]:
    slowest = max(costs, key=lambda one: one.seconds)
    yield at_most(f"longest that one of {len(costs)} bombs took ({slowest.name})", slowest.seconds, SECONDS, "s")
    for what, held in _HELD.items():
        worst = max(costs, key=held)
        yield at_most(f"{what} ({worst.name})", held(worst), MEGABYTES, "MB")
    over = [one for one in costs if one.seconds > SECONDS or max(one.reading_mb, one.cutting_mb) > MEGABYTES]
    yield Row("bombs that the process which parses was ended for", str(sum(one.is_lost for one in costs)))
    yield none_of("bombs over one of these", len(over), len(costs))


_HELD: dict[str, Callable[[Cost], float]] = {
    "most that the process which parses held": lambda one: one.reading_mb,
    "most by which cutting into chunks grew the process": lambda one: one.cutting_mb,
}


def _ingest_rows(scratch: Path, share: float) -> Iterator[Row]:
    paths, site = hostile_folder(scratch / "hostile"), scratch / "hostile" / "site"
    names = []
    for name, data in bombs(share):
        (site / name).write_bytes(data)
        names.append(name)
    write_articles(site, range(GOOD))
    began = time.monotonic()
    outcomes, indexed = ingested(scratch / "data", site)
    good = sum(outcomes.get(path_of(number)) == "new" for number in range(GOOD))
    yield Row(
        "hostile paths and names, bombs", f"{paths}, {len(names)}", "≥ 300, ≥ 100", paths >= 300 <= 3 * len(names)
    )
    yield exactly(f"good articles indexed, of {GOOD}", good, GOOD)
    yield exactly("articles from outside of the folder", sum(CANARY in text for text in indexed))
    yield Row("files that failed or were skipped", str(sum(one in ("failed", "skipped") for one in outcomes.values())))
    yield Row("the whole ingest", f"{time.monotonic() - began:.0f} s")


def ingested(data_dir: Path, site: Path) -> tuple[dict[str, Outcome], list[str]]:
    """Outcomes by path, and the texts of all that is indexed."""
    data_dir.mkdir()
    with closing(Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}")) as catalog:
        indexer = Indexer(
            catalog,
            encoder=HashedWords,
            store=lambda generation: ChromaVectors(data_dir / "chroma", generation),
            model="hashed words",
            model_fingerprint="hashed words",
        )
        events = list(indexer.ingest(IngestRequest(paths=(str(site),))))
        outcomes = {event.path: event.outcome for event in events if isinstance(event, FileOutcome)}
        return outcomes, [article.text for _, _, article in catalog.read_articles()]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1:])
