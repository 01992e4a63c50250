"""A follow-up becomes the question that it stands for; a question that stands alone is not touched."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from rag.condense import condense, without_change
from rag.followup_words import followup_words
from rag.phrasebook import supported_languages
from rag.question_words import primary
from rag.records import Answer, Citation, CitationSource, Status, TextRange, Verification
from rag.spoken_of import RECENT_TURNS

CASES = tomllib.loads((Path(__file__).parent / "followup_cases.toml").read_text(encoding="utf-8"))["case"]
STATION = "When was Bruges Station opened?"


def turn(question: str, lang: str = "en", status: Status = "answered", standalone: str | None = None) -> Answer:
    return Answer(
        message_id="m",
        conversation_id="c",
        status=status,
        composer="extractive",
        question=question,
        standalone_question=standalone or question,
        lang=lang,
        text="",
        citations=(),
        sources=(),
        nearest=(),
        followups=(),
        as_of=None,
        timings_ms={},
    )


def condensed(question: str, *before: Answer, lang: str = "en") -> str | None:
    reading = condense(question, lang, before)
    return reading and reading.text


@pytest.mark.parametrize("case", CASES, ids=[f"{case['lang']} {case['question']}" for case in CASES])
def test_a_follow_up_becomes_the_question_it_stands_for(case: dict[str, str]) -> None:
    before = turn(case["before"], case["lang"])
    assert condensed(case["question"], before, lang=case["lang"]) == case["standalone"]


def test_a_first_question_is_no_follow_up() -> None:
    assert condensed("When was it opened?") is None


@pytest.mark.parametrize(
    ("lang", "question"),
    [
        ("en", "By the way, who is the mayor of Ghent?"),
        ("nl", "Trouwens, wie is de burgemeester van Gent?"),
        ("ru", "Кстати, кто мэр Гента?"),
        ("zh", "顺便问一下，根特的市长是谁？"),
    ],
)
def test_a_question_that_says_it_turns_to_something_else_stands_alone(lang: str, question: str) -> None:
    assert condensed(question, turn(STATION), lang=lang) is None


def test_a_correction_and_a_bare_name_need_no_search_to_be_told() -> None:
    for question in ("No, I meant Ghent Station", "And Ghent Station?"):
        reading = condense(question, "en", [turn(STATION)])
        assert reading is not None
        assert reading.is_certain


@pytest.mark.parametrize(
    ("question", "lang"), [("Oh, no, I meant Ghent Station", "en"), ("Ach nein, ich meinte Ghent Station", "de")]
)
def test_a_sigh_before_a_correction_hides_nothing(question: str, lang: str) -> None:
    reading = condense(question, lang, [turn(STATION)])
    assert reading is not None
    assert reading.is_certain


@pytest.mark.parametrize(
    ("question", "lang", "alone"),
    [
        ("By the way, who is the mayor?", "en", "Who is the mayor?"),
        ("Cambiando de tema, ¿quién es el alcalde?", "es", "¿quién es el alcalde?"),
        ("By the way", "en", "By the way"),
        ("Who is the mayor?", "en", "Who is the mayor?"),
    ],
)
def test_what_turns_to_something_else_is_no_part_of_the_question(question: str, lang: str, alone: str) -> None:
    assert without_change(question, lang) == alone


def test_a_full_question_is_left_to_the_search() -> None:
    reading = condense("Who is the mayor of Ghent?", "en", [turn(STATION)])
    assert reading is not None
    assert not reading.is_certain
    assert not reading.leans


@pytest.mark.parametrize(
    ("before", "question", "standalone"),
    [
        ("How many cars did Audi build in 2021?", "And last year (2025)?", "How many cars did Audi build in 2025?"),
        ("How many cars did Audi build last year (2025)?", "And in 2021?", "How many cars did Audi build in 2021?"),
        ("What did Audi build last year (2025)?", "And this year (2026)?", "What did Audi build this year (2026)?"),
    ],
)
def test_a_year_takes_the_place_of_a_phrase_with_its_year(before: str, question: str, standalone: str) -> None:
    assert condensed(question, turn(before)) == standalone


def test_a_date_is_no_subject() -> None:
    asked = "What did Audi build in October 2022?"
    assert condensed("And where was it built?", turn(asked)) == "Where was Audi built?"


@pytest.mark.parametrize("question", ["And the mayor of Ghent?", "And who is the mayor of Ghent?"])
def test_a_question_that_goes_on_to_another_name_is_left_to_the_search(question: str) -> None:
    reading = condense(question, "en", [turn(STATION)])
    assert reading is not None
    assert not reading.is_certain
    assert not reading.leans


def test_a_pronoun_behind_a_name_of_the_question_speaks_for_nothing() -> None:
    reading = condense("Where did Tesla live when he died?", "en", [turn(STATION)])
    assert reading is not None
    assert not reading.leans


def test_the_subject_goes_on_over_several_turns() -> None:
    carried = turn("And how many people work there?", standalone="How many people work there (Bruges Station)?")
    assert condensed("How high is it?", turn(STATION), carried) == "How high is Bruges Station?"


def test_small_talk_in_between_is_passed_over() -> None:
    thanks = turn("Thanks!", status="out_of_scope")
    assert condensed("How high is it?", turn(STATION), thanks) == "How high is Bruges Station?"


def test_turns_long_ago_are_forgotten() -> None:
    thanks = [turn("Thanks!", status="out_of_scope")] * RECENT_TURNS
    assert condensed("How high is it?", turn(STATION), *thanks) is None


def test_a_name_goes_along_into_another_language() -> None:
    assert condensed("Hoe hoog is het?", turn(STATION), lang="nl") == "Hoe hoog is het (Bruges Station)?"


def test_a_question_before_that_is_filled_anew_stays_in_its_language() -> None:
    reading = condense("En in 2022?", "nl", [turn("How many cars did Audi Brussels build in 2021?")])
    assert reading is not None
    assert (reading.text, reading.lang) == ("How many cars did Audi Brussels build in 2022?", "en")


def test_a_language_without_lists_carries_names_too() -> None:
    assert condensed("Hversu hátt?", turn(STATION), lang="xx") == "Hversu hátt (Bruges Station)?"


@pytest.mark.parametrize("tag", sorted(supported_languages()))
def test_every_supported_language_has_its_words(tag: str) -> None:
    words = followup_words(tag)
    empty = followup_words("xx")
    for field in ("pronouns", "openers", "corrections", "changes"):
        assert getattr(words, field) != getattr(empty, field), primary(tag)


def test_what_a_source_shares_with_the_question_is_what_it_is_about() -> None:
    asked = turn("布鲁日车站是什么时候开放的？", "zh")
    assert condensed("它在哪里？", asked, lang="zh") == "它在哪里（布鲁日车站, 开放）？"
    sourced = msgspec.structs.replace(asked, citations=(_cited("布鲁日车站"),))
    assert condensed("它在哪里？", sourced, lang="zh") == "布鲁日车站在哪里？"


def test_the_person_that_was_asked_for_is_what_goes_on() -> None:
    cited = _cited("The port", "In 2019 the company made Ann Peeters its director.", "en")
    asked = msgspec.structs.replace(turn("Who leads the port of Ostend?"), citations=(cited,))
    assert condensed("When was she born?", asked) == "When was she born (Ann Peeters, Ostend)?"


def _cited(title: str, quote: str = "一座建筑", lang: str = "zh") -> Citation:
    source = CitationSource(
        article_id="a",
        work_id="w",
        path="a.md",
        url=None,
        title=title,
        lang=lang,
        published=None,
        modified=None,
        heading=None,
        chunk_id="a-0",
        start=0,
        end=2,
        content_sha256="0",
    )
    checked = Verification(quote="exact", support=0.9, numbers="none")
    return Citation(n=1, answer=TextRange(start=0, end=2), source=source, quote=quote, verification=checked)
