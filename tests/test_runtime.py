"""Everything together: folders in, answers out, from one data folder; while it is rebuilt, the old index serves."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from small_index import read_here
from word_encoder import WordEncoder

from index.records import FileOutcome, IngestRequest
from index.vectors import ChromaVectors
from rag.errors import BusyError, ConfigurationError, NotFoundError
from rag.records import Answer, MessageEnd, Question, SearchRequest, SearchResponse
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings

ARTICLES = {
    "works/heron.en.md": """---
title: Herons on the Vesle canal
date: 2021-04-02
---
Grey herons came back to the Vesle canal in 1987. In spring 2021 wardens counted 214 nests along its banks.

## Food

The birds mostly eat roach and perch. They hunt at dawn, when the locks are closed.
""",
    "works/heron.de.md": """---
title: Reiher am Vesle-Kanal
date: 2021-04-02
---
Graureiher kehrten 1987 an den Vesle-Kanal zurück. Im Frühjahr 2021 zählten Aufseher 214 Nester an seinen Ufern.

## Nahrung

Die Vögel fressen vor allem Rotaugen und Barsche. Sie jagen im Morgengrauen, wenn die Schleusen geschlossen sind.
""",
    "works/heron.nb.md": """---
title: Hegrer ved Veslekanalen
date: 2021-04-02
---
Gråhegren kom tilbake til Veslekanalen i 1987. Våren 2021 talte oppsynet 214 reir langs breddene.

## Føde

Fuglene spiser mest mort og abbor. De jakter ved daggry, når slusene er stengt.
""",
    "works/bakery.nb.md": """---
title: Bakeriet i Havnegata
date: 2023-09
---
Bakeriet i Havnegata åpner klokken fem om morgenen. Eieren Marte Lunde baker 350 rugbrød hver dag.
""",
}


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


# With an encoder that counts words


class LoadedModels:
    """Stands in for the encoder's class: remembers which models were loaded."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, model: str, model_dir: Path) -> WordEncoder:
        self.names.append(model)
        return WordEncoder()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> LoadedModels:
    models = LoadedModels()
    monkeypatch.setattr("rag.runtime.SentenceEncoder", models)
    monkeypatch.setattr("index.build.read_files", read_here)
    return models


@pytest.fixture
def site(tmp_path: Path) -> Path:
    texts = {"a.md": "The battery is charged in Brussels.\n", "b.md": "A heron walks along the canal in winter.\n"}
    return write_articles(tmp_path / "site", texts)


@pytest.fixture
def runtime(tmp_path: Path, loaded: LoadedModels) -> Iterator[Runtime]:
    opened = open_runtime(Settings(data_dir=str(tmp_path / "data")))
    yield opened
    opened.close()


def test_an_empty_index_is_ready_and_loads_no_model(runtime: Runtime, loaded: LoadedModels) -> None:
    readiness = anyio.run(runtime.readiness)
    assert (readiness.ready, readiness.articles, readiness.index) == (True, 0, "ok")
    assert anyio.run(runtime.articles) == ()
    assert loaded.names == []


def test_a_question_to_an_empty_index_is_not_found_and_finds_what_is_ingested_after(
    runtime: Runtime, site: Path
) -> None:
    assert ask(runtime, "Where does the heron walk?").status == "not_found"
    ingest(runtime, site)
    assert search(runtime, "heron winter").hits[0].path == "b.md"


