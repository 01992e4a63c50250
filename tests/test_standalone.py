"""What is carried over stays where it makes the evidence better, and nothing is searched that need not be."""

import msgspec
import pytest
from small_index import make_hit
from test_condense import STATION, turn

from index.records import Hit
from rag.standalone import standalone


class ScoredSearch:
    """One hit per text, with the score given for the text or for the beginning of it."""

    def __init__(self, **scores: float) -> None:
        self.scores = scores
        self.texts: list[str] = []

    def __call__(self, text: str, lang: str) -> tuple[Hit, ...]:
        self.texts.append(text)
        score = next((score for word, score in self.scores.items() if word in text), 0.5)
        return (msgspec.structs.replace(make_hit("A sentence."), score=score),)


MAYOR = "Who is the mayor of Ghent?"


def test_a_subject_that_makes_the_evidence_better_is_carried_over() -> None:
    search = ScoredSearch(Bruges=0.9)
    asked = standalone(MAYOR, "en", [turn(STATION)], search)
    assert asked.text == f"Bruges Station: {MAYOR}"
    assert asked.hits is not None
    assert asked.hits[0].score == pytest.approx(0.9)


def test_a_subject_that_makes_the_evidence_worse_is_left_out() -> None:
    search = ScoredSearch(Bruges=0.4)
    asked = standalone(MAYOR, "en", [turn(STATION)], search)
    assert asked.text == MAYOR
    assert asked.hits is not None
    assert asked.hits[0].score == pytest.approx(0.5)


def test_a_pronoun_is_replaced_though_the_evidence_gets_a_little_worse() -> None:
    assert standalone("How high is it?", "en", [turn(STATION)], ScoredSearch(Bruges=0.4)).text == (
        "How high is Bruges Station?"
    )


def test_a_pronoun_that_means_something_else_stays() -> None:
    assert standalone("How high is it?", "en", [turn(STATION)], ScoredSearch(Bruges=0.01)).text == "How high is it?"


@pytest.mark.parametrize("question", ["And Ghent Station?", "By the way, who is the mayor of Ghent?"])
def test_nothing_is_searched_where_the_words_tell(question: str) -> None:
    search = ScoredSearch()
    standalone(question, "en", [turn(STATION)], search)
    assert search.texts == []


def test_a_question_is_searched_once_as_it_stands_and_once_as_a_follow_up() -> None:
    search = ScoredSearch()
    standalone(MAYOR, "en", [turn(STATION)], search)
    assert search.texts == [MAYOR, f"Bruges Station: {MAYOR}"]
