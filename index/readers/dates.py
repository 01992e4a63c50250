"""Dates as editors write them in, ISO 8601 at the same precision out: ``2022``, ``2022-12``, ``2022-12-14``.

A date that could be read in two ways (03/04/2022) gives only what is sure (2022). What is no date gives None.
"""

import re
from collections import defaultdict
from datetime import date
from functools import cache

_YEARS = range(1800, 2200)
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d{1,2}:\d{2}.*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4})\.?")
_CJK = re.compile(r"(\d{4})\s?[年년]\s?(?:(\d{1,2})\s?[月월]\s?(?:(\d{1,2})\s?[日일])?)?")
_DAY_MONTH_YEAR = re.compile(
    r"(?:(\d{1,2})(?:\.|er|º|ª|st|nd|rd|th)?\s+(?:de\s+)?)?([^\W\d]+)\.?,?\s+(?:de[l]?\s+)?(\d{4})"
)
_MONTH_DAY_YEAR = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_LANGUAGES_WITH_MONTHS = (
    "en nl de fr es it pt ca gl ro nb nn da sv fi is et lv lt pl cs sk sl hr sr bg mk ru uk be el tr az hu sq eu cy ga"
    " ar fa he ur hi mr bn ta te th vi id ms sw af ka hy kk"
)


def iso_date(value: object) -> str | None:
    """From a front matter value or a piece of text that is nothing but a date."""
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > 60:
        return None
    return _numeric(text) or _in_words(text)


def first_day(iso: str) -> date:
    """``2022-12`` is 1 December 2022."""
    year, month, day = (*map(int, iso.split("-")), 1, 1)[:3]
    return date(year, month, day)


def _numeric(text: str) -> str | None:
    if match := _ISO.fullmatch(text) or _CJK.fullmatch(text):
        return _valid(*match.groups())
    if match := _DAY_FIRST.fullmatch(text):
        first, sign, second, year = match.groups()
        if sign == "/" and int(first) <= 12 and int(second) <= 12 and int(first) != int(second):
            return _valid(year)
        day, month = (second, first) if sign == "/" and int(second) > 12 else (first, second)
        return _valid(year, month, day)
    return None


def _in_words(text: str) -> str | None:
    if match := _MONTH_DAY_YEAR.fullmatch(text):
        month, day, year = match.groups()
    elif match := _DAY_MONTH_YEAR.fullmatch(text):
        day, month, year = match.groups()
    else:
        return None
    number = _months().get(month.casefold())
    return _valid(year, str(number), day) if number else None


def _valid(year: str, month: str | None = None, day: str | None = None) -> str | None:
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    parts = [f"{int(year):04}"] + [f"{int(part):02}" for part in (month, day) if part]
    return "-".join(parts) if int(year) in _YEARS else None


@cache
def _months() -> dict[str, int]:
    """Month names of many languages, without those that are another month in another one (Croatian listopad)."""
    from babel import Locale

    numbers: dict[str, set[int]] = defaultdict(set)
    for language in _LANGUAGES_WITH_MONTHS.split():
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, month in months[context][width].items():
                    numbers[str(month).rstrip(".").casefold()].add(number)
    return {month: min(found) for month, found in numbers.items() if len(found) == 1 and not month.isdigit()}
