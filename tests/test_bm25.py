from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bm25 import Bm25Index, Bm25Parameters

PETS = [(7, ["cat", "cat", "dog"]), (3, ["dog", "fox"]), (5, ["owl"])]
DOCUMENTS = st.lists(st.lists(st.sampled_from(["a", "b", "~c", "#1", "'d"]), max_size=6), max_size=8)


def test_a_score_is_the_textbook_formula() -> None:
    index = Bm25Index(PETS, Bm25Parameters(k1=1.0, b=0.5))
    # cat: in 1 of 3 documents, twice in one of 3 terms where the mean is 2: norm 1 - 0.5 + 0.5 · 3/2 = 1.25
    expected = log(1 + (3 - 1 + 0.5) / (1 + 0.5)) * 2 * (1 + 1) / (2 + 1 * 1.25)
    assert index.scores(["cat"]) == pytest.approx([expected, 0, 0], rel=0.005)


def test_repetition_in_the_question_counts_as_often() -> None:
    index = Bm25Index(PETS)
    np.testing.assert_allclose(index.scores(["dog", "dog"]), 2 * index.scores(["dog"]), rtol=1e-6)


@pytest.mark.parametrize(("term", "weight"), [("~cat", 0.4), ("+kt", 0.3), ("'猫", 0.3), ("#9", 1.5), ("@2022", 1.5)])
def test_the_kind_of_a_term_weighs_it(term: str, weight: float) -> None:
    index = Bm25Index([(1, [term, "word"]), (2, ["other"])])
    assert index.scores([term])[0] == pytest.approx(weight * index.scores(["word"])[0])


def test_the_best_comes_first_under_its_own_key() -> None:
    best = Bm25Index(PETS).top(["dog", "fox"], 10)
    assert [key for key, _ in best] == [3, 7]


def test_equal_documents_stay_in_order() -> None:
    index = Bm25Index([(9, ["x"]), (4, ["x"]), (6, ["x"]), (1, ["y"])])
    assert [key for key, _ in index.top(["x"], 2)] == [9, 4]


def test_what_shares_no_term_is_not_found() -> None:
    assert Bm25Index(PETS).top(["horse"], 3) == []


def test_no_documents_give_no_scores() -> None:
    index = Bm25Index([])
    assert index.scores(["cat"]).shape == (0,)
    assert index.top(["cat"], 5) == []


def test_nothing_is_asked_for_and_nothing_comes() -> None:
    assert Bm25Index(PETS).top(["dog"], 0) == []


@given(DOCUMENTS, st.lists(st.sampled_from(["a", "b", "~c", "#1", "z"]), max_size=5), st.integers(1, 9))
def test_top_is_the_head_of_all_scores_in_order(documents: list[list[str]], question: list[str], top_k: int) -> None:
    index = Bm25Index(enumerate(documents))
    scores = index.scores(question)
    ranked = sorted((row for row in range(len(documents)) if scores[row] > 0), key=lambda row: (-scores[row], row))
    assert [key for key, _ in index.top(question, top_k)] == ranked[:top_k]


@given(DOCUMENTS)
def test_a_document_scores_exactly_when_it_shares_a_term(documents: list[list[str]]) -> None:
    scores = Bm25Index(enumerate(documents)).scores(["a", "~c"])
    assert [bool(score) for score in scores] == [bool({"a", "~c"} & set(terms)) for terms in documents]


def test_no_score_reaches_the_ceiling() -> None:
    index = Bm25Index([(1, ["car"] * 50 + ["plant"] * 50), (2, ["car"])])
    ceiling = index.ceiling(["car", "plant"])
    assert 0.9 * ceiling < index.scores(["car", "plant"])[0] < ceiling


def test_terms_that_no_document_has_raise_the_ceiling() -> None:
    index = Bm25Index([(1, ["car"])])
    assert index.ceiling(["car", "moon"]) > index.ceiling(["car"]) > index.ceiling([]) == 0


def test_rarity_falls_from_one_for_no_document_to_nearly_nought_for_all() -> None:
    index = Bm25Index((n, ["all", "half"] if n % 2 else ["all"]) for n in range(1000))
    assert index.rarity("none") == 1
    # 500 of 1,000: 1 - ln 501 / ln 1002.
    assert index.rarity("half") == pytest.approx(0.1, abs=0.002)
    assert 0 < index.rarity("all") < 0.001


def test_a_term_is_rare_where_nothing_is_indexed() -> None:
    assert Bm25Index([]).rarity("a") == 1


@given(DOCUMENTS, st.sampled_from(["a", "~c", "#1", "z"]))
def test_rarity_lies_between_nought_and_one(documents: list[list[str]], term: str) -> None:
    assert 0 <= Bm25Index(enumerate(documents)).rarity(term) <= 1
