"""Dates in a text of any language, as ISO 8601 at the precision they are written with.

In: any text. Out: dates with offsets into it; ``--12-14`` for a day without its year. The language is not asked for:
month names come from CLDR for the languages below, in all the forms it has. A bare year is a number, not a date.
Where 03/04/2022 can be read two ways both readings are kept, day first.
"""

import calendar
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import chain

import msgspec
import regex

CACHED_TEXTS = 4096
"""Whose dates and numbers are remembered: every question about a sentence asks for them again."""
_MONTH_LOCALES = (
    *("en", "de", "nl", "fr", "es", "it", "pt", "ca", "ro", "da", "nb", "nn", "sv", "fi", "is", "et", "lv", "lt"),
    *("pl", "cs", "sk", "sl", "hr", "sq", "hu", "tr", "eu", "ga", "cy", "id", "ms"),
    *("bg", "sr", "mk", "ru", "uk", "be", "el", "ar", "ar_MA", "ar_DZ", "he", "hi", "bn", "th"),
)
_CAPITALISED_ONLY = frozenset({"may", "march", "mars", "august", "set", "out", "ago"})
_SHORTEST_INFLECTED = 6
_SHORTEST_CYRILLIC = 4
_LONGEST_ENDING = 5
_BUDDHIST_OFFSET = 543
_CENTURY_PIVOT = 70

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DIGITS = regex.compile(r"(?<![\p{Latin}\p{Cyrillic}\p{Greek}\d]|\d[.,:])\d{1,4}(?!\d|[.,:]\d{3}(?!\d))")
_WORD = r"(?P<word>\p{L}[\p{L}\p{M}]{2,19})"
_LINK = r"(?:(?:(?:de|del|of|the|den|di|năm|من)\s{1,2})|d['’])?"
_ORDINAL = r"(?:st|nd|rd|th|er|º|ª|o|-?(?:е|го|ე))?"
_WORD_AFTER = regex.compile(rf"{_ORDINAL}[.,]?\s{{0,2}}-?{_LINK}{_WORD}\.?", regex.IGNORECASE)
_WORD_BEFORE = regex.compile(rf"(?<![\p{{L}}\p{{M}}]){_WORD}[.,]?\s{{1,2}}{_LINK}$", regex.IGNORECASE)
_YEAR_AFTER = regex.compile(rf",?\s{{0,2}}{_LINK}(?P<year>\d{{4}})(?!\d|[.,]\d)", regex.IGNORECASE)
_MD_YEAR_AFTER = regex.compile(rf"{_ORDINAL}[.,]?\s{{1,2}}{_LINK}(?P<year>\d{{4}})(?!\d|[.,]\d)", regex.IGNORECASE)
_DAY_AFTER = regex.compile(r"\s(?P<day>\d{1,2})(?!\d)")
_NUMERIC = (
    regex.compile(r"(?<![\d.,/-])(?P<y>\d{4})-(?P<m>\d\d)(?:-(?P<d>\d\d))?(?![\d-]|[.,]\d)"),
    regex.compile(r"(?<![\d.,/-])(?P<y>\d{4})(?P<sep>[./])(?P<m>\d\d?)(?P=sep)(?P<d>\d\d?)(?![\d/]|\.\d)"),
    regex.compile(
        r"(?<![\d.,/-])(?P<d>\d\d?)(?P<sep>[./-]|\.\s)(?P<m>\d\d?)(?P=sep)(?P<y>\d{4}|\d\d)(?![\d/-]|[.,]\d)"
    ),
    regex.compile(r"(?P<y>\d{4})\s?[年년]\s?(?P<m>\d\d?)\s?[月월](?:\s?(?P<d>\d\d?)\s?[日號号일])?"),
    regex.compile(
        r"(?:(?P<d>\d\d?)\s)?tháng\s(?P<m>\d\d?)(?:\s?[,/]?\s?(?:năm\s)?(?P<y>\d{4}))(?!\d)", regex.IGNORECASE
    ),
)
_SEPARATORS = {"，": ",", "．": ".", "＇": "'"}
_FOREIGN = re.compile(r"(?:(?![0-9])\d)|[，．＇]")


