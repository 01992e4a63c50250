"""The figures of a quote in the unit that the question asks for: "582 km ≈ 362 mi".

In: a question and a quote with their languages, and the reader's. Out: the conversions in the reader's style, by CLDR;
empty where the quote has the unit already, or no figure that could be converted to it. The quote stays as it is. Units
are those of ``index/numbers.py`` and ``claim_units.py`` that CLDR can write. Pure; refuses nothing.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache

import msgspec
import regex
from babel import Locale
from babel.numbers import get_decimal_symbol
from babel.units import format_unit

from index.number_words import spellings
from index.numbers import Number, fold_digits, numbers
from rag.claim_units import cldr_name, unit_after
from rag.framing import locale_of
from rag.question import expects
from rag.question_words import primary
from rag.records import TextRange

MOST = 3
"""Figures of one quote."""
LEAST_DIGITS = 3
"""What a converted figure is rounded to, where the quote's own has not more."""
MOST_TIMES = Decimal(10_000)
"""One unit in the other."""
_COUNTS_NOTHING = frozenset({"date", "person", "place", "reason"})
_OTHER_WORDS_TOO = frozenset({"mi", "mi.", "ton", "كم"})
_WORD_START = regex.compile(r"(?<![\p{L}\p{M}\d])(?<!\d[\s\u00a0-])[\p{L}°℃℉]")
_UNSPACED_START = regex.compile(r"(?<!\d[\s\u00a0]?)[\p{Han}\p{Katakana}\p{Hangul}\p{Thai}]")
_UNSPACED = frozenset({"zh", "ja", "th", "ko"})
_FIGURE = regex.compile(r"\d(?:.*\d)?")
_RATE = regex.compile(r"(?:\s?[-–—]\s?\d[\d.,]*\s?\p{L}{1,4})?/(?=\p{L})")
"""What stands behind the figure of a unit that is none by itself: "100 км/год", and both of "0–100 км/год"."""
_METRIC_HP, _MECHANICAL_HP = Decimal("735.49875"), Decimal("745.699872")
_FACTORS: Mapping[str, Mapping[str, Decimal]] = {
    "length": {
        "km": Decimal(1000),
        "m": Decimal(1),
        "cm": Decimal("0.01"),
        "mm": Decimal("0.001"),
        "mi": Decimal("1609.344"),
        "length-yard": Decimal("0.9144"),
        "length-foot": Decimal("0.3048"),
        "length-inch": Decimal("0.0254"),
        "length-nautical-mile": Decimal(1852),
    },
    "area": {
        "m2": Decimal(1),
        "km2": Decimal(10**6),
        "area-hectare": Decimal(10**4),
        "area-acre": Decimal("4046.8564224"),
        "area-square-mile": Decimal("2589988.110336"),
        "area-square-foot": Decimal("0.09290304"),
    },
    "volume": {
        "l": Decimal(1),
        "m3": Decimal(1000),
        "volume-gallon": Decimal("3.785411784"),
        "volume-barrel": Decimal("158.987294928"),
    },
    "mass": {
        "t": Decimal(1000),
        "kg": Decimal(1),
        "g": Decimal("0.001"),
        "mass-pound": Decimal("0.45359237"),
        "mass-ounce": Decimal("0.028349523125"),
    },
    "speed": {"km/h": 1 / Decimal("3.6"), "m/s": Decimal(1), "mph": Decimal("0.44704")},
    "power": {"W": Decimal(1), "kW": Decimal(1000), "MW": Decimal(10**6), "GW": Decimal(10**9), "hp": _METRIC_HP},
    "temperature": {"°C": Decimal(1), "°F": Decimal(5) / 9, "temperature-kelvin": Decimal(1)},
}
_ZERO_POINTS = {"°F": Decimal(-32), "temperature-kelvin": Decimal("-273.15")}
"""What is added before the factor: the freezing point of water on the scale of the unit, as a negative."""


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown, in its own language; ``marked`` is the short answer in it."""

    text: str
    lang: str
    marked: TextRange | None = None


class _Measured(msgspec.Struct, frozen=True):
    start: int
    value: Decimal
    unit: str
    digits: int
    """Significant ones, of an integer without the zeros at its end."""


def conversions(question: str, lang: str, quote: Quote, reader: str) -> tuple[str, ...]:
    """In the order of the quote; of the marked figures alone where one of them can be converted."""
    if expects(question, lang).kind in _COUNTS_NOTHING:
        return ()
    measured = list(_measured(quote))
    asked = [unit for unit in asked_units(question, lang) if not any(one.unit == unit for one in measured)]
    found = [(one, unit) for one in measured for unit in asked if _are_comparable(one.unit, unit)]
    if marked := [(one, unit) for one, unit in found if _is_marked(one, quote)]:
        found = marked
    return tuple(_written(one, unit, quote.lang, reader) for one, unit in found[:MOST])


def asked_units(question: str, lang: str) -> tuple[str, ...]:
    """Units that stand in a question without a figure before them, those that can be converted."""
    starts = _UNSPACED_START if primary(lang) in _UNSPACED else _WORD_START
    text, at, found = fold_digits(question), 0, []
    while start := starts.search(text, at):
        unit, at = _unit_at(text, start.start(), primary(lang))
        found.append(unit)
    return tuple(dict.fromkeys(unit for unit in found if _dimension(unit)))


def _unit_at(text: str, start: int, lang: str) -> tuple[str, int]:
    """The longest unit and where it ends; none, and the next character, where none stands there."""
    found = [one for one in (unit_after(text, start, lang), spellings().unit_after(text, start)) if one]
    unit, end = max(found, key=lambda one: one[1], default=("", start))
    form = text[start:end].casefold()
    return (unit, end) if len(form) > 1 and form not in _OTHER_WORDS_TOO else ("", start + 1)


def _measured(quote: Quote) -> Iterator[_Measured]:
    for number in numbers(quote.text):
        unit = number.unit or ""
        figure = _FIGURE.search(quote.text, number.start, number.end)
        if not _dimension(unit) and figure and (found := unit_after(quote.text, figure.end(), primary(quote.lang))):
            unit = found[0]
        if _dimension(unit) and not _RATE.match(quote.text, number.end):
            value = _value(number, quote)
            yield _Measured(number.start, value, unit, len(value.normalize().as_tuple().digits))


def _value(number: Number, quote: Quote) -> Decimal:
    """Of the readings of "2.585" the one that its language means."""
    values = sorted(Decimal(reading) for reading in number.readings[:2])
    spelling = regex.search(r"\d([.,])\d{3}(?!\d)", fold_digits(quote.text[number.start : number.end]))
    if len(values) == 1 or spelling is None:
        return Decimal(number.value)
    is_decimal = spelling[1] == get_decimal_symbol(locale_of(quote.lang))
    return min(values, key=abs) if is_decimal else max(values, key=abs)


def _are_comparable(unit: str, other: str) -> bool:
    """Nobody measures a road in inches."""
    factors = _FACTORS[_dimension(unit)]
    return other in factors and 1 / MOST_TIMES <= factors[unit] / factors[other] <= MOST_TIMES


def _is_marked(one: _Measured, quote: Quote) -> bool:
    return quote.marked is not None and quote.marked.start <= one.start < quote.marked.end


def _written(one: _Measured, unit: str, lang: str, reader: str) -> str:
    locale = locale_of(reader)
    return (
        f"{_with_unit(one.value, one.unit, locale)} ≈ {_with_unit(_converted(one, unit, lang, reader), unit, locale)}"
    )


def _converted(one: _Measured, unit: str, lang: str, reader: str) -> Decimal:
    base = (one.value + _ZERO_POINTS.get(one.unit, Decimal(0))) * _factor(one.unit, lang)
    value = base / _factor(unit, reader) - _ZERO_POINTS.get(unit, Decimal(0))
    places = max(one.digits, LEAST_DIGITS) - 1 - value.adjusted()
    return round(value, places)


def _factor(unit: str, lang: str) -> Decimal:
    """A horsepower is mechanical in English and metric elsewhere."""
    if unit == "hp" and primary(lang) == "en":
        return _MECHANICAL_HP
    return _FACTORS[_dimension(unit)][unit]


def _with_unit(value: Decimal, unit: str, locale: Locale) -> str:
    return format_unit(value, cldr_name(unit), "short", locale=locale)


@cache
def _dimension(unit: str) -> str:
    """Empty for a unit that is not converted."""
    return next((name for name, factors in _FACTORS.items() if unit in factors), "")
