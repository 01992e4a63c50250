"""Slips of the keyboard in a question are put right as the articles spell the words, and nothing else is changed."""

import pytest
from small_index import make_hit

from rag.spelling import is_slip, respelt

KNOWN = {"brussels", "factory", "jensen", "الفكرة", "véhicules", "électriques", "batterie", "машины", "using"}


def surprises(words: list[str]) -> list[float]:
    """Known words are a common piece each, others are made of rare ones."""
    return [10.0 if word.casefold() in KNOWN else 20.0 for word in words]


def put_right(question: str, *texts: str, lang: str = "en", hit_lang: str | None = None) -> str | None:
    return respelt(question, lang, [make_hit(text, lang=hit_lang or lang) for text in texts], surprises)


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("brussels", "brussels", True),
        ("brussles", "brussels", True),
        ("brusels", "brussels", True),
        ("brusssels", "brussels", True),
        ("brussals", "brussels", True),
        ("xbrussels", "brussels", True),
        ("brusselx", "brussels", True),
        ("brussesl", "brussels", True),
        ("sbrusels", "brussels", False),
        ("brsusesl", "brussels", False),
        ("brusl", "brussels", False),
        ("aaa", "aa", True),
        ("aa", "aaaa", False),
        ("abc", "cba", False),
        ("", "a", True),
    ],
)
def test_a_slip_is_one_letter_or_two_that_changed_places(one: str, other: str, is_one: bool) -> None:
    assert (is_slip(one, other), is_slip(other, one)) == (is_one, is_one)


@pytest.mark.parametrize(
    ("question", "lang", "text", "right"),
    [
        ("did the brussles factroy build it", "en", "The Brussels factory.", "did the Brussels factory build it"),
        ("Brussles?", "en", "brussels is a city.", "Brussels?"),
        ("combien de vehicules electriques", "fr", "Les véhicules électriques.", "combien de véhicules électriques"),
        ("Wie groß ist die Battreie?", "de", "Die Batterie hat 77 kWh.", "Wie groß ist die Batterie?"),
        ("Где строят машнины?", "ru", "Там строят машины.", "Где строят машины?"),
    ],
)  # fmt: skip
def test_words_are_spelt_as_the_passages_spell_them(question: str, lang: str, text: str, right: str) -> None:
    assert put_right(question, text, lang=lang) == right


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who is Emma Jansen?", "Emma Jensen runs the factory."),
        ("who is emma jansen", "Emma Jensen runs the factory."),
        ("ما هي اللفكرة", "هنا الفكرة بسيطة."),
        ("brussels factory", "The Brussels factory."),
        ("the brussles factory", "The Brussles factory, not that of Brussels."),
        ("teh car", "The car."),
        ("unheard words", "None of them is here."),
        ("the qwzzrt plant", "The qwzrrt plant."),
        ("电池容量多大", "电池容量很大"),
        ("", "The Brussels factory."),
    ],
)
def test_names_known_words_and_what_has_no_likelier_spelling_stay(question: str, text: str) -> None:
    assert put_right(question, text) is None


def test_passages_in_other_languages_spell_nothing() -> None:
    assert put_right("où est l'usinge", "He is using it.", lang="fr", hit_lang="en") is None
    assert put_right("où est l'usinge", "He is using it.", lang="fr") == "où est l'using"
    assert put_right("the brussles plant", "The Brussels factory.", lang="en-GB", hit_lang="en") == "the Brussels plant"


def test_where_nothing_can_tell_which_word_is_likelier_all_stay() -> None:
    hits = [make_hit("The Brussels factory.")]
    assert respelt("the brussles factory", "en", hits, lambda words: [0.0] * len(words)) is None


def test_nothing_is_asked_of_the_model_where_no_word_is_near_another() -> None:
    def refuse(words: list[str]) -> list[float]:
        raise AssertionError(words)

    assert respelt("where is it built", "en", [make_hit("The Brussels factory.")], refuse) is None
