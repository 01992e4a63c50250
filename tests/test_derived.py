"""The derived store is brought back in step with the catalog, or done without."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_index import DictStore, SmallIndex, small_index

from index.derived import open_store, reconcile


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path, monkeypatch)
    for word in ("battery", "heron", "winter"):
        opened.write(f"{word}.md", f"The {word} is here.")
    opened.ingest()
    yield opened
    opened.close()


def test_a_store_in_step_is_left_alone(filled: SmallIndex) -> None:
    assert reconcile(filled.catalog, filled.stores[1], 1, filled.encoder.dim) == (0, 0)


def test_an_empty_store_is_filled_from_the_catalog_without_embedding(filled: SmallIndex) -> None:
    filled.words.encoded.clear()
    store = DictStore()
    assert reconcile(filled.catalog, store, 1, filled.encoder.dim) == (3, 0)
    assert filled.words.encoded == []
    for chunk_id, vector in filled.stores[1].vectors.items():
        assert np.allclose(store.vectors[chunk_id], vector, atol=1e-3)


def test_missing_chunks_are_added_and_stale_ones_deleted(filled: SmallIndex) -> None:
    store = filled.stores[1]
    wanted = store.ids()
    store.delete([min(wanted)])
    store.upsert(["stale-1", "stale-2"], np.zeros((2, filled.encoder.dim), np.float32))
    assert reconcile(filled.catalog, store, 1, filled.encoder.dim) == (1, 2)
    assert store.ids() == wanted


def test_chunks_of_another_generation_are_stale(filled: SmallIndex) -> None:
    assert reconcile(filled.catalog, filled.stores[1], 2, filled.encoder.dim) == (0, 3)


def test_a_damaged_store_is_made_anew(filled: SmallIndex, tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"damaged" * 1000)
    store = open_store(filled.catalog, folder, 1, filled.encoder.dim)
    assert store is not None
    assert store.ids() == filled.catalog.chunk_ids(1)


def test_a_store_that_cannot_be_had_is_none_and_no_error(filled: SmallIndex, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert open_store(filled.catalog, tmp_path / "file" / "chroma", 1, filled.encoder.dim) is None
