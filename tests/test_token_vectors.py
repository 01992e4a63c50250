"""Token vectors survive packing, and late interaction finds the best token for each of the question's."""

import numpy as np
import pytest

from index.token_vectors import TOKEN_DIM, QuestionTokens, Tokens, late_interaction, pack, similarities, unpack


def tokens(*axes: int) -> Tokens:
    vectors = np.eye(TOKEN_DIM, dtype=np.float32)[list(axes)]
    ends = np.arange(1, len(axes) + 1, dtype=np.int32)
    return Tokens(vectors=vectors, starts=ends - 1, ends=ends)


def question(*axes: int) -> QuestionTokens:
    count = len(axes)
    return QuestionTokens(vectors=tokens(*axes).vectors, weights=np.full(count, 1 / count, np.float32))


def test_packing_keeps_offsets_and_directions() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(20, TOKEN_DIM)).astype(np.float32)
    given = Tokens(vectors=vectors, starts=np.arange(20, dtype=np.int32), ends=np.arange(1, 21, dtype=np.int32))
    kept = unpack(pack(given))
    assert kept.starts.tolist() == given.starts.tolist()
    assert kept.ends.tolist() == given.ends.tolist()
    cosines = (kept.vectors * vectors).sum(1) / np.linalg.norm(kept.vectors, axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > 0.999


def test_a_chunk_of_150_tokens_takes_at_most_25_kilobytes() -> None:
    assert len(pack(tokens(*[0] * 150))) <= 25_000


def test_no_tokens_pack_to_nothing() -> None:
    assert pack(tokens()) == b""
    assert len(unpack(b"").starts) == 0


def test_a_question_whose_words_all_occur_scores_one() -> None:
    zero = np.zeros(TOKEN_DIM, np.float32)
    similarity = similarities(question(3, 5), zero, tokens(5, 1, 3), zero)
    assert late_interaction(similarity, question(3, 5).weights) == pytest.approx(1.0)


def test_half_of_the_words_score_half() -> None:
    zero = np.zeros(TOKEN_DIM, np.float32)
    similarity = similarities(question(3, 5), zero, tokens(3, 1), zero)
    assert late_interaction(similarity, question(3, 5).weights) == pytest.approx(0.5)


def test_a_passage_without_tokens_scores_zero() -> None:
    zero = np.zeros(TOKEN_DIM, np.float32)
    assert late_interaction(similarities(question(3), zero, tokens(), zero), question(3).weights) == 0.0
