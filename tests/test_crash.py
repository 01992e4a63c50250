"""An ingest that is killed with SIGKILL loses nothing, doubles nothing and shows no half article."""

import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from word_encoder import WORDS, WordEncoder

from evals.torture.wholeness import Contents, contents, differences, half_articles, least_cosine
from index.build import Indexer
from index.catalog import Catalog
from index.catalog_records import pack_vectors
from index.derived import audit, reconcile
from index.records import IngestRequest
from index.vectors import ChromaVectors

SCRIPT = Path(__file__).with_name("stopping_ingest.py")


def write_articles(folder: Path, numbers: range, fact: str) -> None:
    """Two chunks each: a window of six chunks takes three articles."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        words = itertools.islice(itertools.cycle(WORDS), number, number + 40)
        paragraphs = "\n\n".join(
            f"Part {part}. {fact} {' '.join(words)} {word}." for part, word in enumerate(WORDS[:5])
        )
        (folder / f"article-{number}.md").write_text(f"---\ntitle: Article {number}\n---\n{paragraphs}\n", "utf-8")


def ingest(*args: object) -> None:
    """A run to its end."""
    subprocess.run([sys.executable, str(SCRIPT), *map(str, args)], check=True, timeout=60)


def ingest_killed_at(step: str, time: int, data_dir: Path, articles: Path) -> None:
    """A run that is killed when it comes to a step for the so-many-th time, with all processes that it started."""
    command = [sys.executable, str(SCRIPT), str(data_dir), str(articles), step, str(time)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


@contextmanager
def opened(data_dir: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}")) as catalog:
        yield catalog


def read(data_dir: Path) -> Contents:
    with opened(data_dir) as catalog:
        return contents(catalog)


def halves(data_dir: Path) -> list[str]:
    with opened(data_dir) as catalog:
        return half_articles(catalog, WordEncoder())


@pytest.mark.slow
def test_what_is_built_over_three_kills_is_what_is_built_in_one_go(tmp_path: Path) -> None:
    articles, built, clean = tmp_path / "articles", tmp_path / "built", tmp_path / "clean"
    built.mkdir()
    clean.mkdir()
    write_articles(articles, range(8), "First.")
    ingest_killed_at("embed", 3, built, articles)
    assert (halves(built), len(read(built).articles)) == ([], 0)
    ingest_killed_at("save", 2, built, articles)
    assert (halves(built), len(read(built).articles)) == ([], 3)
    write_articles(articles, range(3), "Second.")
    ingest_killed_at("delete", 1, built, articles)
    assert (halves(built), len(read(built).articles)) == ([], 3)
    ingest(built, articles)
    ingest(clean, articles)

    found, expected = read(built), read(clean)
    assert len(expected.articles) == 8
    assert differences(found, expected) == []
    assert found == expected
    with opened(built) as catalog:
        store = ChromaVectors(built / "chroma", 1)
        reconcile(catalog, store, 1, WordEncoder.dim)
    assert store.ids() == expected.chunks.keys()
    assert audit(store, sorted(found.chunks), found.vectors(WordEncoder.dim)) == (0, 1.0)


@pytest.fixture(scope="module")
def whole_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write_articles(folder / "articles", range(2), "First.")
    with opened(folder) as catalog:
        indexer = Indexer(catalog, encoder=WordEncoder, store=lambda _: None, model="words", model_fingerprint="words")
        assert len(list(indexer.ingest(IngestRequest(paths=(str(folder / "articles"),))))) > 2
    return folder


@pytest.fixture
def whole(whole_once: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own with two articles of two chunks each, and no derived store."""
    shutil.copytree(whole_once, tmp_path / "data")
    return tmp_path / "data"


def test_a_chunk_that_is_missing_is_noticed(whole: Path) -> None:
    before = read(whole)
    first = min(before.chunks)
    assert halves(whole) == []
    with closing(sqlite3.connect(whole / "catalog.db")) as connection, connection:
        connection.execute("DELETE FROM chunk WHERE chunk_id = ?", (first,))
    after, path = read(whole), before.articles[before.chunks[first].article_id].path
    assert halves(whole) == [f"{path}: its chunks are not those of its text"]
    assert f"chunk {first} is lost" in differences(after, before)
    assert f"chunk {first} is one too many" in differences(before, after)


def test_a_chunk_without_its_vector_makes_its_article_a_half_one(whole: Path) -> None:
    with closing(sqlite3.connect(whole / "catalog.db")) as connection, connection:
        connection.execute("DELETE FROM vector WHERE vector_key = (SELECT min(vector_key) FROM vector)")
    assert len(halves(whole)) == 1


def test_another_vector_is_seen_in_the_least_cosine(whole: Path) -> None:
    before = read(whole)
    opposite = pack_vectors(-before.vectors(WordEncoder.dim))[0]
    first = min(before.chunks)
    changed = Contents(
        before.articles, before.chunks | {first: msgspec.structs.replace(before.chunks[first], vector=opposite)}
    )
    assert least_cosine(before, before, WordEncoder.dim) == pytest.approx(1.0)
    assert least_cosine(changed, before, WordEncoder.dim) == pytest.approx(-1.0)