class DateMention(msgspec.Struct, frozen=True, kw_only=True):
    """One date of a text; ``text[start:end]`` is its spelling."""

    start: int
    end: int
    readings: tuple[str, ...]
    """``2022-12-14``, ``2022-12`` or ``--12-14``, most likely first, never empty."""

    @property
    def value(self) -> str:
        return self.readings[0]


def fold_digits(text: str) -> str:
    """Decimal digits of every script as 0–9 and full-width separators as ASCII; the length stays."""
    return text if text.isascii() else _FOREIGN.sub(lambda match: _ascii_figure(match[0]), text)


def years(text: str) -> frozenset[str]:
    """The figures that read as a year of the twentieth or twenty-first century, in Latin digits."""
    return frozenset(_YEAR.findall(fold_digits(text)))


@lru_cache(maxsize=CACHED_TEXTS)
def dates(text: str) -> tuple[DateMention, ...]:
    """The dates of a text in order, not overlapping."""
    if not re.search(r"\d", text):
        return ()
    folded = fold_digits(text)
    return tuple(_without_overlap([*_numeric_dates(folded), *_named_dates(folded)]))


def _without_overlap(found: list[DateMention]) -> Iterator[DateMention]:
    """Of mentions that start at one place the first stays."""
    reached = 0
    for mention in sorted(found, key=lambda mention: mention.start):
        if mention.start >= reached:
            yield mention
            reached = mention.end


def _ascii_figure(character: str) -> str:
    return _SEPARATORS.get(character) or str(int(character))


def _numeric_dates(text: str) -> Iterator[DateMention]:
    for match in chain.from_iterable(pattern.finditer(text) for pattern in _NUMERIC):
        if readings := _numeric_readings(match):
            yield DateMention(start=match.start(), end=match.end(), readings=readings)


def _numeric_readings(match: regex.Match[str]) -> tuple[str, ...]:
    part = match.groupdict()
    year, month, day = _year(part["y"]), int(part["m"]), int(part["d"]) if part["d"] else None
    readings = [_iso(year, month, day)]
    if match.start("d") == match.start() and part.get("sep") in {"/", "-"} and day is not None:
        readings.append(_iso(year, day, month))
    return tuple(dict.fromkeys(reading for reading in readings if reading))


def _year(digits: str) -> int:
    if len(digits) == 4:
        return int(digits)
    return int(digits) + (1900 if int(digits) >= _CENTURY_PIVOT else 2000)


def _iso(year: int | None, month: int, day: int | None) -> str | None:
    """None for what the calendar has not; a day without its year may be the 29th of February."""
    if not 1 <= month <= 12 or year == 0:
        return None
    if day is None:
        return f"{year:04}-{month:02}" if year else None
    if not 1 <= day <= calendar.monthrange(year or 2000, month)[1]:
        return None
    return f"{year:04}-{month:02}-{day:02}" if year else f"--{month:02}-{day:02}"


def _named_dates(text: str) -> Iterator[DateMention]:
    reached = 0
    for digits in _DIGITS.finditer(text):
        if digits.start() < reached:
            continue
        if mention := _month_after(text, digits) or _month_before(text, digits):
            yield mention
            reached = mention.end


def _month_after(text: str, digits: regex.Match[str]) -> DateMention | None:
    """As in "14 December 2022", "14. desember", "2022. december 14"."""
    word = _WORD_AFTER.match(text, digits.end())
    months = _months_named(word["word"]) if word else ()
    if word is None or not months:
        return None
    if len(digits[0]) == 4:
        day = _DAY_AFTER.match(text, word.end())
        return _mention(digits.start(), day.end(), months, int(digits[0]), int(day["day"])) if day else None
    year = _YEAR_AFTER.match(text, word.end())
    if year is None and not _stands_without_year(word["word"]):
        return None
    end = year.end() if year else word.end("word")
    return _mention(digits.start(), end, months, int(year["year"]) if year else None, int(digits[0]))


