"""The derived store is brought back in step with the catalog, or done without."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from small_index import DictStore, SmallIndex

from index.derived import StoreReport, filled_store, inspect_store, open_store, reconcile
from index.seal import break_seal, is_sealed, seal
from index.vectors import ChromaVectors


def test_a_store_in_step_is_left_alone(three_words: SmallIndex) -> None:
    assert reconcile(three_words.catalog, three_words.stores[1], 1, three_words.encoder.dim) == (0, 0)


def test_an_empty_store_is_filled_from_the_catalog_without_embedding(three_words: SmallIndex) -> None:
    three_words.words.encoded.clear()
    store = DictStore()
    assert reconcile(three_words.catalog, store, 1, three_words.encoder.dim) == (3, 0)
    assert three_words.words.encoded == []
    for chunk_id, vector in three_words.stores[1].vectors.items():
        assert np.allclose(store.vectors[chunk_id], vector, atol=1e-3)


def test_missing_chunks_are_added_and_stale_ones_deleted(three_words: SmallIndex) -> None:
    store = three_words.stores[1]
    wanted = store.ids()
    store.delete([min(wanted)])
    store.upsert(["stale-1", "stale-2"], np.zeros((2, three_words.encoder.dim), np.float32))
    assert reconcile(three_words.catalog, store, 1, three_words.encoder.dim) == (1, 2)
    assert store.ids() == wanted


def test_chunks_of_another_generation_are_stale(three_words: SmallIndex) -> None:
    assert reconcile(three_words.catalog, three_words.stores[1], 2, three_words.encoder.dim) == (0, 3)


def closed_store(index: SmallIndex, folder: Path) -> None:
    """In step, closed and sealed."""
    filled_store(index.catalog, folder, 1, index.encoder.dim).close()
    seal(folder)


def test_a_store_that_was_closed_is_opened(three_words: SmallIndex, tmp_path: Path) -> None:
    closed_store(three_words, tmp_path / "chroma")
    store = open_store(three_words.catalog, tmp_path / "chroma", 1, three_words.encoder.dim)
    assert store is not None
    assert store.ids() == three_words.catalog.chunk_ids(1)
    store.close()


def test_a_store_that_was_not_closed_is_not_opened(three_words: SmallIndex, tmp_path: Path) -> None:
    closed_store(three_words, tmp_path / "chroma")
    break_seal(tmp_path / "chroma")
    assert open_store(three_words.catalog, tmp_path / "chroma", 1, three_words.encoder.dim) is None


def test_a_damaged_store_is_not_opened(three_words: SmallIndex, tmp_path: Path) -> None:
    closed_store(three_words, tmp_path / "chroma")
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    assert open_store(three_words.catalog, tmp_path / "chroma", 1, three_words.encoder.dim) is None


def test_a_store_that_is_missing_is_made_at_once_only_where_there_is_nothing_to_put_in_it(
    three_words: SmallIndex, tmp_path: Path
) -> None:
    assert open_store(three_words.catalog, tmp_path / "chroma", 1, three_words.encoder.dim) is None
    empty = open_store(three_words.catalog, tmp_path / "chroma", 2, three_words.encoder.dim)
    assert empty is not None
    empty.close()


def test_a_store_that_lacks_more_than_can_be_waited_for_is_not_opened(
    three_words: SmallIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.derived.MOST_ADDED", 2)
    ChromaVectors(tmp_path / "chroma", 1).close()
    seal(tmp_path / "chroma")
    assert open_store(three_words.catalog, tmp_path / "chroma", 1, three_words.encoder.dim) is None


def test_an_inspection_of_a_closed_store_leaves_it_closed(three_words: SmallIndex, tmp_path: Path) -> None:
    closed_store(three_words, tmp_path / "chroma")
    found = inspect_store(three_words.catalog, tmp_path / "chroma")
    assert found is not None
    assert (found.chunks, found.missing, found.lost, found.is_sound) == (3, 0, 0, True)
    assert is_sealed(tmp_path / "chroma")


def test_a_store_that_cannot_be_had_is_none_and_no_error(three_words: SmallIndex, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_store(three_words.catalog, tmp_path / "file" / "chroma", 1, three_words.encoder.dim) is None


@pytest.mark.parametrize(
    ("differing", "is_sound"),
    [
        ({}, True),
        ({"lost": 10}, True),  # of 500: a graph search does not reach all of very many
        ({"lost": 11}, False),
        ({"chunks": 30_000, "lost": 1}, False),
        ({"bare": 1}, False),
        ({"missing": 1}, False),
        ({"recall": 0.97}, False),
    ],
)
def test_a_store_is_sound_when_it_has_all_and_finds_nearly_all(differing: dict[str, float], is_sound: bool) -> None:
    sound = StoreReport(chunks=100_000, missing=0, stale=0, looked_up=500, lost=0, bare=0, recall=1.0)
    assert msgspec.structs.replace(sound, **differing).is_sound is is_sound
