"""``python -m evals.torture.crash [--kills N] [--articles N]``: kill -9 in the midst of ingests, over one state.

In: made-up articles, 1,700 of them with 5,100 chunks, some of which change before each run. Half of the runs are killed
at a marker (``markers.py``), half at a random moment, the next goes on from what is left; the encoder takes no time
(``hashed_words.py``). After every kill the catalog is read as a search reads it; after every twentieth the run is
resumed to its end, and everything is compared with the sources. Out: a table.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, exactly, markdown, none_of
from evals.torture.articles import path_of, write_articles
from evals.torture.hashed_words import HashedWords
from evals.torture.kills import run, turns_of
from evals.torture.wholeness import contents, differences, half_articles
from index.catalog import Catalog
from index.derived import inspect_store
from index.readers.child import reply_to
from index.readers.wire import Request

CHILD = "evals.torture.ingest_child"
CHANGED, LONGEST_S, RESUMED_EVERY = 12, 20.0, 20
LINES = 10


class Found(msgspec.Struct):
    """What all kills together have done."""

    kills: Counter[str] = msgspec.field(default_factory=Counter)
    markers: set[str] = msgspec.field(default_factory=set)
    wrong: list[str] = msgspec.field(default_factory=list)
    audits: int = 0
    chunks: int = 0
    audited: int = 0
    lost: int = 0
    recall: float = 1.0
    elsewhere: int = 0
    hashes: int = 0
    other_hashes: int = 0


class Folder:
    """The articles, and the data folder that is built from them."""

    def __init__(self, scratch: Path, articles: int) -> None:
        self.articles, self.data, self.log = scratch / "articles", scratch / "data", scratch / "stderr.txt"
        self.data.mkdir(parents=True)
        self._numbers = list(range(articles))
        self._next = articles
        self._chance = random.Random(0)
        write_articles(self.articles, range(articles))

    def change(self, edition: int) -> None:
        """Some articles say something else, one is gone, one is new."""
        for number in self._chance.sample(self._numbers, min(CHANGED, len(self._numbers) // 2)):
            write_articles(self.articles, range(number, number + 1), edition)
        gone = self._numbers.pop(self._chance.randrange(len(self._numbers)))
        (self.articles / path_of(gone)).unlink()
        write_articles(self.articles, range(self._next, self._next + 1), edition)
        self._numbers.append(self._next)
        self._next += 1

    def ingest(self, stop: str = "", seen: str = "", after_s: float | None = None) -> bool:
        """Whether it was killed."""
        return run(CHILD, str(self.data), str(self.articles), stop, seen, log=self.log, after_s=after_s)

    def catalog(self) -> Catalog:
        return Catalog.open(f"sqlite:///{self.data / 'catalog.db'}")


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="crash", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--articles", type=int, default=1_700)
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="kilde-torture-") as scratch:
        folder = Folder(Path(scratch) / "built", given.articles)
        found = killed_and_resumed(folder, given.kills, markers_of(Path(scratch) / "markers"))
        rows = [*_rows(found), *_as_in_one_go(folder, Path(scratch) / "clean")]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def markers_of(scratch: Path) -> list[str]:
    """All that a run comes to which has something to change, one of each kind by turns."""
    folder, seen = Folder(scratch, 60), scratch / "seen.txt"
    folder.ingest()
    folder.change(1)
    folder.ingest(seen=str(seen))
    return turns_of(seen.read_text("utf-8").splitlines())


def killed_and_resumed(folder: Folder, kills: int, markers: Sequence[str]) -> Found:
    """The first runs build the whole index, the others change it."""
    found, chance = Found(), random.Random(1)
    while found.kills.total() < kills:
        number = found.kills.total()
        at_marker = number % 2 == 1
        marker = markers[(number // 2) % len(markers)] if at_marker else ""
        killed = folder.ingest(stop=marker) if at_marker else folder.ingest(after_s=chance.uniform(0.2, LONGEST_S))
        if killed:
            found.kills["at a marker" if at_marker else "at a random moment"] += 1
            found.markers |= {marker} if at_marker else set()
            _read_as_left(folder, found)
            if found.kills.total() % RESUMED_EVERY == 0:
                folder.ingest()
                _compare_with_sources(folder, found)
        folder.change(number + 2)
    folder.ingest()
    _compare_with_sources(folder, found)
    return found


def _read_as_left(folder: Folder, found: Found) -> None:
    if (folder.data / "catalog.db").exists():
        with closing(folder.catalog()) as catalog:
            found.wrong += half_articles(catalog, HashedWords())


def _compare_with_sources(folder: Folder, found: Found) -> None:
    with closing(folder.catalog()) as catalog:
        indexed = contents(catalog)
        found.wrong += half_articles(catalog, HashedWords())
        hashes = {article.path: article.content_sha256 for article in indexed.articles.values()}
        expected = dict(_hashes(folder.articles))
        found.hashes += len(expected)
        found.other_hashes += len(hashes.items() ^ expected.items())
        store = inspect_store(catalog, folder.data / "chroma")
        assert store is not None, "there is no vector store"
    found.audits += 1
    found.chunks = len(indexed.chunks)
    found.audited += len(indexed.chunks)
    found.lost += store.lost + store.bare
    found.elsewhere += store.missing + store.stale
    found.recall = min(found.recall, store.recall)
    print(f"{found.kills.total()} kills, {len(found.wrong)} halves, {found.other_hashes} other texts", file=sys.stderr)


def _hashes(articles: Path) -> Iterator[tuple[str, str]]:
    """Path and hash of the text, from the files themselves."""
    today = datetime.now(UTC).date()
    for file in sorted(articles.rglob("*.md")):
        path = file.relative_to(articles).as_posix()
        article = reply_to(Request(path=path, data=file.read_bytes(), today=today, site_url=None)).article
        assert article is not None
        yield path, sha256(article.text.encode()).hexdigest()


def _rows(found: Found) -> Iterator[Row]:
    kills = found.kills.total()
    for how, count in sorted(found.kills.items()):
        yield Row(f"kills {how}", str(count))
    yield Row("markers of different names among them", str(len(found.markers)))
    yield Row("chunks in the end", str(found.chunks), "≥ 5000", found.chunks >= 5000)
    yield none_of("kills after which a reader saw half an article", len(found.wrong), kills)
    yield Row("times resumed to the end and compared with the sources", str(found.audits))
    yield none_of("articles lost, doubled, or with another text than their source", found.other_hashes, found.hashes)
    yield none_of("chunks in one of catalog and vector store alone", found.elsewhere, found.audited)
    yield none_of("chunks whose vector does not find itself", found.lost, found.audited)
    yield Row("recall@10 against exact search, the worst", f"{found.recall:.3f}", "≥ 0.98", found.recall >= 0.98)
    for line in found.wrong[:LINES]:
        print(line, file=sys.stderr)


def _as_in_one_go(folder: Folder, scratch: Path) -> Iterator[Row]:
    """Against an index of the same articles that nobody has killed."""
    clean = Folder(scratch, 0)
    clean.articles = folder.articles
    clean.ingest()
    with closing(folder.catalog()) as built, closing(clean.catalog()) as whole:
        wrong = differences(contents(built), contents(whole))
    yield exactly("differences from an index that was built in one go", len(wrong))
    told = folder.log.read_text("utf-8").splitlines()
    unclean = [line for line in told if "was not closed" in line]
    yield Row("times the vector store was not trusted, and mended", str(len(unclean)))
    yield exactly("other lines on stderr", len(told) - len(unclean))
    for line in [*wrong[:LINES], *(line for line in told if line not in unclean)][: 2 * LINES]:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