def _month_before(text: str, digits: regex.Match[str]) -> DateMention | None:
    """As in "December 14, 2022", "December 14", "December 2022", "diciembre de 2022"."""
    window = max(0, digits.start() - 30)
    word = _WORD_BEFORE.search(text[window : digits.start()])
    months = _months_named(word["word"]) if word else ()
    if word is None or not months or len(digits[0]) == 3:
        return None
    start = window + word.start()
    if len(digits[0]) == 4:
        return _mention(start, digits.end(), months, int(digits[0]), None) if _may_lack_day(word["word"]) else None
    year = _MD_YEAR_AFTER.match(text, digits.end())
    if year is None and not _stands_without_year(word["word"]):
        return None
    end = year.end() if year else digits.end()
    return _mention(start, end, months, int(year["year"]) if year else None, int(digits[0]))


def _mention(start: int, end: int, months: tuple[int, ...], year: int | None, day: int | None) -> DateMention | None:
    readings = [_iso(_western(year), month, day) for month in months]
    kept = tuple(reading for reading in readings if reading)
    return DateMention(start=start, end=end, readings=kept) if kept else None


def _western(year: int | None) -> int | None:
    """Thai texts count from the Buddha's death: 2565 is 2022."""
    return year - _BUDDHIST_OFFSET if year and 2400 <= year <= 2700 else year


def _stands_without_year(word: str) -> bool:
    name = word.casefold()
    return name in _month_names()["wide"] and (name not in _CAPITALISED_ONLY or word[0].isupper())


def _may_lack_day(word: str) -> bool:
    """Not "sold out 2022": short abbreviations in lower case are words of other languages."""
    return len(word) > 3 or word[0].isupper()


def _months_named(word: str) -> tuple[int, ...]:
    """Months that a word names: as CLDR writes it, with another last letter, or with an ending after it."""
    name = word.casefold()
    names = _month_names()
    if exact := names["all"].get(name) or names["all"].get(_without_hebrew_prefix(name)):
        return exact
    if len(name) < _shortest_inflected(name):
        return ()
    if stem := names["stems"].get(name[:-1]):
        return stem
    lengths = range(len(name) - 1, max(_SHORTEST_INFLECTED, len(name) - _LONGEST_ENDING) - 1, -1)
    return next((names["wide"][name[:n]] for n in lengths if name[:n] in names["wide"]), ())


def _shortest_inflected(name: str) -> int:
    """Latin "Marco" is no March, but "июне" is June."""
    return _SHORTEST_CYRILLIC if "а" <= name[0] <= "ӿ" else _SHORTEST_INFLECTED


def _without_hebrew_prefix(name: str) -> str:
    return name[1:] if name.startswith("ב") else name


@cache
def _month_names() -> dict[str, dict[str, tuple[int, ...]]]:
    """Case-folded names to months: ``wide`` ones, ``all`` with abbreviations, ``stems`` without the last letter."""
    from babel import Locale

    wide: dict[str, tuple[int, ...]] = {}
    short: dict[str, tuple[int, ...]] = {}
    for identifier in _MONTH_LOCALES:
        forms = Locale.parse(identifier).months
        for use in ("format", "stand-alone"):
            for width, names in (("wide", wide), ("abbreviated", short)):
                _collect(names, forms[use][width])
    stems: dict[str, tuple[int, ...]] = {}
    _collect_stems(stems, wide)
    return {"wide": wide, "all": short | wide, "stems": stems}


def _collect(names: dict[str, tuple[int, ...]], months: dict[int, str]) -> None:
    for month, spelling in months.items():
        name = spelling.casefold().strip(".")
        if len(name) >= 3:
            names[name] = tuple(dict.fromkeys((*names.get(name, ()), month)))


def _collect_stems(stems: dict[str, tuple[int, ...]], wide: dict[str, tuple[int, ...]]) -> None:
    for name, months in wide.items():
        if len(name) >= _shortest_inflected(name):
            stem = name[:-1]
            stems[stem] = tuple(dict.fromkeys((*stems.get(stem, ()), *months)))
