"""Redaction takes what leads to a person, and leaves what a question is about."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.redaction import redact

CASES = tomllib.loads((Path(__file__).parent / "redaction_cases.toml").read_text(encoding="utf-8"))
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789._+-", min_size=1, max_size=12)


@pytest.mark.parametrize(("text", "redacted"), CASES["gone"].items())
def test_what_leads_to_a_person_is_replaced(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize("text", CASES["kept"].values())
def test_what_a_question_is_about_is_kept(text: str) -> None:
    assert redact(text) == text


def test_marks_that_cannot_be_seen_do_not_hide_a_number_or_an_address() -> None:
    assert redact("\u200e+49 30 \u200e1234567") == "[phone]"
    assert redact("jane\u200b@mail.example") == "[e-mail]"


@given(before=WORDS, name=LETTERS, host=LETTERS.map("h{}".format), after=WORDS)
def test_no_mail_address_is_left_in_any_surroundings(before: str, name: str, host: str, after: str) -> None:
    assert f"{name}@{host}" not in redact(f"{before} {name}@{host} {after}")


@given(WORDS, st.text("0123456789٠١٢३４", min_size=9, max_size=30), WORDS)
def test_no_nine_digits_in_a_row_are_left(before: str, digits: str, after: str) -> None:
    assert digits not in redact(before + digits + after)


@given(WORDS | st.text("0123456789 .-/()@:a[]", max_size=60))
def test_what_was_redacted_stays_as_it_is(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "@",
        "1 ",
        "1.",
        "Aa ",
        "0:",
        "a-",
        "AB12 ",
        "(at)",
        "2022-12-14 ",
        "de la ",
        "aa ",
        "5 a ",
        "ул а ",
        "a at ",
        "a dot ",
        "a.b",
    ],
)
def test_long_text_of_any_kind_is_soon_done(piece: str) -> None:
    assert isinstance(redact((piece * 4000)[:4000]), str)
