"""Units that stand behind a figure and that ``index/numbers.py`` does not know: years, feet, acres, by CLDR.

In: a text, the offset where a figure ends, a language. Out: CLDR's name of the unit, or the project's own where both
know it, and where it ends. Refuses nothing: a language that CLDR lacks has no units.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import regex

if TYPE_CHECKING:
    from babel import Locale

_COMPARED = (
    "duration-century", "duration-decade", "duration-year", "duration-month", "duration-week", "duration-day",
    "duration-hour", "duration-minute", "duration-second", "length-kilometer", "length-meter", "length-centimeter",
    "length-millimeter", "length-mile", "length-yard", "length-foot", "length-inch", "length-nautical-mile",
    "length-light-year", "area-square-kilometer", "area-square-meter", "area-square-mile", "area-square-foot",
    "area-acre", "area-hectare", "mass-tonne", "mass-kilogram", "mass-gram", "mass-pound", "mass-ounce",
    "volume-liter", "volume-gallon", "volume-barrel", "volume-cubic-meter", "temperature-celsius",
    "temperature-fahrenheit", "temperature-kelvin", "power-kilowatt", "power-megawatt", "power-gigawatt", "power-watt",
    "power-horsepower", "energy-kilowatt-hour", "energy-joule", "electric-volt", "electric-ampere",
    "speed-kilometer-per-hour", "speed-mile-per-hour", "speed-meter-per-second", "concentr-percent",
    "digital-gigabyte", "digital-megabyte", "frequency-hertz", "pressure-bar",
)  # fmt: skip
_OWN_NAMES = {
    "duration-hour": "h", "duration-minute": "min", "duration-second": "s", "length-kilometer": "km",
    "length-meter": "m", "length-centimeter": "cm", "length-millimeter": "mm", "length-mile": "mi",
    "area-square-kilometer": "km2", "area-square-meter": "m2", "mass-tonne": "t", "mass-kilogram": "kg",
    "mass-gram": "g", "volume-liter": "l", "volume-cubic-meter": "m3", "temperature-celsius": "°C",
    "temperature-fahrenheit": "°F", "power-kilowatt": "kW", "power-megawatt": "MW", "power-gigawatt": "GW",
    "power-watt": "W", "power-horsepower": "hp", "energy-kilowatt-hour": "kWh", "electric-volt": "V",
    "electric-ampere": "A", "speed-kilometer-per-hour": "km/h", "speed-mile-per-hour": "mph",
    "speed-meter-per-second": "m/s", "concentr-percent": "%",
}  # fmt: skip
_FIGURES = (1, 2, 3, 5, 11, 100, 1.5)
"""One of each plural form that CLDR tells apart."""
_UNSPACED = frozenset({"zh", "ja", "th", "ko", "lo", "km", "my"})


def unit_after(text: str, end: int, lang: str) -> tuple[str, int] | None:
    """The longest unit that starts behind ``end``, a space or a hyphen between."""
    pattern, names = _units(lang)
    match = pattern.match(text, end)
    return (names[match["unit"].casefold()], match.end()) if match else None


def cldr_name(unit: str) -> str:
    """Of a unit by either of its names."""
    return next((name for name, own in _OWN_NAMES.items() if own == unit), unit)


@cache
def _units(lang: str) -> tuple["regex.Pattern[str]", dict[str, str]]:
    names = _spellings(lang)
    forms = "|".join(regex.escape(form) for form in sorted(names, key=len, reverse=True)) or "(?!)"
    word_end = "" if lang in _UNSPACED else r"(?:(?<=\p{L}{4})\p{L}{1,2})?(?![\p{L}\p{M}\d])"
    return regex.compile(rf"[\s\u00a0-]?(?P<unit>{forms}){word_end}", regex.IGNORECASE), names


def _spellings(lang: str) -> dict[str, str]:
    """Case-folded forms to names; of forms that two units share none is kept."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(lang)
    except (UnknownLocaleError, ValueError):
        return {}
    found: dict[str, str] = {}
    doubtful = set[str]()
    for unit in _COMPARED:
        name = _OWN_NAMES.get(unit, unit)
        for form in _forms(unit, locale):
            if found.setdefault(form, name) != name:
                doubtful.add(form)
    return {form: name for form, name in found.items() if form not in doubtful}


def _forms(unit: str, locale: "Locale") -> set[str]:
    """What stands behind the figure in each plural form."""
    from babel.units import UnknownUnitError, format_unit

    try:
        written = {format_unit(figure, unit, "long", locale=locale) for figure in _FIGURES}
        if any(unit in text for text in written):  # babel's answer where CLDR has no long form of its own
            written = {format_unit(figure, unit, "short", locale=locale) for figure in _FIGURES}
    except UnknownUnitError:
        return set()
    return {form for text in written if unit not in text and (form := _behind_figure(text))}


def _behind_figure(text: str) -> str:
    match = regex.match(r"\P{L}*\d[^\p{L}°%]*(?P<form>[\p{L}°%].*)$", unicodedata.normalize("NFC", text))
    return match["form"].casefold() if match else ""
