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
    assert asked.text == "Who is the mayor of Ghent (Bruges Station)?"
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


def test_nothing_is_searched_where_the_question_says_that_it_turns_to_something_else() -> None:
    search = ScoredSearch()
    standalone("By the way, who is the mayor of Ghent?", "en", [turn(STATION)], search)
    assert search.texts == []


class ArticleSearch:
    """Finds the articles that share words with the text, each as surely as the share of the text that it holds."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits

    def __call__(self, text: str, lang: str) -> tuple[Hit, ...]:
        scored = [msgspec.structs.replace(hit, **_likeness(text, hit)) for hit in self.hits]
        return tuple(sorted(scored, key=lambda hit: -hit.score))


def _likeness(text: str, hit: Hit) -> dict[str, float]:
    asked, held = _words(text), _words(f"{hit.title} {hit.text}")
    share = len(asked & held) / len(asked)
    return {"score": share, "cosine": share, "coverage": share}


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip("?().,").casefold() for word in text.split())


def article(title: str, sentence: str) -> Hit:
    return make_hit(sentence, article_id=title, work_id=title, title=title)


LYNXES = ArticleSearch(
    article("Tarn Lynx", "The Tarn Lynx has a range of 410 km and a weight of 1500 kg."),
    article("Tarn Lynx Sport", "The Tarn Lynx Sport has a range of 365 km and a weight of 1700 kg."),
    article("Weights", "Any weight of a car is given with its driver."),
)
RANGE = turn("What is the range of the Tarn Lynx?")


def test_a_shortened_name_is_completed_from_the_titles_that_are_found() -> None:
    assert standalone("And the Sport?", "en", [RANGE], LYNXES).text == "What is the range of the Tarn Lynx Sport?"


def test_a_property_is_asked_of_the_subject() -> None:
    assert standalone("And the weight?", "en", [RANGE], LYNXES).text == "the weight (Tarn Lynx)?"


def test_only_what_holds_the_subject_can_answer() -> None:
    asked = standalone("And the weight?", "en", [RANGE], LYNXES)
    assert asked.hits is not None
    assert [hit.title for hit in asked.hits] == ["Tarn Lynx"]


def test_a_bare_word_is_no_question_of_its_own() -> None:
    asked = standalone("Weight?", "en", [RANGE], LYNXES)
    assert "Tarn Lynx" in asked.text


def test_a_question_is_searched_once_as_it_stands_and_once_as_a_follow_up() -> None:
    search = ScoredSearch()
    standalone(MAYOR, "en", [turn(STATION)], search)
    assert search.texts == [MAYOR, "Who is the mayor of Ghent (Bruges Station)?"]
