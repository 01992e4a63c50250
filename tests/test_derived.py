"""The derived store is brought back in step with the catalog, or done without."""

from pathlib import Path

import numpy as np
from small_index import DictStore, SmallIndex

from index.derived import open_store, reconcile


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


def test_a_damaged_store_is_made_anew(three_words: SmallIndex, tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    store = open_store(three_words.catalog, folder, 1, three_words.encoder.dim)
    assert store is not None
    assert store.ids() == three_words.catalog.chunk_ids(1)


def test_a_store_that_cannot_be_had_is_none_and_no_error(three_words: SmallIndex, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_store(three_words.catalog, tmp_path / "file" / "chroma", 1, three_words.encoder.dim) is None
