"""Token vectors survive packing, and a question's weights can be weighed anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.token_vectors import TOKEN_DIM, QuestionTokens, Tokens, pack, unpack


def tokens(*axes: int) -> Tokens:
    vectors = np.eye(TOKEN_DIM, dtype=np.float32)[list(axes)]
    ends = np.arange(1, len(axes) + 1, dtype=np.int32)
    return Tokens(vectors=vectors, starts=ends - 1, ends=ends)


def question(*axes: int) -> QuestionTokens:
    own = tokens(*axes)
    weights = np.full(len(axes), 1 / len(axes), np.float32)
    return QuestionTokens(vectors=own.vectors, weights=weights, starts=own.starts, ends=own.ends)


def test_packing_keeps_offsets_and_directions() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(20, TOKEN_DIM)).astype(np.float32)
    before = Tokens(vectors=vectors, starts=np.arange(20, dtype=np.int32), ends=np.arange(1, 21, dtype=np.int32))
    kept = unpack(pack(before))
    assert kept.starts.tolist() == before.starts.tolist()
    assert kept.ends.tolist() == before.ends.tolist()
    cosines = (kept.vectors * vectors).sum(1) / np.linalg.norm(kept.vectors, axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > 0.999


def test_a_chunk_of_150_tokens_takes_at_most_25_kilobytes() -> None:
    assert len(pack(tokens(*[0] * 150))) <= 25_000


def test_no_tokens_pack_to_nothing() -> None:
    assert pack(tokens()) == b""
    assert len(unpack(b"").starts) == 0


@given(st.lists(st.floats(0.125, 1, width=32), min_size=1, max_size=8))
def test_weights_times_their_factors_sum_to_one_again(factors: list[float]) -> None:
    weighed = question(*range(len(factors))).weighed(np.array(factors, np.float32))
    assert float(weighed.weights.sum()) == pytest.approx(1, abs=1e-5)


def test_weights_keep_the_proportion_of_their_factors() -> None:
    weighed = question(3, 5).weighed(np.array([0.25, 0.75], np.float32))
    assert weighed.weights.tolist() == pytest.approx([0.25, 0.75])


def test_weighing_leaves_vectors_and_offsets_and_the_given_tokens_alone() -> None:
    before = question(3, 5)
    weighed = before.weighed(np.array([1, 3], np.float32))
    assert weighed.vectors is before.vectors
    assert (weighed.starts.tolist(), weighed.ends.tolist()) == ([0, 1], [1, 2])
    assert before.weights.tolist() == [0.5, 0.5]


def test_tokens_that_all_count_nothing_weigh_nothing() -> None:
    assert question(3, 5).weighed(np.zeros(2, np.float32)).weights.tolist() == [0, 0]
