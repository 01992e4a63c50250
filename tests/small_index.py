"""A small index over files that a test writes, with a readable encoder and a store that is a dictionary.

Files are read in the test's own process: the parsing child, which takes a second to start, has tests of its own.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from word_encoder import WordEncoder

from index.build import Indexer
from index.catalog import Catalog
from index.readers.child import reply_to
from index.readers.wire import Request
from index.reading import FailedFile
from index.records import Article, Encoder, FileOutcome, Hit, IngestRequest, IngestSummary, Skipped, Span, Vectors
from index.search import Query, Searcher

ONE = "The battery is charged in Brussels."
TWO = "A heron walks along the canal in winter."
FIRST_MTIME_NS = 1_700_000_000_000_000_000


class DictStore:
    """A vector store that finds exactly."""

    def __init__(self) -> None:
        self.vectors: dict[str, NDArray[np.float32]] = {}

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None:
        self.vectors |= zip(chunk_ids, vectors, strict=True)

    def delete(self, chunk_ids: list[str]) -> None:
        for chunk_id in chunk_ids:
            self.vectors.pop(chunk_id, None)

    def query(self, vector: NDArray[np.float32], top_k: int) -> list[tuple[str, float]]:
        cosines = {chunk_id: float(stored @ vector) for chunk_id, stored in self.vectors.items()}
        return sorted(cosines.items(), key=lambda pair: -pair[1])[:top_k]

    def ids(self) -> set[str]:
        return set(self.vectors)


class SmallIndex:
    """A folder ``site`` of articles with its catalog and stores beside it."""

    def __init__(self, folder: Path, encoder: Encoder | None = None, url: str | None = None) -> None:
        """``url``: of an empty database; by default one in SQLite in the folder."""
        self.site = folder / "site"
        self.site.mkdir(parents=True)
        self.catalog = Catalog.open(url or f"sqlite:///{folder / 'catalog.db'}")
        self.words = WordEncoder()
        self.encoder: Encoder = encoder or self.words
        self.stores: dict[int, DictStore] = defaultdict(DictStore)
        self._mtime_ns = FIRST_MTIME_NS

    def write(self, path: str, text: str, **front_matter: str) -> Path:
        """A file that is newer than all before."""
        file = self.site / path
        file.parent.mkdir(parents=True, exist_ok=True)
        head = "".join(f"{name}: {value}\n" for name, value in front_matter.items())
        file.write_text(f"---\n{head}---\n{text}\n" if head else f"{text}\n", encoding="utf-8")
        self.touch(path)
        return file

    def touch(self, path: str) -> None:
        self._mtime_ns += 1_000_000_000
        os.utime(self.site / path, ns=(self._mtime_ns, self._mtime_ns))

    def indexer(self, model: str = "words") -> Indexer:
        return Indexer(
            self.catalog,
            encoder=lambda: self.encoder,
            store=self.stores.__getitem__,
            model=model,
            model_fingerprint=model,
        )

    def events(self, *paths: str | Path, model: str = "words", **wanted: object) -> Iterator[object]:
        request = IngestRequest(paths=tuple(map(str, paths or (self.site,))), **wanted)  # type: ignore[arg-type]
        return self.indexer(model).ingest(request)

    def ingest(self, *paths: str | Path, model: str = "words", **wanted: object) -> dict[str, FileOutcome]:
        """Outcomes by path; one per file, or this fails."""
        events = self.events(*paths, model=model, **wanted)
        outcomes = [event for event in events if isinstance(event, FileOutcome)]
        by_path = {outcome.path: outcome for outcome in outcomes}
        assert sorted(by_path) == sorted(outcome.path for outcome in outcomes)
        return by_path

    def summary(self, *paths: str | Path, **wanted: object) -> IngestSummary:
        *_, last = self.events(*paths, model="words", **wanted)
        assert isinstance(last, IngestSummary)
        return last

    def texts(self) -> dict[str, str]:
        """Canonical text by path of all that is indexed."""
        return {article.path: article.text for _, _, article in self.catalog.read_articles()}

    def state(self) -> dict[str, object]:
        """All that a search can see, and what lies below it; equal for equal indexes."""
        generation = self.catalog.current_generation()
        number = generation.number if generation else 0
        articles, chunks = self.catalog.load(number)
        keys = {chunk.vector_key for chunk in chunks}
        return {
            "articles": articles,
            "chunks": chunks,
            "unused vectors": len(set(self._vector_keys()) - keys),
            "store": self.stores[number].ids(),
        }

    def searcher(self, *, with_store: bool = False) -> Searcher:
        generation = self.catalog.current_generation()
        store = self.stores[generation.number] if generation and with_store else None
        return Searcher(self.catalog, self.encoder, store)

    def close(self) -> None:
        self.catalog.close()

    def _vector_keys(self) -> list[str]:
        with self.catalog._engine.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT vector_key FROM vector")]


def ask(index: SmallIndex, text: str, *, with_store: bool = False, **wanted: object) -> tuple[Hit, ...]:
    query = Query(text=text, **({"lang": "en"} | wanted))  # type: ignore[arg-type]
    return index.searcher(with_store=with_store).search(query)


def paths(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.path for hit in hits]


def outcomes_of(found: dict[str, FileOutcome]) -> dict[str, str]:
    return {path: outcome.outcome for path, outcome in found.items()}


def read_here(
    folders: Iterable[tuple[Path, Sequence[str]]], *, today: date, site_url: str | None = None
) -> Iterator[Article | Skipped | FailedFile]:
    """``index.reading.read_folders`` without its child process and its limits."""
    for root, path in ((root, path) for root, paths in folders for path in paths):
        reply = reply_to(Request(path=path, data=(root / path).read_bytes(), today=today, site_url=site_url))
        yield reply.article or reply.skipped or FailedFile(path=path, reason=reply.failed or "")


def small_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder: Encoder | None = None, url: str | None = None
) -> SmallIndex:
    monkeypatch.setattr("index.build.read_folders", read_here)
    return SmallIndex(tmp_path, encoder, url)


def make_hit(*sentences: str, article_id: str = "a", start: int = 0, **others: object) -> Hit:
    """A hit whose text is these sentences, a space between them, ``start`` characters into its article."""
    spans = []
    at = start
    for sentence in sentences:
        spans.append(Span(at, at + len(sentence)))
        at += len(sentence) + 1
    values: dict[str, object] = {
        "chunk_id": f"{article_id}-0",
        "article_id": article_id,
        "work_id": f"work-{article_id}",
        "path": f"{article_id}.md",
        "url": None,
        "lang": "en",
        "title": f"Title of {article_id}",
        "headings": (),
        "text": " ".join(sentences),
        "start": start,
        "end": at - 1,
        "sentences": tuple(spans),
        "published": None,
        "modified": None,
        "content_sha256": "0",
        "other_langs": (),
        "score": 0.9,
        "cosine": 0.5,
        "coverage": 1.0,
    }
    return Hit(**(values | others))  # type: ignore[arg-type]
