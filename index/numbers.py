"""Numbers in a text of any language, with what each may mean.

In: any text. Out: numbers with offsets into it, canonical decimal values and canonical units. The language is not
asked for: 43,866, 43.866, 43 866 and ٤٣٬٨٦٦ are one value, and where a spelling is ambiguous every reading is kept.
Refused, because they are names: digits glued to letters, as in "Q8" or "CO2", unless the letters are a unit.
"""

import re
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

import msgspec
import regex

from index.dates import CACHED_TEXTS, DateMention, dates, fold_digits
from index.number_words import Spellings, spellings

__all__ = ["DateMention", "Number", "dates", "fold_digits", "numbers", "same_number"]

_SPACE = r"[ \u00a0\u2009\u202f]"
_GLUE = r"\p{Latin}\p{Greek}\p{Cyrillic}_"
_DIGIT = re.compile(r"\d+")
_NUMBER = regex.compile(
    rf"""(?<![{_GLUE}\d]|\d[.,٫]|[{_GLUE}]\p{{M}})
    (?:
        (?P<grouped>[1-9]\d{{0,2}}(?P<sep>[.,'’٬]|{_SPACE})\d{{3}}(?:(?P=sep)\d{{3}})*)(?:(?!(?P=sep))[.,٫](?P<tail>\d+))?
      | (?P<indian>[1-9]\d?(?:,\d\d)+,\d{{3}})(?:\.(?P<tail>\d+))?
      | (?P<plain>\d+)(?:[.,٫](?P<tail>\d+))?
    )
    (?!\d|[.,٬]\d|(?P=sep)\d{{3}}(?!\d))
    (?P<fraction>[½¼¾])?""",
    regex.VERBOSE,
)
_BARE = regex.compile(rf"(?<![{_GLUE}\d]|[{_GLUE}]\p{{M}})(?P<plain>\d+)(?P<tail>(?!))?(?P<fraction>(?!))?")
_SIGN = regex.compile(rf"(?<![\p{{L}}\p{{M}}\d%°)\]–−-])(?<!\d{_SPACE})[-−–]")
_FRACTIONS = {"½": "0.5", "¼": "0.25", "¾": "0.75"}
_RANGE = regex.compile(rf"{_SPACE}?[-–—~〜～−]{_SPACE}?")
_DECADE = regex.compile(r"s(?![\p{L}\p{M}\d])")
_ORDINAL = regex.compile(r"(?:st|nd|rd|th|º|ª|er|ern|ers|e|г|х|й|го)(?![\p{L}\p{M}\d])", regex.IGNORECASE)
_LETTER = regex.compile(rf"[{_GLUE}\p{{M}}]")
_USUALLY_DECIMAL = frozenset({"%", "°C", "°F", "m/s2", "kWh/100km"})
_MAX_DIGITS = 40


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a text; ``text[start:end]`` is its spelling with sign, multiplier and unit."""

    start: int
    end: int
    readings: tuple[str, ...]
    """Canonical decimals such as ``43866``, ``16.22`` or ``-19.1``, most likely first, never empty."""
    unit: str | None = None
    """Canonical, for example ``km``, ``kWh``, ``%``, ``m2``, ``€``, ``°C``."""

    @property
    def value(self) -> str:
        return self.readings[0]


@lru_cache(maxsize=CACHED_TEXTS)
def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text in order, not overlapping. Ranges are two numbers that share their unit."""
    if not re.search(r"\d", text):
        return ()
    folded, words = fold_digits(text), spellings()
    found: list[Number] = []
    position = 0
    while digits := _DIGIT.search(folded, position):
        match = _NUMBER.match(folded, digits.start()) or _BARE.match(folded, digits.start())
        number = _number(folded, match, words, floor=position) if match else None
        position = number.end if number else (match or digits).end()
        if number:
            found.append(number)
    return _with_shared_units(folded, found)


def same_number(a: Number, b: Number) -> bool:
    """Whether a reading of one is a reading of the other and the units, where both have one, are equal."""
    if a.unit and b.unit and a.unit != b.unit:
        return False
    return not set(a.readings).isdisjoint(b.readings)


def _number(text: str, match: regex.Match[str], words: Spellings, floor: int) -> Number | None:
    """None for a name; ``floor`` is where the number before ends, whose unit is not this one's."""
    if match.end() - match.start() > _MAX_DIGITS:
        return None
    end, unit = match.end(), None
    powers: tuple[int, ...] = (1,)
    if multiplier := words.multiplier_after(text, end):
        powers, end = multiplier
    if _DECADE.match(text, end) and match[0].endswith("0") and len(match[0]) == 4:
        end += 1
    elif found := words.unit_after(text, end):
        unit, end = found
    if end == match.end() and _LETTER.match(text, end):
        suffix = _ORDINAL.match(text, end)
        if not suffix:
            return None
        end = suffix.end()
    start = match.start()
    negative = start > floor and _SIGN.match(text, start - 1) is not None
    start -= negative
    if unit is None and (before := words.unit_before(text, floor, start)):
        unit, start = before
    values = _values(match, decimal_first=unit in _USUALLY_DECIMAL or powers != (1,))
    products = (value * power * (-1 if negative else 1) for power in powers for value in values)
    return Number(start=start, end=end, readings=tuple(dict.fromkeys(map(_canonical, products))), unit=unit)


def _values(match: regex.Match[str], *, decimal_first: bool) -> list[Decimal]:
    part = match.groupdict()
    whole = part.get("grouped") or part.get("indian") or part["plain"]
    digits = re.sub(r"\D", "", whole)
    value = Decimal(f"{digits}.{part['tail'] or '0'}") + Decimal(_FRACTIONS.get(part["fraction"] or "", "0"))
    values = [value]
    if part.get("grouped") and part["sep"] in ".," and len(digits) <= 6 and not part["tail"]:
        values.append(Decimal(f"{digits[:-3]}.{digits[-3:]}"))
        if decimal_first:
            values.reverse()
    return values


def _canonical(value: Decimal) -> str:
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _with_shared_units(text: str, found: list[Number]) -> tuple[Number, ...]:
    """In "30–50 %" both ends are percentages."""
    shared = [
        msgspec.structs.replace(first, unit=second.unit)
        if first.unit is None and second.unit and _RANGE.fullmatch(text, first.end, second.start)
        else first
        for first, second in pairwise(found)
    ]
    return (*shared, *found[-1:])
