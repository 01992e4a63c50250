"""Mentions: which figures and dates of two texts may mean the same, and which can be rivals."""

import pytest

from rag.mentions import Mention, comparable, is_said, mentions, without_agreeing


def only(text: str, lang: str) -> Mention:
    (mention,) = mentions(text, lang).listed
    return mention


@pytest.mark.parametrize(
    ("one", "lang", "other", "other_lang"),
    [
        ("43,866 cars", "en", "43.866 Autos", "de"),
        ("43 866 voitures", "fr", "٤٣٬٨٦٦ سيارة", "ar"),
        ("a drive of 1.5 h", "en", "90 Minuten", "de"),
        ("60 miles", "en", "97 km", "nb"),
        ("June 2016", "en", "am 2. Juni 2016", "de"),
        ("in 2016", "en", "op 2 juni 2016", "nl"),
        ("5.6 s", "en", "5,62 s", "de"),
        ("13 km/h", "en", "13,08 km/h", "de"),
        ("at 9 p.m.", "en", "um 21 Uhr", "de"),
        ("1.400 Testkilometer", "de", "140 testmil", "nb"),
        ("3 cables", "en", "drei Kabel", "de"),
        ("1040", "en", "1038–40", "de"),
        ("390", "ar", "390 000 millones de árboles", "es"),
    ],
)
def test_what_may_mean_the_same_is_said(one: str, lang: str, other: str, other_lang: str) -> None:
    assert is_said(only(one, lang), [mentions(other, other_lang)])


@pytest.mark.parametrize(
    ("one", "lang", "other", "other_lang"),
    [
        ("310 sites", "en", "182 locaties", "nl"),
        ("22 kW", "en", "11 kW", "de"),
        ("497 km", "en", "500 km", "de"),
        ("60 miles", "en", "90 km", "nb"),
        ("June 2016", "en", "im Juli 2016", "de"),
        ("2 June 2016", "en", "am 3. Juni 2016", "de"),
        ("in 2021", "en", "en 2022", "fr"),
        ("5 people", "en", "6 people", "en"),
        ("7000 km2", "en", "7000000 km2", "es"),
        ("1,950 people", "en", "2,640 people", "en"),
    ],
)
def test_what_differs_is_not_said(one: str, lang: str, other: str, other_lang: str) -> None:
    assert not is_said(only(one, lang), [mentions(other, other_lang)])


@pytest.mark.parametrize(
    ("one", "other", "are_rivals"),
    [
        ("22 kW", "11 kW", True),
        ("22 kW", "11 km", False),
        ("310 sites", "11 kW", False),
        ("310 sites", "182 sites", True),
        ("310 sites", "in 2021", False),
        ("in 2021", "June 2022", True),
    ],
)
def test_rivals_are_of_one_kind_and_one_unit(one: str, other: str, are_rivals: bool) -> None:
    assert comparable(only(one, "en"), only(other, "en")) is are_rivals


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("in the 1930s", "en"),
        ("in den 1930er Jahren", "de"),
        ("på 1930-tallet", "nb"),
        ("en los años 30", "es"),
        ("20 世纪 30 年代", "zh"),
        ("в 1930-х", "ru"),
        ("m/s^2", "en"),
    ],
)
def test_decades_and_the_parts_of_units_are_no_figures(text: str, lang: str) -> None:
    assert [text[one.start : one.end] for one in mentions(text, lang).listed] == []


def test_a_figure_with_a_separator_is_no_year() -> None:
    assert (only("1,950 people", "en").kind, only("in 1950", "en").kind) == ("number", "date")


def test_a_figure_that_stands_twice_in_a_row_has_to_be_said_twice() -> None:
    one, other = mentions("SUV: 120 kW | Sportback: 170 kW", "en"), mentions("SUV: 170 kW | Sportback: 170 kW", "de")
    ours, theirs = without_agreeing(one, other)
    assert [mention.readings for mention in ours] == [("120",)]
    assert [mention.readings for mention in theirs] == [("170",)]


def test_figures_of_one_unit_are_held_against_each_other_before_converted_ones() -> None:
    one, other = mentions("688 km (303 mi)", "en"), mentions("488 km (303 mi)", "de")
    ours, theirs = without_agreeing(one, other)
    assert [mention.readings for mention in ours] == [("688",)]
    assert [mention.readings for mention in theirs] == [("488",)]


def test_the_same_in_another_unit_behind_it_is_no_rival_of_a_second_figure() -> None:
    _, pounds = mentions("The torque is 640 Nm (472 lb-ft).", "en").listed
    _, without = mentions("The torque is 640 Nm with and 630 without.", "en").listed
    assert pounds.is_aside
    assert not comparable(pounds, without)
