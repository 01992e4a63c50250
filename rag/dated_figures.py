"""The figures of a text, each with the years that it is said of.

In: any text. Out: figures to years, in Latin digits; no years where the text names none. Years and the parts of dates
are no figures. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from index.dates import CACHED_TEXTS
from index.numbers import Number, dates, numbers

Figure = tuple[str, str | None]
"""A value and its unit."""
DatedFigures = Mapping[Figure, frozenset[str]]
_YEAR = re.compile(r"(?:19|20)\d\d")


class _Year(msgspec.Struct, frozen=True):
    year: str
    start: int
    end: int


@lru_cache(maxsize=CACHED_TEXTS)
def dated_figures(text: str) -> DatedFigures:
    """As many figures as years go together in their order, else each figure with the year that stands next to it."""
    within = dates(text)
    found = [one for one in numbers(text) if not any(date.start <= one.start < date.end for date in within)]
    counted = [one for one in found if not _is_year(one)]
    named = [_Year(date.value[:4], date.start, date.end) for date in within if date.value[0] != "-"]
    named += [_Year(one.value, one.start, one.end) for one in found if _is_year(one)]
    said: dict[Figure, frozenset[str]] = {}
    for number, years in zip(counted, _years_of(counted, sorted(named, key=lambda year: year.start)), strict=True):
        for value in number.readings:
            figure = value, number.unit
            said[figure] = said.get(figure, frozenset()) | years
    return said


def _years_of(counted: Sequence[Number], named: Sequence[_Year]) -> list[frozenset[str]]:
    if not named:
        return [frozenset()] * len(counted)
    if len(named) == len(counted):
        return [frozenset({year.year}) for year in named]
    return [frozenset({min(named, key=lambda year: _gap(number, year)).year}) for number in counted]


def _gap(number: Number, year: _Year) -> int:
    return max(year.start - number.end, number.start - year.end)


def _is_year(number: Number) -> bool:
    return number.unit is None and _YEAR.fullmatch(number.value) is not None
