"""Figures of a quote are given in the unit that is asked for, and in no other."""

import pytest

from rag.conversion import Quote, asked_units, conversions
from rag.records import TextRange


def converted(question: str, lang: str, text: str, quote_lang: str = "en", marked: TextRange | None = None) -> str:
    quote = Quote(text=text, lang=quote_lang, marked=marked)
    return "; ".join(conversions(question, lang, quote, lang)).replace("\u202f", " ").replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("question", "lang", "quote", "shown"),
    [
        ("How many miles can it go?", "en", "It goes 582 km.", "582 km ≈ 362 mi"),
        ("Wie viele Meilen fährt er?", "de", "It goes 582 km.", "582 km ≈ 362 mi"),
        ("Сколько это в милях?", "ru", "It goes 582 km.", "582 км ≈ 362 ми"),
        ("续航多少英里？", "zh", "It goes 582 km.", "582公里 ≈ 362英里"),
        ("Wie weit ist es in Kilometern?", "de", "It is 26 miles away.", "26 mi ≈ 41,8 km"),
        ("How many horsepower has it?", "en", "It has 300 kW.", "300 kW ≈ 402 hp"),
        ("Wie viel PS hat er?", "de", "It has 300 kW.", "300 kW ≈ 408 PS"),
        ("Hvor mange kW har den?", "nb", "It has 408 hp.", "408 hk ≈ 304 kW"),
        ("How warm was it in Fahrenheit?", "en", "It was -20 °C.", "-20°C ≈ -4°F"),
        ("How warm was it in °C?", "en", "It was 68 °F.", "68°F ≈ 20°C"),
        ("What does it weigh in pounds?", "en", "It weighs 2,585 kg.", "2,585 kg ≈ 5,699 lb"),
        ("Wie schwer in Kilogramm?", "de", "It weighs 12 pounds.", "12 lb ≈ 5,44 kg"),
        ("How many gallons does the boot hold?", "en", "It holds 405 litres.", "405 L ≈ 107 gal"),
        ("How many square feet is it?", "en", "It has 42,000 square metres.", "42,000 m² ≈ 452,000 sq ft"),
        ("How fast is it in mph?", "en", "It does 120 km/h.", "120 km/h ≈ 74.6 mph"),
    ],
)
def test_a_figure_is_given_in_the_unit_that_is_asked_for(question: str, lang: str, quote: str, shown: str) -> None:
    assert converted(question, lang, quote) == shown


@pytest.mark.parametrize(
    ("question", "lang", "quote"),
    [
        ("How far does it go?", "en", "It goes 582 km."),
        ("How many kilometres does it go?", "en", "It goes 582 km."),
        ("How many miles does it go?", "en", "It goes 362 miles (582 km)."),
        ("How many miles does it go?", "en", "It weighs 2,585 kg."),
        ("How far does it go at 75 mph?", "en", "At 120 km/h it goes far."),
        ("How many kilometres does it go?", "en", "Range: 620km/385 miles"),
        ("How many inches is the screen?", "en", "It is 582 km away."),
        ("Hur många meter?", "sv", "Розгін 0–100 км/год за 3,3 с."),
        ("Who ran 26 miles?", "en", "Anna ran 42 km."),
        ("Who ran the miles?", "en", "Anna ran 42 km."),
        ("¿Cuál es mi autonomía?", "es", "It goes 582 km."),
        ("كم يقطع؟", "ar", "It goes 362 miles."),
    ],
)
def test_nothing_is_converted_that_was_not_asked_for(question: str, lang: str, quote: str) -> None:
    assert converted(question, lang, quote) == ""


def test_a_point_is_read_as_the_language_of_the_quote_writes_it() -> None:
    assert converted("How many pounds does it weigh?", "en", "Er wiegt 2.585 kg.", "de") == "2,585 kg ≈ 5,699 lb"
    assert converted("How many pounds does it weigh?", "en", "It weighs 2.585 kg.", "en") == "2.585 kg ≈ 5.699 lb"


def test_of_several_figures_the_marked_one_is_converted() -> None:
    text = "It goes 491 km in winter and 582 km in summer."
    asked = "How many miles does it go in summer?"
    assert converted(asked, "en", text) == "491 km ≈ 305 mi; 582 km ≈ 362 mi"
    assert converted(asked, "en", text, marked=TextRange(start=29, end=35)) == "582 km ≈ 362 mi"


def test_of_two_units_at_one_place_the_longer_is_asked_for() -> None:
    assert asked_units("How many miles per hour, or square feet?", "en") == ("mph", "area-square-foot")
