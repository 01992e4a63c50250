"""What is asked is tidied the same way for every surface, and refused by field."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Filters
from rag.errors import InputError
from rag.records import Question, SearchRequest
from rag.validate import check_id, check_question, check_search


def refused(question: Question) -> str | None:
    with pytest.raises(InputError) as caught:
        check_question(question)
    return caught.value.param


def test_text_is_stripped_and_composed() -> None:
    assert check_question(Question(question="  Bru\u0308cke?\n")).question == "Brücke?"


def test_two_thousand_characters_are_allowed_and_one_more_is_not() -> None:
    assert check_question(Question(question=" " + "é" * 2000)).question == "é" * 2000
    assert refused(Question(question="é" * 2001)) == "question"


def test_a_lone_surrogate_is_refused() -> None:
    assert refused(Question(question="a\ud800b")) == "question"


def test_tags_are_normalised() -> None:
    checked = check_question(Question(question="?a", answer_lang="NO", filters=Filters(langs=("pt_br", "DE"))))
    assert checked.answer_lang == "nb"
    assert checked.filters.langs == ("pt-BR", "de")


@pytest.mark.parametrize("tag", ["", "english", "en\n", "e", "12", "en--GB", "qqx"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    assert refused(Question(question="Wie?", answer_lang=tag)) == "answer_lang"


@pytest.mark.parametrize("date", ["2022", "2022-12", "2022-12-14", "2024-02-29"])
def test_dates_of_every_precision_are_kept_as_given(date: str) -> None:
    filters = Filters(published_after=date, published_before=date)
    assert check_question(Question(question="Wie?", filters=filters)).filters == filters


@pytest.mark.parametrize(
    "date", ["", "22", "2022-1", "2022-13", "2022-02-30", "20221214", "2022-12-14T00:00", "٢٠٢٢", "0000"]
)
def test_what_is_no_date_is_refused(date: str) -> None:
    assert refused(Question(question="Wie?", filters=Filters(published_after=date))) == "filters.published_after"


def test_a_filter_of_more_values_than_anyone_needs_is_refused() -> None:
    assert refused(Question(question="Wie?", filters=Filters(langs=("de",) * 1001))) == "filters.langs"


def test_earlier_questions_are_tidied_and_refused_by_their_place() -> None:
    assert check_question(Question(question="Und?", earlier=(" Wie? ",))).earlier == ("Wie?",)
    assert refused(Question(question="Und?", earlier=("Wie?", " "))) == "earlier[1]"
    assert refused(Question(question="Und?", earlier=("Wie?",) * 101)) == "earlier"


@pytest.mark.parametrize("top_k", [1, 100])
def test_top_k_has_its_bounds(top_k: int) -> None:
    assert check_search(SearchRequest(query="a", top_k=top_k)).top_k == top_k


def test_an_id_is_printable() -> None:
    assert check_id("0193-ab_c.d", "id") == "0193-ab_c.d"
    with pytest.raises(InputError):
        check_id("a\tb", "id")


@given(st.text())
def test_text_that_passes_is_tidy_and_passes_again(text: str) -> None:
    try:
        checked = check_question(Question(question=text))
    except InputError:
        return
    assert checked.question == checked.question.strip()
    assert unicodedata.is_normalized("NFC", checked.question)
    assert check_question(checked) == checked
