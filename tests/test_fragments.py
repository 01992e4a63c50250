"""Text fragments: one line, percent-encoded, whole words, any other fragment kept."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fragments import text_fragment_url

PAGE = "https://example.org/a"


def test_a_short_quote_is_named_whole_and_encoded() -> None:
    url = text_fragment_url(PAGE, "600 km, e-tron & more")
    assert url == "https://example.org/a#:~:text=600%20km%2C%20e%2Dtron%20%26%20more"


def test_a_long_quote_is_named_by_its_first_and_last_words() -> None:
    url = text_fragment_url(PAGE, "one two three four five six seven eight nine ten eleven")
    assert url == f"{PAGE}#:~:text=one%20two%20three%20four%20five,seven%20eight%20nine%20ten%20eleven"


def test_ten_words_are_still_named_whole() -> None:
    assert "," not in text_fragment_url(PAGE, "one two three four five six seven eight nine ten")


@pytest.mark.parametrize("letter", ["报", "あ", "ก", "ກ"])
def test_scripts_without_spaces_are_cut_by_letters(letter: str) -> None:
    start, end = text_fragment_url(PAGE, letter * 31).removeprefix(f"{PAGE}#:~:text=").split(",")
    assert (unquote(start), unquote(end)) == (letter * 15, letter * 15)
    assert "," not in text_fragment_url(PAGE, letter * 30)


def test_a_thai_letter_keeps_its_vowel_and_tone_marks() -> None:
    start = text_fragment_url(PAGE, "ที่" * 31).removeprefix(f"{PAGE}#:~:text=").split(",")[0]
    assert unquote(start) == "ที่" * 15


def test_a_latin_name_in_chinese_text_is_not_cut() -> None:
    start = text_fragment_url(PAGE, "报" * 14 + "Sportback" + "报" * 30).removeprefix(f"{PAGE}#:~:text=").split(",")[0]
    assert unquote(start) == "报" * 14 + "Sportback"


def test_lines_are_joined_by_a_range_since_a_match_ends_with_its_block() -> None:
    assert text_fragment_url(PAGE, "one two\n\tthree  four\n") == f"{PAGE}#:~:text=one%20two,three%20four"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{PAGE}#top", f"{PAGE}#top:~:text=x"),
        (f"{PAGE}#top:~:text=old", f"{PAGE}#top:~:text=x"),
        (f"{PAGE}#", f"{PAGE}#:~:text=x"),
        (f"{PAGE}?a=1&b=2", f"{PAGE}?a=1&b=2#:~:text=x"),
        ("HTTP://example.org", "HTTP://example.org#:~:text=x"),
    ],
)
def test_what_the_address_has_stays(url: str, expected: str) -> None:
    assert text_fragment_url(url, "x") == expected


@pytest.mark.parametrize("url", ["ftp://example.org/a", "javascript:alert(1)", "/a", "", "mailto:a@example.org"])
def test_other_addresses_stay_as_they_are(url: str) -> None:
    assert text_fragment_url(url, "x") == url


@pytest.mark.parametrize("quote", ["", " \n\t"])
def test_an_empty_quote_adds_nothing(quote: str) -> None:
    assert text_fragment_url(PAGE, quote) == PAGE


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_the_fragment_is_plain_ascii_on_one_line_without_stray_syntax(quote: str) -> None:
    directive = text_fragment_url(PAGE, quote).removeprefix(PAGE).removeprefix("#:~:text=")
    assert directive.isascii()
    assert not set(directive) & set(" \t\r\n&-#")
    assert directive.count(",") <= 1
    assert all(unquote(part) for part in directive.split(",") if directive)
