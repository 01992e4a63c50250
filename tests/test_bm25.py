from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bm25 import Bm25Index, Bm25Parameters

PETS = [["cat", "cat", "dog"], ["dog", "fox"], ["owl"]]
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
    index = Bm25Index([[term, "word"], ["other"]])
    assert index.scores([term])[0] == pytest.approx(weight * index.scores(["word"])[0])


def test_what_shares_no_term_scores_nothing() -> None:
    assert Bm25Index(PETS).scores(["horse"]).tolist() == [0, 0, 0]


def test_no_documents_give_no_scores() -> None:
    index = Bm25Index([])
    assert index.scores(["cat"]).shape == (0,)


def test_nothing_is_asked_for_and_nothing_scores() -> None:
    assert Bm25Index(PETS).scores([]).tolist() == [0, 0, 0]


@given(DOCUMENTS, st.lists(st.sampled_from(["a", "b", "~c", "#1", "z"]), max_size=5))
def test_a_score_is_the_sum_over_the_terms(documents: list[list[str]], question: list[str]) -> None:
    index = Bm25Index(documents)
    alone = sum((index.scores([term]) for term in question), np.zeros(len(documents), np.float32))
    np.testing.assert_allclose(index.scores(question), alone, rtol=1e-5)


@given(DOCUMENTS)
def test_a_document_scores_exactly_when_it_shares_a_term(documents: list[list[str]]) -> None:
    scores = Bm25Index(documents).scores(["a", "~c"])
    assert [bool(score) for score in scores] == [bool({"a", "~c"} & set(terms)) for terms in documents]


def test_no_score_reaches_the_ceiling() -> None:
    index = Bm25Index([["car"] * 50 + ["plant"] * 50, ["car"]])
    ceiling = index.ceiling(["car", "plant"])
    assert 0.9 * ceiling < index.scores(["car", "plant"])[0] < ceiling


def test_terms_that_no_document_has_raise_the_ceiling() -> None:
    index = Bm25Index([["car"]])
    assert index.ceiling(["car", "moon"]) > index.ceiling(["car"]) > index.ceiling([]) == 0


def test_rarity_falls_from_one_for_no_document_to_nearly_nought_for_all() -> None:
    index = Bm25Index(["all", "half"] if n % 2 else ["all"] for n in range(1000))
    assert index.rarity("none") == 1
    # 500 of 1,000: 1 - ln 501 / ln 1002.
    assert index.rarity("half") == pytest.approx(0.1, abs=0.002)
    assert 0 < index.rarity("all") < 0.001


def test_a_term_is_rare_where_nothing_is_indexed() -> None:
    assert Bm25Index([]).rarity("a") == 1


@given(DOCUMENTS, st.sampled_from(["a", "~c", "#1", "z"]))
def test_rarity_lies_between_nought_and_one(documents: list[list[str]], term: str) -> None:
    assert 0 <= Bm25Index(documents).rarity(term) <= 1
