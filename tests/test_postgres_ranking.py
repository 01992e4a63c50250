"""Search over PostgreSQL finds what it finds over SQLite, in the same order, with the same figures."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from small_index import SmallIndex, small_index
from word_encoder import TokenWordEncoder, WordEncoder

from index.records import Hit
from index.search import Query, Searcher

REPOSITORY = Path(__file__).resolve().parent.parent
ARTICLES = REPOSITORY / "evals" / "corpus" / "content"
QUESTIONS = [
    json.loads(line)
    for file in sorted((REPOSITORY / "evals" / "questions").glob("*.jsonl"))
    for line in file.read_text("utf-8").splitlines()
]
EVERY = 8
"""Of so many questions one is asked."""


@pytest.fixture
def address(postgres: PostgresServer) -> Iterator[str]:
    """Of a database that puts texts in the order of English, not of code points."""
    name = postgres.create("TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    yield postgres.url(name)
    postgres.drop(name)


@contextmanager
def two_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, address: str, encoder: type[WordEncoder]
) -> Iterator[list[SmallIndex]]:
    urls = {"embedded": None, "served": address}
    with ExitStack() as opened:
        yield [
            opened.enter_context(closing(small_index(folder / name, monkeypatch, encoder(), url)))
            for name, url in urls.items()
        ]


def test_the_sample_articles_are_indexed_and_ranked_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with two_of(tmp_path, monkeypatch, address, WordEncoder) as both:
        for index in both:
            index.ingest(ARTICLES)
        kept, other = (index.catalog.load(1) for index in both)
        assert kept == other
        assert list(kept[0]) == list(other[0])
        assert both[0].catalog.articles() == both[1].catalog.articles()
        asked = QUESTIONS[::EVERY]
        assert len(asked) > 20
        searchers = [index.searcher() for index in both]
        hits = [[found(one, asked_for["question"], asked_for["lang"]) for asked_for in asked] for one in searchers]
        assert hits[0] == hits[1]
        assert sum(map(bool, hits[0])) > 0.9 * len(asked)


def test_articles_whose_paths_the_server_puts_otherwise_come_in_one_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    with two_of(tmp_path, monkeypatch, address, TokenWordEncoder) as both:
        for index in both:
            for path in ("B.md", "a.md", "_c.md", "é.md"):
                index.write(path, "The heron is here.", title="Heron")
            index.ingest()
        assert [list(index.texts()) for index in both] == [["B.md", "_c.md", "a.md", "é.md"]] * 2
        hits = [found(index.searcher(), "Where is the heron?", "en") for index in both]
        assert hits[0] == hits[1]
        assert hits[0][0].tokens is not None


def found(searcher: Searcher, question: str, lang: str) -> tuple[Hit, ...]:
    return searcher.search(Query(text=question, lang=lang))
