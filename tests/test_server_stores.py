"""A service whose vectors are on a Chroma server: the server may go, come back empty, and be used by others."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import numpy as np
import pytest
from chroma_server import ChromaServer
from small_index import SmallIndex
from small_site import LoadedModels, ingest, search
from word_encoder import WordEncoder

from index.records import Vectors
from index.server_address import ServerAddress
from index.server_stores import ServerStores, fill_server_anew
from index.server_vectors import ServerVectors
from rag.doctor import store as examine_store
from rag.errors import KildeError
from rag.records import Readiness
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ChromaServer]:
    """One that the test may kill."""
    server = ChromaServer(tmp_path / "server")
    yield server
    server.stop()


def settings(data: Path, address: ServerAddress) -> Settings:
    return Settings(data_dir=str(data), chroma_url=f"{address.url}?database={address.database}")


@pytest.fixture
def over_server(
    tmp_path: Path, own_server: ChromaServer, loaded: LoadedModels, site: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Runtime]:
    """Two articles, searched through the server however few they are."""
    monkeypatch.setattr("index.search.EXACT_CHUNKS", 0)
    with closing(open_runtime(settings(tmp_path / "data", own_server.address()))) as runtime:
        ingest(runtime, site)
        search(runtime, "heron")
        yield runtime


def readiness(runtime: Runtime) -> Readiness:
    return anyio.run(runtime.readiness)


def opened_store(runtime: Runtime) -> ServerVectors:
    store = runtime._searching.stores.store(1, WordEncoder.dim)
    assert isinstance(store, ServerVectors)
    return store


def test_the_server_holds_what_the_catalog_holds_and_nothing_lies_in_the_data_folder(
    over_server: Runtime, tmp_path: Path
) -> None:
    assert opened_store(over_server).ids() == over_server._catalog.chunk_ids(1)
    assert search(over_server, "heron").hits[0].path == "b.md"
    assert readiness(over_server).index == "ok"
    assert not (tmp_path / "data" / "chroma").exists()


def test_a_server_killed_in_the_middle_costs_no_answer_and_is_used_again_once_it_is_back(
    over_server: Runtime, own_server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordEncoder, "encode_passages", None)
    own_server.kill()
    assert search(over_server, "heron").hits[0].path == "b.md"
    told = readiness(over_server)
    assert (told.ready, told.index, "exact" in told.message) == (True, "degraded", True)
    over_server._ready_upkeep().round()
    assert readiness(over_server).index == "degraded"
    own_server.start()
    over_server._ready_upkeep().round()
    assert readiness(over_server).index == "ok"
    assert opened_store(over_server).is_usable
    assert search(over_server, "heron").hits[0].path == "b.md"


def test_a_server_that_came_back_empty_is_noticed_unasked_and_filled_without_embedding(
    over_server: Runtime, own_server: ChromaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordEncoder, "encode_passages", None)
    own_server.wipe()
    assert readiness(over_server).index == "degraded"
    over_server._ready_upkeep().round()
    assert readiness(over_server).index == "ok"
    assert opened_store(over_server).ids() == over_server._catalog.chunk_ids(1)


def test_what_is_ingested_while_the_server_is_down_is_found_and_given_to_it_later(
    over_server: Runtime, own_server: ChromaServer, site: Path
) -> None:
    own_server.kill()
    (site / "c.md").write_text("The price of charging in winter.\n")
    assert ingest(over_server, site)["c.md"] == "new"
    assert search(over_server, "price").hits[0].path == "c.md"
    own_server.start()
    over_server._ready_upkeep().round()
    assert opened_store(over_server).ids() == over_server._catalog.chunk_ids(1)
    assert len(opened_store(over_server).ids()) == 3


def test_a_service_starts_without_its_server(tmp_path: Path, own_server: ChromaServer, over_server: Runtime) -> None:
    over_server.close()
    own_server.kill()
    with closing(open_runtime(over_server.settings)) as again:
        assert search(again, "heron").hits[0].path == "b.md"
        assert (readiness(again).ready, readiness(again).index) == (True, "degraded")


def test_a_second_process_finds_what_the_first_has_ingested(over_server: Runtime, site: Path) -> None:
    with closing(Runtime(over_server.settings)) as second:
        assert search(second, "price").hits[0].path != "c.md"
        (site / "c.md").write_text("The price of charging in winter.\n")
        ingest(over_server, site)
        second._following.round()
        assert search(second, "price").hits[0].path == "c.md"
        assert len(opened_store(second).ids()) == 3


@pytest.fixture
def stores(three_words: SmallIndex, chroma_server: ChromaServer) -> Iterator[ServerStores]:
    with closing(ServerStores(three_words.catalog, chroma_server.address())) as opened:
        yield opened


def first(stores: ServerStores, index: SmallIndex) -> ServerVectors:
    store = stores.store(1, index.encoder.dim)
    assert store is not None
    return store


def test_what_another_process_may_just_be_writing_is_deleted_at_the_second_look_only(
    stores: ServerStores, three_words: SmallIndex
) -> None:
    store, dim = first(stores, three_words), three_words.encoder.dim
    store.upsert(["soon-visible"], np.eye(1, dim, dtype=np.float32))
    stores.tend(1, dim)
    assert "soon-visible" in store.ids()
    stores.tend(1, dim)
    assert store.ids() == three_words.catalog.chunk_ids(1)


def test_what_the_server_has_lost_is_added_at_the_next_look(stores: ServerStores, three_words: SmallIndex) -> None:
    store = first(stores, three_words)
    store.delete([min(store.ids())])
    stores.tend(1, three_words.encoder.dim)
    assert store.ids() == three_words.catalog.chunk_ids(1)


def test_a_server_that_lacks_more_than_can_be_waited_for_is_filled_by_mending_alone(
    stores: ServerStores, three_words: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.server_stores.MOST_ADDED", 2)
    dim = three_words.encoder.dim
    assert (stores.store(1, dim), stores.is_degraded) == (None, True)
    assert stores.mend(1, dim)
    assert stores.mended(1, dim) is not None
    assert not stores.is_degraded


def test_a_mending_that_is_stopped_fails_and_is_not_begun_again(
    stores: ServerStores, three_words: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    dim, upsert = three_words.encoder.dim, ServerVectors.upsert

    def stopping(store: ServerVectors, chunk_ids: list[str], vectors: Vectors) -> None:
        stores.stop_mending()
        upsert(store, chunk_ids, vectors)

    monkeypatch.setattr(ServerVectors, "upsert", stopping)
    assert [stores.mend(1, dim), stores.mend(1, dim)] == [False, False]


def test_two_processes_that_drop_the_same_generation_both_go_on(
    stores: ServerStores, three_words: SmallIndex, chroma_server: ChromaServer
) -> None:
    store, dim = first(stores, three_words), three_words.encoder.dim
    newer = ServerVectors(stores.address, 2)
    older = [collection for collection in newer._client.list_collections() if collection.name == "chunks-1"]
    newer.drop_older()
    newer._client.list_collections = lambda: older  # type: ignore[method-assign]  # as another process saw it
    newer.drop_older()
    assert newer.is_usable
    newer.close()
    stores.look()
    assert (store.is_usable, stores.is_degraded) == (False, True)
    assert stores.mend(1, dim)


def test_a_server_that_goes_while_an_ingest_ends_is_no_error(
    over_server: Runtime, own_server: ChromaServer, site: Path
) -> None:
    store = opened_store(over_server)
    own_server.kill()
    over_server._searching.stores.drop_older(1)
    assert not store.is_usable


def test_a_rebuild_replaces_wrong_vectors_without_embedding(
    stores: ServerStores, three_words: SmallIndex, chroma_server: ChromaServer
) -> None:
    store = first(stores, three_words)
    name, other = sorted(store.ids())[:2]
    right = three_words.stores[1].vectors
    store.upsert([name], -right[name][None, :])
    three_words.words.encoded.clear()
    assert fill_server_anew(three_words.catalog, stores.address) == 3
    assert store.query(right[name], 1)[0][0] == name
    assert store.query(right[other], 1)[0][0] == other
    assert three_words.words.encoded == []


def test_a_rebuild_of_nothing_says_what_to_do(index: SmallIndex, chroma_server: ChromaServer) -> None:
    with pytest.raises(KildeError, match="kilde ingest"):
        fill_server_anew(index.catalog, chroma_server.address())


def test_doctor_audits_the_server_also_while_a_service_runs(over_server: Runtime) -> None:
    assert examine_store(over_server.settings, False) == ("ok", "2 chunks on the Chroma server, recall@10 1.000")


def test_doctor_says_what_a_server_lacks(over_server: Runtime) -> None:
    store = opened_store(over_server)
    store.delete([min(store.ids())])
    state, message = examine_store(over_server.settings, False)
    assert (state, "1 missing" in message, "kilde rebuild" in message) == ("warn", True, True)


def test_doctor_says_that_a_server_does_not_answer(over_server: Runtime, own_server: ChromaServer) -> None:
    own_server.kill()
    state, message = examine_store(over_server.settings, False)
    assert (state, "KILDE_CHROMA_URL" in message) == ("warn", True)
    assert examine_store(over_server.settings, True)[0] == "ok"
