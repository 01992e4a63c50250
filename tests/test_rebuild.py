"""A new generation serves only when every chunk of it is found in its derived store."""

from collections.abc import Callable
from functools import partial

import pytest
from small_index import DictStore, SmallIndex

from index.errors import KildeError, StoreGoneError
from index.records import Vectors


def serving(index: SmallIndex) -> str:
    generation = index.catalog.current_generation()
    assert generation is not None
    return generation.model


class ForgetfulStore(DictStore):
    """Loses the first of what it is given, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None:
        start = 1 if self._times else 0
        self._times -= start
        super().upsert(chunk_ids[start:], vectors[start:])


class BlindStore(DictStore):
    """Holds everything and finds nothing."""

    def query(self, vector: object, top_k: int) -> list[tuple[str, float]]:
        return []


class DepartedStore(DictStore):
    """On a server that went away before it was audited."""

    def ids(self) -> set[str]:
        raise StoreGoneError("gone")


def test_a_store_that_lost_a_chunk_is_filled_again_before_the_swap(three_words: SmallIndex) -> None:
    three_words.stores[2] = ForgetfulStore(times=1)
    list(three_words.indexer("other").rebuild())
    assert serving(three_words) == "other"
    assert three_words.stores[2].ids() == three_words.catalog.chunk_ids(2)
    assert len(three_words.stores[2].ids()) == 3


@pytest.mark.parametrize("unsound", [BlindStore, partial(ForgetfulStore, times=2)])
def test_a_store_that_stays_unsound_is_not_swapped_in_and_the_old_index_serves(
    three_words: SmallIndex, unsound: Callable[[], DictStore]
) -> None:
    before = three_words.state()
    three_words.stores[2] = unsound()
    with pytest.raises(KildeError, match="old index keeps serving"):
        list(three_words.indexer("other").rebuild())
    assert serving(three_words) == "words"
    assert three_words.state() | {"unused vectors": 0} == before


def test_a_rebuild_whose_audit_failed_embeds_nothing_again(three_words: SmallIndex) -> None:
    three_words.stores[2] = BlindStore()
    with pytest.raises(KildeError):
        list(three_words.indexer("other").rebuild())
    three_words.words.encoded.clear()
    three_words.stores[2] = DictStore()
    list(three_words.indexer("other").rebuild())
    assert three_words.words.encoded == []
    assert serving(three_words) == "other"


def test_a_rebuild_without_a_derived_store_swaps(three_words: SmallIndex) -> None:
    three_words.stores = {1: None, 2: None}  # type: ignore[assignment, dict-item]
    list(three_words.indexer("other").rebuild())
    assert serving(three_words) == "other"


def test_a_rebuild_whose_store_has_gone_meanwhile_swaps_and_leaves_it_to_be_mended(three_words: SmallIndex) -> None:
    three_words.stores[2] = DepartedStore()
    list(three_words.indexer("other").rebuild())
    assert serving(three_words) == "other"


def test_a_generation_with_a_chunk_whose_vector_is_lost_is_not_swapped_in(
    three_words: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = three_words.catalog.add_chunks

    def losing(generation: int, chunks: dict[str, tuple[object, ...]]) -> None:
        add(generation, chunks)  # type: ignore[arg-type]
        with three_words.catalog._writer.begin() as connection:
            connection.exec_driver_sql(
                "DELETE FROM vector WHERE vector_key = (SELECT vector_key FROM chunk WHERE generation = 2 LIMIT 1)"
            )

    monkeypatch.setattr(three_words.catalog, "add_chunks", losing)
    with pytest.raises(KildeError):
        list(three_words.indexer("other").rebuild())
    assert serving(three_words) == "words"
