"""Tokens of several passages at once: the same cosines, maxima and means as of each passage by itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.interaction import STRIDE, Runs, cosines, joined, maxima, means, touching, unit, whole
from index.token_vectors import TOKEN_DIM, Tokens, pack, unpack

AXES = np.eye(TOKEN_DIM, dtype=np.float32)
NO_MEAN = np.zeros(TOKEN_DIM, np.float32)


def packed(*axes: int) -> bytes:
    """Tokens of one character each, along these axes."""
    ends = np.arange(1, len(axes) + 1, dtype=np.int32)
    return pack(Tokens(vectors=AXES[list(axes)], starts=ends - 1, ends=ends))


def runs(*pairs: tuple[int, int]) -> Runs:
    first, last = np.array(pairs, np.int64).reshape(-1, 2).T
    return Runs(first=first, last=last)


def test_each_question_token_finds_its_best_token_in_each_passage() -> None:
    passages = joined([packed(5, 1, 3), packed(1), packed(3, 5)], [NO_MEAN] * 3)
    best = maxima(cosines(AXES[[3, 5]], passages), whole(passages))
    assert best.tolist() == pytest.approx(np.array([[1, 1], [0, 0], [1, 1]]), abs=1e-3)


def test_a_passage_without_tokens_matches_nothing() -> None:
    passages = joined([packed(3), b"", packed(3)], [NO_MEAN] * 3)
    assert maxima(cosines(AXES[[3]], passages), whole(passages))[:, 0].tolist() == pytest.approx([1, 0, 1], abs=1e-3)


def test_each_passage_is_centred_by_its_own_mean() -> None:
    passages = joined([packed(3), packed(3)], [AXES[4], AXES[5]])
    asked = np.concatenate([unit(AXES[[3]], AXES[4]), unit(AXES[[3]], AXES[5])])
    assert np.diag(cosines(asked, passages)).tolist() == pytest.approx([1, 1], abs=1e-3)


def test_a_cosine_is_that_of_the_vector_less_the_mean() -> None:
    rng = np.random.default_rng(3)
    vectors, means_of = rng.normal(size=(2, 5, TOKEN_DIM)).astype(np.float32)
    ends = np.arange(1, 6, dtype=np.int32)
    data = [pack(Tokens(vectors=one[None], starts=ends[:1] - 1, ends=ends[:1])) for one in vectors]
    asked = unit(rng.normal(size=(4, TOKEN_DIM)).astype(np.float32), NO_MEAN)
    by_hand = [unit(unpack(one).vectors, mean)[0] @ asked.T for one, mean in zip(data, means_of, strict=True)]
    assert np.allclose(cosines(asked, joined(data, list(means_of))), by_hand, atol=1e-5)


def test_a_span_touches_the_tokens_that_it_holds_in_part_too() -> None:
    passages = joined([packed(1, 2, 3), packed(4, 5, 6)], [NO_MEAN] * 2)
    found = touching(passages, np.array([1, STRIDE, STRIDE + 9]), np.array([3, STRIDE + 1, STRIDE + 12]))
    assert list(zip(found.first.tolist(), found.last.tolist(), strict=True)) == [(1, 3), (3, 4), (6, 6)]


def test_runs_may_overlap_and_be_empty() -> None:
    values = np.array([[1], [5], [2], [4]], np.float32)
    assert maxima(values, runs((0, 2), (1, 3), (2, 2), (2, 4), (4, 4)))[:, 0].tolist() == [5, 5, 0, 4, 0]


def test_the_mean_of_a_run_and_of_an_empty_one() -> None:
    assert means(np.array([1, 5, 2, 4], np.float32), runs((0, 2), (1, 1), (1, 4))).tolist() == pytest.approx(
        [3, 0, 11 / 3]
    )


@given(st.lists(st.integers(0, 6), max_size=6))
def test_passages_of_any_sizes_keep_their_bounds(sizes: list[int]) -> None:
    passages = joined([packed(*range(size)) for size in sizes], [NO_MEAN] * len(sizes))
    assert np.diff(passages.bounds).tolist() == sizes
    assert maxima(cosines(AXES[:2], passages), whole(passages)).shape == (len(sizes), 2)
