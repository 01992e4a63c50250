import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import Expectation, expects
from rag.question_fit import fit

HERE = Path(__file__).parent
CASES: dict[str, list[list[str]]] = tomllib.loads((HERE / "question_cases.toml").read_text(encoding="utf-8"))
NUMBER = Expectation(kind="number")
DISTANCE = Expectation(kind="number", units=frozenset({"km", "mi", "m"}))
DURATION, DATE, PRICE = (Expectation(kind=kind) for kind in ("duration", "date", "price"))
PERSON, REASON, PLACE = (Expectation(kind=kind) for kind in ("person", "reason", "place"))
KINDS = [NUMBER, DISTANCE, DURATION, DATE, PRICE, PERSON, REASON, PLACE, Expectation(kind="other")]


@pytest.mark.parametrize(
    ("lang", "question", "expected"),
    [(lang, *case) for lang, cases in CASES.items() for case in cases],
    ids=str,
)
def test_the_kind_and_unit_of_a_question_are_found(lang: str, question: str, expected: str) -> None:
    kind, _, unit = expected.partition(" ")
    found = expects(question, lang)
    assert found.kind == kind
    assert unit in found.units if unit else not found.units


def test_a_language_without_words_expects_anything() -> None:
    assert expects("Who is it?", "xx") == Expectation(kind="other")


def test_a_region_does_not_change_the_language() -> None:
    assert expects("Quanto custa?", "pt-BR").kind == "price"


def test_a_noun_before_a_plain_question_word_does_not_decide_in_english() -> None:
    assert expects("At the time of the flood what was scarce?", "en").kind == "other"


def test_a_leading_clause_does_not_hide_the_question_word() -> None:
    assert expects("After the sale of the plant, who became its head?", "en").kind == "person"


def test_a_question_word_in_capitals_counts() -> None:
    assert expects("WHEN DID IT OPEN?", "en").kind == "date"


def test_a_question_word_inside_a_word_does_not_count() -> None:
    assert expects("Whenever possible, is it whole?", "en").kind == "other"


@pytest.mark.parametrize(
    ("expected", "text", "least", "most"),
    [
        (NUMBER, "The plant has 3,000 workers.", 1.0, 1.0),
        (NUMBER, "The plant opened in 1949.", 0.3, 0.3),
        (NUMBER, "She is well known.", 0.0, 0.0),
        (NUMBER, "They flew a Boeing 747 home.", 0.6, 0.6),
        (NUMBER, "It opened on 3 May 1949.", 0.0, 0.3),
        (NUMBER, "They have three plants.", 0.7, 0.7),
        (DISTANCE, "It goes 500 km.", 1.0, 1.0),
        (DISTANCE, "It goes 500 far.", 0.7, 0.7),
        (DISTANCE, "It weighs 500 kg.", 0.2, 0.2),
        (DISTANCE, "It goes far.", 0.0, 0.0),
        (DURATION, "It took 40 minutes.", 1.0, 1.0),
        (DURATION, "Es dauerte 12 Jahre.", 1.0, 1.0),
        (DURATION, "It took three years.", 0.9, 0.9),
        (DURATION, "It took years.", 0.3, 0.3),
        (DURATION, "It took 500 people.", 0.2, 0.2),
        (DURATION, "工厂于2015年开业。", 0.2, 0.3),
        (DURATION, "罢工持续了3个月。", 1.0, 1.0),
        (DATE, "It opened on 3 May 1949.", 1.0, 1.0),
        (DATE, "It opened in 1949.", 1.0, 1.0),
        (DATE, "It opened with 300 guests.", 0.1, 0.1),
        (PRICE, "It costs €300.", 1.0, 1.0),
        (PRICE, "To kosztuje 300 zł.", 1.0, 1.0),
        (PRICE, "The price is high.", 0.5, 0.5),
        (PRICE, "It has 300 seats.", 0.2, 0.2),
        (PERSON, "The plant is led by Anna de Wit.", 1.0, 1.0),
        (PERSON, "Anna Wit leads it.", 0.7, 0.7),
        (PERSON, "Завод возглавляет Анна Белова.", 1.0, 1.0),
        (PERSON, "the plant is big.", 0.1, 0.1),
        (PERSON, "工厂很大。", 0.5, 0.5),
        (REASON, "They left because it rained.", 0.7, 0.7),
        (REASON, "Ils sont partis parce qu’il pleuvait, parce que c’était tard.", 0.7, 0.7),
        (DURATION, "Cela a duré près d’une dizaine d’années.", 0.3, 0.3),
        (DATE, "Das war in den 1950er Jahren.", 0.8, 0.8),
        (DATE, "Это было в марте или в апрель.", 0.8, 0.8),
        (PLACE, "It is here.", 0.5, 0.5),
    ],
)
def test_a_sentence_fits_what_it_holds(expected: Expectation, text: str, least: float, most: float) -> None:
    assert least <= fit(expected, text) <= most


def test_a_sentence_that_says_nothing_is_known_fits_every_kind_a_little() -> None:
    text = "The figure is not yet known."
    assert [fit(kind, text) for kind in (NUMBER, DURATION, DATE, PRICE, PERSON)] == [0.6] * 5


@given(st.text(max_size=60), st.sampled_from([*CASES, "xx"]))
def test_any_text_has_a_fit_between_nought_and_one(text: str, lang: str) -> None:
    assert all(0 <= fit(kind, text) <= 1 for kind in [*KINDS, expects(text, lang)])


@pytest.mark.parametrize("unit", ["A", "Ab Cd ", "12 Jahre "])
@pytest.mark.timeout(20)
def test_a_very_long_text_is_judged_in_time(unit: str) -> None:
    assert all(0 <= fit(kind, unit * (60_000 // len(unit))) <= 1 for kind in KINDS)
