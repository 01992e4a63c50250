"""A runtime as surfaces see it, with an encoder that counts words: what is there, what is not, what is refused."""

from contextlib import closing
from datetime import date
from pathlib import Path

import anyio
import pytest
import sqlalchemy as sa
from small_site import LoadedModels, ask, ingest, search, write_articles

from index.records import Hit
from index.search import Query
from rag.errors import ConfigurationError, NotFoundError
from rag.records import SearchRequest
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


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


def test_warming_leaves_no_conversation_behind(runtime: Runtime, loaded: LoadedModels) -> None:
    runtime.warm()
    assert loaded.names == ["bundled"]
    with runtime._ready_conversations()._engine.connect() as database:
        counts = [database.scalar(sa.text(f"SELECT count(*) FROM {table}")) for table in ("conversations", "messages")]
    assert counts == [0, 0]


def test_a_title_that_no_question_may_be_does_not_keep_it_from_warming(runtime: Runtime, tmp_path: Path) -> None:
    ingest(
        runtime,
        write_articles(tmp_path / "site", {"a.md": f"---\ntitle: {'Long ' * 2000}\n---\nThe ferry sails daily."}),
    )
    runtime.warm()
    assert anyio.run(runtime.readiness).articles == 1


def test_a_data_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="KILDE_DATA_DIR"):
        open_runtime(Settings(data_dir=str(tmp_path / "file" / "data")))


def test_a_store_that_cannot_be_had_degrades_and_still_answers(tmp_path: Path, runtime: Runtime, site: Path) -> None:
    (tmp_path / "data" / "chroma.seal.new").mkdir()
    ingest(runtime, site)
    assert search(runtime, "heron").hits[0].path == "b.md"
    assert anyio.run(runtime.readiness).index == "degraded"


def test_last_year_in_a_search_is_counted_from_the_day_that_is_passed_in(tmp_path: Path) -> None:
    class Watched(Runtime):
        queries: tuple[Query, ...] = ()

        def find(self, query: Query) -> tuple[Hit, ...]:
            self.queries += (query,)
            return ()

    with closing(Watched(Settings(data_dir=str(tmp_path)), today=lambda: date(2022, 1, 5))) as runtime:
        anyio.run(runtime.search, SearchRequest(query="What was built last year?"))
        assert [query.text for query in runtime.queries] == ["What was built last year (2021)?"]
