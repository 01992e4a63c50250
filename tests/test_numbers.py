import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.numbers import Number, dates, fold_digits, numbers, same_number

HERE = Path(__file__).parent
NUMBERS = tomllib.loads((HERE / "number_cases.toml").read_text(encoding="utf-8"))["case"]
DATES = tomllib.loads((HERE / "date_cases.toml").read_text(encoding="utf-8"))["case"]


def only(text: str) -> Number:
    (number,) = numbers(text)
    return number


@pytest.mark.parametrize("case", NUMBERS, ids=lambda case: str(case["text"]))
def test_numbers_are_found_with_unit_and_readings(case: dict[str, object]) -> None:
    text = str(case["text"])
    found = [[text[n.start : n.end], n.unit or "", *n.readings] for n in numbers(text)]
    assert found == case["numbers"]


@pytest.mark.parametrize("case", DATES, ids=lambda case: str(case["text"]))
def test_dates_are_found_in_iso_form(case: dict[str, object]) -> None:
    text = str(case["text"])
    assert [[text[d.start : d.end], *d.readings] for d in dates(text)] == case["dates"]


def test_one_value_in_six_spellings_is_the_same_number() -> None:
    spellings = ["43,866", "43.866", "43 866", "43'866", "٤٣٬٨٦٦", "４３８６６"]
    assert all(same_number(only(spellings[0]), only(other)) for other in spellings)


def test_a_decimal_is_not_its_thousandfold_spelling() -> None:
    assert not same_number(only("18.21"), only("1821"))


def test_kilometres_are_not_miles() -> None:
    assert not same_number(only("300 km"), only("300 miles"))


def test_a_number_without_unit_equals_one_with_it() -> None:
    assert same_number(only("300"), only("300 km"))


def test_a_unit_is_the_same_in_every_language() -> None:
    spelled = ["582 km", "582 Kilometer", "582 км", "582公里", "582 كم", "582 किलोमीटर", "582 ק״מ"]
    assert [only(text).unit for text in spelled] == ["km"] * len(spelled)


def test_a_long_run_of_digits_is_no_number() -> None:
    assert numbers("9" * 100_000) == ()


@pytest.mark.parametrize("unit", ["12. ", "1,", "5 may ", "1 000 ", "12/", "3-"])
@pytest.mark.timeout(20)
def test_a_hostile_text_takes_linear_time(unit: str) -> None:
    dates(unit * 20_000)
    numbers(unit * 20_000)


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from([",", ".", "'", "\u00a0"]))
def test_grouped_integers_keep_their_value(value: int, separator: str) -> None:
    assert str(value) in only(f"{value:,}".replace(",", separator)).readings


@given(st.text(alphabet=st.sampled_from("0129.,- /kmQ年月%½٣ '"), max_size=40))
def test_mentions_are_ordered_and_lie_within_the_text(text: str) -> None:
    for found in (numbers(text), dates(text)):
        edges = [edge for mention in found for edge in (mention.start, mention.end)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= len(text) for edge in edges)


@given(st.text(max_size=60))
def test_folding_digits_keeps_every_offset(text: str) -> None:
    assert len(fold_digits(text)) == len(text)
