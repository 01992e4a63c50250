"""A runtime over a folder of its own, and what tests ask of it.

In: a folder, texts by path. Out: files in it, outcomes of an ingest by path, answers, search responses.
The encoder counts words and the reader runs in this process, after ``without_model``.
"""

from pathlib import Path

import anyio
import pytest
from small_index import read_here
from word_encoder import WordEncoder

from index.records import FileOutcome, IngestRequest
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.runtime import Runtime

TEXTS = {"a.md": "The battery is charged in Brussels.\n", "b.md": "A heron walks along the canal in winter.\n"}


def write_articles(folder: Path, articles: dict[str, str]) -> Path:
    for path, text in articles.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def ingest(runtime: Runtime, folder: Path, **wanted: object) -> dict[str, str]:
    request = IngestRequest(paths=(str(folder),), **wanted)  # type: ignore[arg-type]
    return {e.path: e.outcome for e in runtime.ingest(request) if isinstance(e, FileOutcome)}


def ask(runtime: Runtime, question: str, **others: object) -> Answer:
    return anyio.run(runtime.answer, Question(question=question, **others))  # type: ignore[arg-type]


def search(runtime: Runtime, query: str) -> SearchResponse:
    return anyio.run(runtime.search, SearchRequest(query=query))


class LoadedModels:
    """Stands in for the encoder's class: remembers which models were loaded."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, model: str, model_dir: Path) -> WordEncoder:
        self.names.append(model)
        return WordEncoder()


def without_model(monkeypatch: pytest.MonkeyPatch) -> LoadedModels:
    models = LoadedModels()
    monkeypatch.setattr("index.encoder.SentenceEncoder", models)
    monkeypatch.setattr("index.build.read_folders", read_here)
    return models