def test_an_ingest_without_changes_loads_no_model(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    loaded.names.clear()
    again = open_runtime(Settings(data_dir=str(tmp_path / "data")))
    assert ingest(again, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    again.close()
    assert loaded.names == []


def test_an_ingest_without_changes_at_start_leaves_the_derived_store_in_use(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    runtime.close()
    again = open_runtime(Settings(data_dir=str(tmp_path / "data")))
    ingest(again, site)
    again.warm()
    assert isinstance(again._stores[1], ChromaVectors)
    assert anyio.run(again.readiness).index == "ok"
    again.close()


def test_a_second_ingest_is_refused_while_one_is_under_way_and_not_after(runtime: Runtime, site: Path) -> None:
    request = IngestRequest(paths=(str(site),))
    first = runtime.ingest(request)
    next(first)
    with pytest.raises(BusyError):
        next(runtime.ingest(request))
    first.close()  # type: ignore[attr-defined]
    assert set(ingest(runtime, site)) == {"a.md", "b.md"}


def test_what_a_stopped_ingest_has_written_is_searched(
    runtime: Runtime, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 1)
    assert search(runtime, "battery").hits == ()
    events = runtime.ingest(IngestRequest(paths=(str(site),)))
    next(event for event in events if isinstance(event, FileOutcome))
    events.close()  # type: ignore[attr-defined]
    assert [hit.path for hit in search(runtime, "battery").hits] == ["a.md"]


def test_a_deleted_article_is_found_no_more(runtime: Runtime, site: Path) -> None:
    ingest(runtime, site)
    assert len(search(runtime, "heron").hits) == 2
    (site / "b.md").unlink()
    ingest(runtime, site)
    assert [hit.path for hit in search(runtime, "heron").hits] == ["a.md"]


def test_the_settings_site_url_gives_articles_their_addresses(tmp_path: Path, loaded: LoadedModels, site: Path) -> None:
    runtime = open_runtime(Settings(data_dir=str(tmp_path / "data"), site_url="https://example.org"))
    ingest(runtime, site)
    urls = [article.url for article in anyio.run(runtime.articles)]
    runtime.close()
    assert all((url or "").startswith("https://example.org/") for url in urls)


def test_an_article_is_given_with_its_text_and_an_unknown_one_refused(runtime: Runtime, site: Path) -> None:
    ingest(runtime, site)
    (first, _) = anyio.run(runtime.articles)
    assert "battery" in anyio.run(runtime.article, first.article_id).text
    with pytest.raises(NotFoundError):
        anyio.run(runtime.article, "nowhere")


def test_a_conversation_can_be_read_and_forgotten(runtime: Runtime, site: Path) -> None:
    answer = ask(runtime, "Hello!")
    assert anyio.run(runtime.conversation, answer.conversation_id).messages == (answer,)
    anyio.run(runtime.delete_conversation, answer.conversation_id)
    for lost in (runtime.conversation, runtime.delete_conversation):
        with pytest.raises(NotFoundError):
            anyio.run(lost, answer.conversation_id)


def test_another_model_is_built_while_the_old_index_serves(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    runtime.close()
    other = open_runtime(Settings(data_dir=str(tmp_path / "data"), embedding_model="publisher/other"))
    assert anyio.run(other.readiness).index == "rebuilding"
    loaded.names.clear()
    assert search(other, "heron").hits[0].path == "b.md"
    assert loaded.names == ["bundled"]
    other._rebuild()
    assert anyio.run(other.readiness).index == "ok"
    assert anyio.run(other.stats).model.startswith("publisher/other/")
    assert search(other, "heron").hits[0].path == "b.md"
    assert ingest(other, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    other.close()


def test_an_ingest_that_rebuilds_for_another_model_leaves_one_generation_of_vectors(
    tmp_path: Path, runtime: Runtime, site: Path
) -> None:
    ingest(runtime, site)
    runtime.close()
    other = open_runtime(Settings(data_dir=str(tmp_path / "data"), embedding_model="publisher/other"))
    assert ingest(other, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    other.close()
    assert ChromaVectors(tmp_path / "data" / "chroma", 1).ids() == set()
    assert len(ChromaVectors(tmp_path / "data" / "chroma", 2).ids()) == 2


def test_a_data_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="KILDE_DATA_DIR"):
        open_runtime(Settings(data_dir=str(tmp_path / "file" / "data")))


def test_a_store_that_cannot_be_had_degrades_and_still_answers(tmp_path: Path, runtime: Runtime, site: Path) -> None:
    (tmp_path / "data" / "chroma").write_text("in the way")
    ingest(runtime, site)
    assert search(runtime, "heron").hits[0].path == "b.md"
    assert anyio.run(runtime.readiness).index == "degraded"


# With the real model, the real reader and the real store


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, model_dir: Path) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("real")
    opened = open_runtime(Settings(data_dir=str(folder / "data"), model_dir=str(model_dir)))
    outcomes = ingest(opened, write_articles(folder / "site", ARTICLES))
    assert outcomes == dict.fromkeys(ARTICLES, "new")
    yield opened
    opened.close()


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "lang", "quoted"),
    [
        ("How many nests did wardens count in spring 2021?", "en", "214 nests"),
        ("Wie viele Nester zählten die Aufseher im Frühjahr 2021?", "de", "214 Nester"),
        ("Hvor mange reir talte oppsynet våren 2021?", "nb", "214 reir"),
        ("Was fressen die Reiher?", "de", "Rotaugen und Barsche"),
    ],
)
def test_a_fact_is_quoted_from_the_version_in_the_readers_language(
    real: Runtime, question: str, lang: str, quoted: str
) -> None:
    answer = ask(real, question)
    assert (answer.status, answer.lang) == ("answered", lang)
    assert any(quoted in citation.quote for citation in answer.citations)
    assert answer.citations[0].source.lang == lang
    assert answer.as_of == "2021-04-02"


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    ["How many rye breads does Marte Lunde bake every day?", "Wie viele Roggenbrote backt Marte Lunde jeden Tag?"],
)
def test_a_fact_that_one_language_alone_has_is_quoted_in_it(real: Runtime, question: str) -> None:
    answer = ask(real, question)
    assert answer.status == "answered"
    assert answer.citations[0].source.lang == "nb"
    assert "350 rugbrød" in answer.citations[0].quote


@pytest.mark.model
def test_every_citation_holds_in_the_answer_and_in_the_article(real: Runtime) -> None:
    answer = ask(real, "When did the herons come back to the canal?")
    assert answer.citations
    for citation in answer.citations:
        article = anyio.run(real.article, citation.source.article_id)
        assert answer.text[citation.answer.start : citation.answer.end] == citation.quote
        assert article.text[citation.source.start : citation.source.end] == citation.quote
        assert article.content_sha256 == citation.source.content_sha256
        assert citation.verification.quote == "exact"


@pytest.mark.model
@pytest.mark.parametrize(
    "question", ["Who won the football world cup in 1998?", "Hva heter hovedstaden i Peru?", "Wie hoch ist der Zins?"]
)
def test_what_no_article_says_is_not_found(real: Runtime, question: str) -> None:
    answer = ask(real, question)
    assert (answer.status, answer.citations) == ("not_found", ())
    assert len(answer.nearest) == 2


@pytest.mark.model
def test_translations_count_as_one_work(real: Runtime) -> None:
    stats = anyio.run(real.stats)
    assert (stats.articles, stats.works) == (4, 2)
    assert stats.articles_by_lang == {"de": 1, "en": 1, "nb": 2}
    assert {hit.work_id for hit in search(real, "heron").hits} == {hit.work_id for hit in search(real, "Hegre").hits}


@pytest.mark.model
def test_a_streamed_turn_ends_with_the_stored_answer(real: Runtime) -> None:
    async def last() -> object:
        return [event async for event in real.events(Question(question="What do the herons eat?"))][-1]

    end = anyio.run(last)
    assert isinstance(end, MessageEnd)
    assert anyio.run(real.conversation, end.answer.conversation_id).messages == (end.answer,)


@pytest.mark.model
def test_the_derived_store_holds_exactly_the_chunks(real: Runtime) -> None:
    (store,) = real._stores.values()
    assert store is not None
    assert store.ids() == real._catalog.chunk_ids(1)
