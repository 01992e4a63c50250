"""Ingests through a runtime, with an encoder that counts words: one at a time, seen by searches, two models at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import msgspec
import pytest
from small_site import LoadedModels, ingest, search

from index.catalog import Catalog
from index.records import FileOutcome, IngestRequest
from index.snapshot import Snapshot, take_snapshot
from index.vectors import ChromaVectors
from rag.errors import BusyError
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


def test_an_ingest_without_changes_loads_no_model(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    loaded.names.clear()
    again = open_runtime(runtime.settings)
    assert ingest(again, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    again.close()
    assert loaded.names == []


def test_an_ingest_without_changes_at_start_leaves_the_derived_store_in_use(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    runtime.close()
    again = open_runtime(runtime.settings)
    ingest(again, site)
    again.warm()
    assert isinstance(again._searching.stores.opened[1], ChromaVectors)
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


def test_an_ingest_can_be_repeated_when_its_result_could_not_be_shown_to_searches(
    runtime: Runtime, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room for another snapshot")

    assert search(runtime, "heron").hits == ()
    with monkeypatch.context() as broken:
        broken.setattr("index.search.Searcher", fail)
        with pytest.raises(OSError, match="no room"):
            ingest(runtime, site)
    assert ingest(runtime, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert search(runtime, "heron").hits[0].path == "b.md"


def test_searches_go_on_while_a_new_snapshot_is_made(
    runtime: Runtime, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile: list[int] = []

    def slowly(catalog: Catalog, dim: int) -> Snapshot:
        with ThreadPoolExecutor(1) as others:
            meanwhile.append(len(others.submit(search, runtime, "heron").result(timeout=20).hits))
        return take_snapshot(catalog, dim)

    search(runtime, "heron")
    monkeypatch.setattr("index.search.take_snapshot", slowly)
    ingest(runtime, site)
    assert (meanwhile, len(search(runtime, "heron").hits)) == ([0], 2)


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


def test_another_model_is_built_while_the_old_index_serves(
    tmp_path: Path, runtime: Runtime, site: Path, loaded: LoadedModels
) -> None:
    ingest(runtime, site)
    runtime.close()
    other = open_runtime(msgspec.structs.replace(runtime.settings, embedding_model="publisher/other"))
    assert anyio.run(other.readiness).index == "rebuilding"
    loaded.names.clear()
    assert search(other, "heron").hits[0].path == "b.md"
    assert loaded.names == ["bundled"]
    other._ready_upkeep().round()
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
    other = open_runtime(msgspec.structs.replace(runtime.settings, embedding_model="publisher/other"))
    assert ingest(other, site) == {"a.md": "unchanged", "b.md": "unchanged"}
    other.close()
    assert ChromaVectors(tmp_path / "data" / "chroma", 1).ids() == set()
    assert len(ChromaVectors(tmp_path / "data" / "chroma", 2).ids()) == 2
