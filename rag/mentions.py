"""The figures and dates that a passage states, as they are held against those of its translation.

In: a passage, its language. Out: numbers with their units, and dates, in order; a year is a date. Two mentions agree
where one may mean what the other says: 43,866 and 43.866, 1.5 h and 90 min, June 2016 and 2 June 2016, 5.6 and 5.62,
9 p.m. and 21, 140 Nordic mil and 1,400. Decades are left out: every language has another way to count
them. Pure; refuses nothing.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache, partial
from typing import Literal

import msgspec
import regex

from index.dates import CACHED_TEXTS, DateMention
from index.numbers import Number, dates, fold_digits, numbers
from rag.claim_numbers import spelled_values
from rag.claim_units import unit_after
from rag.question_words import primary

Kind = Literal["number", "date"]
CONVERTED = Decimal("0.02")
"""Share by which an amount may differ from the same in another unit, which somebody has rounded."""
_BASE = {
    "time": {"s": "1", "min": "60", "h": "3600", "duration-day": "86400", "duration-week": "604800"},
    "length": {"mm": "0.001", "cm": "0.01", "m": "1", "km": "1000", "mi": "1609.344", "length-foot": "0.3048"},
    "power": {"W": "0.001", "kW": "1", "MW": "1000", "GW": "1000000", "hp": "0.7457"},
    "energy": {"Wh": "0.001", "kWh": "1", "MWh": "1000", "GWh": "1000000"},
    "mass": {"g": "0.001", "kg": "1", "t": "1000"},
    "speed": {"km/h": "1", "mph": "1.609344", "m/s": "3.6"},
}
_POWERS = frozenset(Decimal(10) ** power for power in (3, 6, 8, 9, 12))
_SCALES = {unit: (dimension, Decimal(scale)) for dimension, units in _BASE.items() for unit, scale in units.items()}
_YEAR = regex.compile(r"(?:19|20)\d\d")
_DECADE = regex.compile(
    r"\d{1,2}\s?世[纪紀]\s?\d0\s?年代?|\d{1,3}0(?:\s?年代|['’]?s\b|-?er(?:n|[\s-]?Jahren?)?\b|-?(?:x|х|е|ті|их)\b"
    r"|-?(?:tallet|talet|luvu\p{L}*)\b|\s(?:годах|годы|годов|роках|роки)\b)"
    r"|(?:años|anos|années|anni|jaren|lat(?:ach|a)?|década(?: de)?(?: los)?|décadas?|العقد|عقد)\s['’]?\d{1,3}0(?!\d)",
    regex.IGNORECASE,
)
_SHORT_END = regex.compile(r"(?P<century>\d\d)\d\d\s?[-–—]{1,2}\s?$")
_AFTERNOON = regex.compile(r"\s?p\.?\s?m\b", regex.IGNORECASE)
_NORDIC_MILE = regex.compile(r"\s?\p{L}*mil(?:en)?\b", regex.IGNORECASE)
_NORDIC = frozenset({"nb", "nn", "sv"})


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """One number or date; offsets are those of the text it stands in."""

    kind: Kind
    readings: tuple[str, ...]
    unit: str | None
    start: int
    end: int
    is_aside: bool = False
    """Stands in brackets behind another, which it gives in another unit more often than not."""


class Mentions(msgspec.Struct, frozen=True, kw_only=True):
    """All of one text."""

    listed: tuple[Mention, ...]
    spelled: frozenset[str]
    """Values that stand there as words, and the parts of its dates."""


@lru_cache(maxsize=CACHED_TEXTS)
def mentions(text: str, lang: str) -> Mentions:
    """In order of their place."""
    own, dated = primary(lang), dates(text)
    apart = [*((date.start, date.end) for date in dated), *(match.span() for match in _DECADE.finditer(text))]
    counted = [one for one in numbers(text) if not _is_part(one, text, apart)]
    found = [*map(_date, dated), *(_number(number, text, own) for number in counted)]
    listed = _with_asides(text, sorted(found, key=lambda one: one.start))
    return Mentions(listed=listed, spelled=frozenset(spelled_values(text, own) | _parts(dated)))


def is_said(mention: Mention, within: Iterable[Mentions]) -> bool:
    """Whether any of these texts may state the same; converted only where a text has no figure in the very unit."""
    return any(
        _is_spelled(mention, said) or any(map(partial(_agree, mention), _like(mention, said))) for said in within
    )


def without_agreeing(one: Mentions, other: Mentions) -> tuple[list[Mention], list[Mention]]:
    """Both sides less what agrees, one with one: a figure that stands twice has to be said twice."""
    ours, theirs = list(one.listed), list(other.listed)
    for fits in (_agree_as_written, _agree):
        for mention in tuple(ours):
            if same := next((its for its in theirs if fits(mention, its)), None):
                ours.remove(mention)
                theirs.remove(same)
    return [m for m in ours if not _is_spelled(m, other)], [m for m in theirs if not _is_spelled(m, one)]


def comparable(one: Mention, other: Mention) -> bool:
    """Whether two mentions that do not agree can be the same thing told otherwise: of one kind and one unit."""
    alike = one.kind == other.kind and one.unit == other.unit
    return alike and (one.unit is not None or one.is_aside == other.is_aside)


def _is_part(number: Number, text: str, apart: Iterable[tuple[int, int]]) -> bool:
    """Of a date, of a decade, or of a unit such as m/s^2."""
    return text[number.start - 1 : number.start] == "^" or any(start <= number.start < end for start, end in apart)


def _date(found: DateMention) -> Mention:
    return Mention(kind="date", readings=found.readings, unit=None, start=found.start, end=found.end)


def _number(found: Number, text: str, lang: str) -> Mention:
    after = None if found.unit else unit_after(text, found.end, lang)
    unit, end = after or (found.unit, found.end)
    if unit is None and _YEAR.fullmatch(fold_digits(text[found.start : found.end])):
        return Mention(kind="date", readings=found.readings[:1], unit=None, start=found.start, end=end)
    readings = tuple(dict.fromkeys((*found.readings, *_other_readings(found, text, lang))))
    return Mention(kind="number", readings=readings, unit=unit, start=found.start, end=end)


def _other_readings(found: Number, text: str, lang: str) -> tuple[str, ...]:
    """Of a year in the century of the one before, of a clock of twelve hours, of miles of ten kilometres."""
    century = _SHORT_END.search(text, max(0, found.start - 8), found.start)
    if century and len(found.value) == 2:
        return (century["century"] + found.value,)
    if found.unit is None and _AFTERNOON.match(text, found.end):
        return (str(Decimal(found.value) + 12),)
    if lang in _NORDIC and _NORDIC_MILE.match(text, found.end):
        return (str(Decimal(found.value) * 10),)
    return ()


def _with_asides(text: str, found: list[Mention]) -> tuple[Mention, ...]:
    """Of each mention, whether no more than a bracket and a unit part it from the one before."""
    listed: list[Mention] = []
    for one in found:
        between = text[listed[-1].end : one.start] if listed else ""
        is_aside = "(" in between and len(between.split()) <= 2
        listed.append(msgspec.structs.replace(one, is_aside=is_aside))
    return tuple(listed)


def _parts(dated: Iterable[DateMention]) -> set[str]:
    return {str(int(part)) for date in dated for reading in date.readings for part in reading.split("-") if part}


def _like(mention: Mention, said: Mentions) -> Sequence[Mention]:
    same = [other for other in said.listed if other.unit == mention.unit] if mention.unit else []
    return [other for other in said.listed if other.unit in (mention.unit, None)] if same else said.listed


def _is_spelled(mention: Mention, said: Mentions) -> bool:
    return not {reading.removeprefix("-") for reading in mention.readings}.isdisjoint(said.spelled)


def _agree(one: Mention, other: Mention) -> bool:
    if one.kind != other.kind:
        return one.readings[0] == other.readings[0]  # a year taken for a number
    if one.kind == "date":
        return any(_is_within(a, b) or _is_within(b, a) for a in one.readings for b in other.readings)
    if one.unit == other.unit or None in (one.unit, other.unit):
        ours, theirs = _amounts(one), _amounts(other)
        if one.unit is None and other.unit is None and _is_power_apart(ours[0], theirs[0]):
            return True
        return not set(ours).isdisjoint(theirs) or _rounded_alike(ours[0], theirs[0])
    return _alike_converted(one, other)


def _agree_as_written(one: Mention, other: Mention) -> bool:
    return one.unit == other.unit and _agree(one, other)


def _is_within(date: str, period: str) -> bool:
    """The 14th of December 2022 is in December 2022, and is a 14 December."""
    return date.startswith(period) or (period.startswith("--") and date.endswith(period[1:]))


def _amounts(mention: Mention) -> tuple[Decimal, ...]:
    """Without signs: a hyphen before a figure is no minus everywhere."""
    return tuple(abs(Decimal(reading)) for reading in mention.readings)


def _rounded_alike(one: Decimal, other: Decimal) -> bool:
    """At the decimals of the one that has fewer."""
    few = Decimal(1).scaleb(max(int(one.as_tuple().exponent), int(other.as_tuple().exponent)))
    return one.quantize(few) == other.quantize(few)


def _is_power_apart(one: Decimal, other: Decimal) -> bool:
    """Whether one says 30 of "30 to 50 thousand", and the other 30,000."""
    small, great = sorted((one, other))
    return 0 < small < 1000 and great / small in _POWERS


def _dimension(mention: Mention) -> str | None:
    return _SCALES[mention.unit][0] if mention.unit in _SCALES else None


def _alike_converted(one: Mention, other: Mention) -> bool:
    if _dimension(one) is None or _dimension(one) != _dimension(other):
        return False
    ours, theirs = _SCALES[one.unit or ""][1], _SCALES[other.unit or ""][1]
    pairs = ((a * ours, b * theirs) for a in _amounts(one) for b in _amounts(other))
    return any(abs(a - b) <= CONVERTED * max(a, b) for a, b in pairs)
