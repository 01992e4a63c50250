"""Everything together, with the real model, reader and store: folders in, answers out, from one data folder."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from small_site import ask, ingest, search, write_articles

from rag.records import MessageEnd, Question
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
    (store,) = real._searching.stores.opened.values()
    assert store is not None
    assert store.ids() == real._catalog.chunk_ids(1)


FIRST_QUESTION = """
import sys, anyio
from rag.records import Question
from rag.runtime import open_runtime
from rag.settings import load_settings
runtime = open_runtime(load_settings())
runtime.warm()
before = set(sys.modules)
answer = anyio.run(runtime.answer, Question(question="How many nests did wardens count in spring 2021?"))
print(answer.status, *(set(sys.modules) - before))
"""


@pytest.mark.model
def test_after_warming_the_first_question_imports_nothing(tmp_path: Path, model_dir: Path) -> None:
    folder = write_articles(tmp_path / "site", ARTICLES)
    with closing(open_runtime(Settings(data_dir=str(tmp_path / "data"), model_dir=str(model_dir)))) as runtime:
        ingest(runtime, folder)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_QUESTION],
        env={"KILDE_DATA_DIR": str(tmp_path / "data"), "KILDE_MODEL_DIR": str(model_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["answered"]
