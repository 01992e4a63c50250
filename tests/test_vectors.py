"""The Chroma store, in a folder and on a server, finds what it holds, and an audit sees when it does not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from chroma_server import ChromaServer
from small_index import DictStore

from index.derived import audit
from index.errors import StoreGoneError
from index.records import Vectors
from index.server_vectors import ServerVectors
from index.vectors import ChromaVectors, probe

Store = ChromaVectors | ServerVectors
Opening = Callable[[int], Store]
Filled = tuple[Store, list[str], Vectors]


def unit_vectors(count: int, dim: int = 16) -> Vectors:
    vectors = np.random.default_rng(7).normal(size=(count, dim)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.fixture(params=["folder", "server"])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """Opens the store of a generation."""
    opened: list[Store] = []
    if request.param == "server":
        server: ChromaServer = request.getfixturevalue("chroma_server")
        address = server.address()

    def opens(generation: int) -> Store:
        kept = request.param == "folder"
        store = ChromaVectors(tmp_path / "chroma", generation) if kept else ServerVectors(address, generation)
        opened.append(store)
        return store

    yield opens
    for store in opened:
        store.close()


@pytest.fixture
def filled(opening: Opening) -> Filled:
    store = opening(1)
    ids, vectors = [f"c{row}" for row in range(50)], unit_vectors(50)
    store.upsert(ids, vectors)
    return store, ids, vectors


def test_a_chunk_finds_itself_first_with_cosine_one(filled: Filled) -> None:
    store, _, vectors = filled
    best, cosine = store.query(vectors[7], 3)[0]
    assert best == "c7"
    assert cosine == pytest.approx(1.0, abs=1e-4)


def test_neighbours_come_best_first_and_no_more_than_there_are(
    filled: Filled,
) -> None:
    store, _, vectors = filled
    cosines = [cosine for _, cosine in store.query(vectors[7], 500)]
    assert len(cosines) == 50
    assert cosines == sorted(cosines, reverse=True)


def test_an_empty_store_finds_nothing(opening: Opening) -> None:
    assert opening(1).query(unit_vectors(1)[0], 5) == []


def test_deleted_chunks_are_not_found(filled: Filled) -> None:
    store, _, vectors = filled
    store.delete(["c7"])
    assert "c7" not in {chunk_id for chunk_id, _ in store.query(vectors[7], 50)}
    assert len(store.ids()) == 49


def test_generations_do_not_mix(filled: Filled, opening: Opening) -> None:
    other = opening(2)
    assert other.ids() == set()


def test_a_collection_that_was_dropped_says_so(filled: Filled, opening: Opening) -> None:
    newer = opening(2)
    newer.drop_others() if isinstance(newer, ChromaVectors) else newer.drop_older()
    with pytest.raises(StoreGoneError):
        filled[0].query(filled[2][7], 3)


def test_an_audit_of_a_sound_store_loses_nothing(filled: Filled) -> None:
    store, ids, vectors = filled
    assert audit(store, ids, vectors) == (0, 1.0)


def test_an_audit_counts_chunks_that_do_not_find_themselves(
    filled: Filled,
) -> None:
    store, ids, vectors = filled
    store.delete(["c1", "c2"])
    lost, recall = audit(store, ids, vectors)
    assert lost == 2
    assert recall < 1.0


@pytest.mark.parametrize("every", [1, 2, 50])
def test_an_audit_of_some_chunks_takes_others_that_are_found_for_no_loss(every: int) -> None:
    store, vectors = DictStore(), unit_vectors(1_000)
    ids = [f"c{row}" for row in range(len(vectors))]
    store.upsert(ids, vectors)
    assert audit(store, ids[::every], vectors[::every]) == (0, 1.0)


def test_an_audit_of_some_chunks_finds_what_the_store_does_not() -> None:
    store, vectors = DictStore(), unit_vectors(1_000)
    ids = [f"c{row}" for row in range(len(vectors))]
    store.upsert([one for one in ids if not one.endswith("4")], vectors[[row % 10 != 4 for row in range(1_000)]])
    lost, recall = audit(store, ids[::2], vectors[::2])
    assert lost == 100
    assert 0.7 < recall < 0.9


def test_a_sound_store_passes_the_probe_and_a_damaged_one_does_not(tmp_path: Path) -> None:
    store = ChromaVectors(tmp_path / "chroma", 1)
    store.upsert(["a"], unit_vectors(1))
    store.close()
    assert probe(tmp_path / "chroma", 1)
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    assert not probe(tmp_path / "chroma", 1)


def test_a_store_that_was_never_made_passes_the_probe(tmp_path: Path) -> None:
    assert probe(tmp_path / "none", 1)


def test_a_store_that_cannot_be_searched_says_so_and_is_not_usable(
    filled: Filled,
) -> None:
    store, _, vectors = filled
    assert store.is_usable
    store.close()
    with pytest.raises(StoreGoneError):
        store.query(vectors[7], 3)
    assert not store.is_usable
