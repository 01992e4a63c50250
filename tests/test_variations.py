"""A question is varied by its year and by the name of its thing, in words that its hits have."""

import pytest
from small_answering import ASKED, FACT, found

from rag.variations import Variation, variations


def test_another_year_of_the_hits_takes_the_place_of_the_year() -> None:
    hits = [found(FACT, "In 2022 it built more.", "It opened in 1998.", unit_scores=(0.9, 0.8, 0.7))]
    assert list(variations(ASKED, hits)) == [
        Variation("How many cars did the factory build in 2022?", "2022"),
        Variation("How many cars did the factory build in 1998?", "1998"),
    ]


@pytest.mark.parametrize(
    "question", ["What happened on 3 May 2021?", "What happened last year (2021)?", "Who was first, in 2020 or 2021?"]
)
def test_a_year_that_belongs_to_other_words_stays(question: str) -> None:
    assert list(variations(question, [found("In 2022 it closed.")])) == []


def test_a_name_by_which_titles_differ_takes_the_place_of_the_other() -> None:
    hits = [found(FACT, title="Audi Q4 40 e-tron"), found(FACT, title="Audi Q4 45 e-tron", article_id="b")]
    assert list(variations("how heavy is the q4 40?", hits)) == [Variation("how heavy is the q4 45?", "45")]


@pytest.mark.parametrize("title", ["Charging at work", "Charging at home and at work", "Another thing entirely", ""])
def test_titles_that_differ_by_more_than_a_name_vary_nothing(title: str) -> None:
    hits = [found(FACT, title="Charging at home"), found(FACT, title=title, article_id="b")]
    assert list(variations("What does charging at home cost?", hits)) == []
