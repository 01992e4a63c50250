"""The Chroma store finds what it holds, and is repaired from the catalog when it does not."""

from pathlib import Path

import numpy as np
import pytest

from index.derived import audit
from index.errors import StoreGoneError
from index.records import Vectors
from index.vectors import ChromaVectors, probe


def unit_vectors(count: int, dim: int = 16) -> Vectors:
    vectors = np.random.default_rng(7).normal(size=(count, dim)).astype(np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.fixture
def filled(tmp_path: Path) -> tuple[ChromaVectors, list[str], Vectors]:
    store = ChromaVectors(tmp_path / "chroma", 1)
    ids, vectors = [f"c{row}" for row in range(50)], unit_vectors(50)
    store.upsert(ids, vectors)
    return store, ids, vectors


def test_a_chunk_finds_itself_first_with_cosine_one(filled: tuple[ChromaVectors, list[str], Vectors]) -> None:
    store, _, vectors = filled
    best, cosine = store.query(vectors[7], 3)[0]
    assert best == "c7"
    assert cosine == pytest.approx(1.0, abs=1e-4)


def test_neighbours_come_best_first_and_no_more_than_there_are(
    filled: tuple[ChromaVectors, list[str], Vectors],
) -> None:
    store, _, vectors = filled
    cosines = [cosine for _, cosine in store.query(vectors[7], 500)]
    assert len(cosines) == 50
    assert cosines == sorted(cosines, reverse=True)


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    assert ChromaVectors(tmp_path / "chroma", 1).query(unit_vectors(1)[0], 5) == []


def test_deleted_chunks_are_not_found(filled: tuple[ChromaVectors, list[str], Vectors]) -> None:
    store, _, vectors = filled
    store.delete(["c7"])
    assert "c7" not in {chunk_id for chunk_id, _ in store.query(vectors[7], 50)}
    assert len(store.ids()) == 49


def test_generations_do_not_mix(filled: tuple[ChromaVectors, list[str], Vectors], tmp_path: Path) -> None:
    other = ChromaVectors(tmp_path / "chroma", 2)
    assert other.ids() == set()


def test_a_collection_that_was_dropped_says_so(
    filled: tuple[ChromaVectors, list[str], Vectors], tmp_path: Path
) -> None:
    ChromaVectors(tmp_path / "chroma", 2).drop_others()
    with pytest.raises(StoreGoneError):
        filled[0].query(filled[2][7], 3)


def test_an_audit_of_a_sound_store_loses_nothing(filled: tuple[ChromaVectors, list[str], Vectors]) -> None:
    store, ids, vectors = filled
    assert audit(store, ids, vectors) == (0, 1.0)


def test_an_audit_counts_chunks_that_do_not_find_themselves(
    filled: tuple[ChromaVectors, list[str], Vectors],
) -> None:
    store, ids, vectors = filled
    store.delete(["c1", "c2"])
    lost, recall = audit(store, ids, vectors)
    assert lost == 2
    assert recall < 1.0


def test_a_sound_store_passes_the_probe_and_a_damaged_one_does_not(
    filled: tuple[ChromaVectors, list[str], Vectors], tmp_path: Path
) -> None:
    assert probe(tmp_path / "chroma", 1)
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    assert not probe(tmp_path / "chroma", 1)


def test_a_store_that_was_never_made_passes_the_probe(tmp_path: Path) -> None:
    assert probe(tmp_path / "none", 1)


def test_a_store_that_cannot_be_searched_says_so_and_is_not_usable(
    filled: tuple[ChromaVectors, list[str], Vectors],
) -> None:
    store, _, vectors = filled
    assert store.is_usable
    store.close()
    with pytest.raises(StoreGoneError):
        store.query(vectors[7], 3)
    assert not store.is_usable
