"""Sentence spans, against sentences split by hand, and what holds for any text."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import LONG_SENTENCE, sentence_spans

CASES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))
WITHOUT_SPACES = {"zh", "ja"}
LANGS = ["en", "de", "fr", "sv", "fi", "ru", "el", "ar", "hi", "th", "zh", "ja", "ka", "und", "pt-BR"]


def split(text: str, lang: str) -> list[str]:
    return [text[span.start : span.end] for span in sentence_spans(text, lang)]


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [pytest.param(lang, case, id=f"{lang}{n}") for lang, cases in CASES.items() for n, case in enumerate(cases)],
)
def test_sentences_are_split_as_by_hand(lang: str, sentences: list[str]) -> None:
    assert split(("" if lang in WITHOUT_SPACES else " ").join(sentences), lang) == sentences


def test_a_closing_quote_behind_the_space_stays_with_the_open_quote() -> None:
    assert split("He said: “We learn in Ghent. ”The plant is old.", "en") == [
        "He said: “We learn in Ghent. ”",
        "The plant is old.",
    ]


def test_a_missing_space_behind_a_quote_still_ends_the_sentence() -> None:
    assert split("It is a “model factory.”The plant is old.", "en") == ["It is a “model factory.”", "The plant is old."]


def test_a_missing_space_behind_a_full_stop_still_ends_the_sentence() -> None:
    assert split("They built the plant.Then it closed.", "en") == ["They built the plant.", "Then it closed."]


def test_addresses_and_versions_are_not_split() -> None:
    text = "Write to info@example.org or www.example.org/A.B?C=D! about version 2.10.Beta please."
    assert split(text, "en") == [text]


def test_an_ascii_number_before_a_capital_ends_the_sentence_unless_it_may_be_an_ordinal() -> None:
    assert split("She won 12. Bob won 3.", "en") == ["She won 12.", "Bob won 3."]
    assert split("Sie kam am 12. Oktober.", "de") == ["Sie kam am 12. Oktober."]


def test_the_number_of_a_list_item_stays_with_it() -> None:
    assert split("1. Open the lid.", "en") == ["1. Open the lid."]


def test_a_mark_alone_in_brackets_is_an_aside() -> None:
    assert split("It took 100 (!) Swedish years.", "en") == ["It took 100 (!) Swedish years."]


def test_an_empty_line_ends_a_sentence_without_a_full_stop() -> None:
    assert split("A heading\n\nand more", "en") == ["A heading", "and more"]


def test_a_wrapped_line_goes_on() -> None:
    wrapped = "This line is long enough to have been wrapped by its\nAuthor, so it goes on."
    assert split(wrapped, "en") == [wrapped]
    assert split("Short line\nAnother one", "en") == ["Short line", "Another one"]


def test_a_footnote_number_goes_with_its_sentence() -> None:
    assert split("It is neutral.1 The rest is not.", "en") == ["It is neutral.1", "The rest is not."]


def test_thai_is_cut_at_spaces_into_clauses_of_some_length() -> None:
    clause = "รถยนต์คันแรกออกจากสายการผลิตของโรงงานบรัสเซลส์เมื่อวานนี้"
    assert split(f"{clause} {clause} {clause}", "th") == [clause] * 3


def test_thai_is_not_cut_at_numbers_names_or_conjunctions() -> None:
    text = "โรงงานบรัสเซลส์ผลิตรถยนต์ไฟฟ้าจำนวน 43,866 คันในปี 2021 รวมถึง Audi Q8 และรุ่นอื่น"
    assert split(text, "th") == [text]


def test_a_sentence_too_long_is_cut_at_its_weaker_marks() -> None:
    clause = "a clause without an end"
    spans = sentence_spans("; ".join([clause] * 60), "en")
    assert len(spans) > 1
    assert all(span.end - span.start <= LONG_SENTENCE for span in spans)


def test_marks_without_words_join_their_neighbour() -> None:
    assert split("... Well. !!!", "en") == ["... Well. !!!"]


def test_a_text_of_white_space_has_no_sentences() -> None:
    assert sentence_spans(" \n\t ", "en") == ()


@given(st.text(st.sampled_from("aB1.?! \n“”\"'«»()…。؟।;กé-–"), max_size=120), st.sampled_from(LANGS))
def test_spans_are_trimmed_apart_and_hold_every_visible_character(text: str, lang: str) -> None:
    spans = sentence_spans(text, lang)
    covered = [at for span in spans for at in range(span.start, span.end) if not text[at].isspace()]
    assert covered == [at for at, letter in enumerate(text) if not letter.isspace()]
    for span in spans:
        assert text[span.start : span.end] == text[span.start : span.end].strip() != ""


@pytest.mark.parametrize("unit", [".", " ", '"', "”", "\n", "?", "a", "ก", "(", ". ", "1. ", "A. "])
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(number: int) -> float:
        begin = time.process_time()
        sentence_spans(unit * number, "de")
        return time.process_time() - begin

    assert seconds(40_000) < 40 * seconds(4_000) + 0.2
