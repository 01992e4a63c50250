"""What "last year", "this month" or "yesterday" is, written behind it: "last year (2025)".

In: a question, its language, today's date. Out: the question with these dates, which search and extraction then read
like any other. The phrases stand in ``data/relative_dates.toml``; a language without any is left as it is. Pure: the
clock is the caller's.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
import regex

from rag.followup_words import GLUED
from rag.framing import date_text
from rag.question_words import primary

Unit = Literal["year", "month", "day"]
Distance = tuple[Unit, int]
"""How many of a unit from today, back in time below 0."""

_LETTER = r"[\p{L}\p{M}\p{N}]"
_BRACKETED = r"\s?[(（][^()（）]*[)）]"


class _Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One language of the data file; the keys are distances."""

    year: dict[int, str]
    month: dict[int, str]
    day: dict[int, str]
    disguised: str = ""


class _Phrases(msgspec.Struct, frozen=True):
    """``groups`` name the groups of the pattern; what is found in none of them means something else."""

    pattern: regex.Pattern[str]
    groups: Mapping[str, Distance]


def with_dates(question: str, lang: str, today: date) -> str:
    """Dates are written as the question's language writes them; a phrase with brackets behind it stays."""
    phrases = _phrases(primary(lang))
    if phrases is None:
        return question
    written = ""
    end = 0
    for match in phrases.pattern.finditer(question):
        if match.lastgroup and not regex.match(_BRACKETED, question, pos=match.end()):
            day = date_text(_iso(phrases.groups[match.lastgroup], today), lang)
            written += question[end : match.end()] + (f"（{day}）" if primary(lang) in GLUED else f" ({day})")
            end = match.end()
    return written + question[end:]


def dated_phrases(text: str, lang: str) -> Iterator[tuple[int, int]]:
    """Where the phrases with their dates begin and end, once they are written."""
    phrases = _phrases(primary(lang))
    for match in phrases.pattern.finditer(text) if phrases else ():
        bracketed = regex.match(_BRACKETED, text, pos=match.end())
        if match.lastgroup and bracketed:
            yield match.start(), bracketed.end()


def _iso(distance: Distance, today: date) -> str:
    unit, count = distance
    if unit == "year":
        return f"{today.year + count:04}"
    if unit == "day":
        return (today + timedelta(days=count)).isoformat()
    months = 12 * today.year + today.month - 1 + count
    return f"{months // 12:04}-{months % 12 + 1:02}"


@cache
def _phrases(lang: str) -> _Phrases | None:
    listed = _data().get(lang)
    if listed is None:
        return None
    groups: dict[str, Distance] = {}
    alternatives = []
    for distance, phrases in _listed(listed):
        group = f"g{len(groups)}"
        groups[group] = distance
        alternatives += [(len(phrase), f"(?P<{group}>{_pattern(phrase)})") for phrase in phrases]
    disguised = [(len(phrase), _pattern(phrase)) for phrase in _split(listed.disguised)]
    either = "|".join(pattern for _, pattern in sorted(alternatives + disguised, key=lambda one: -one[0]))
    edges = (r"(?<!\d\s?)", "") if lang in GLUED else (rf"(?<!{_LETTER}|\d\s)", rf"(?!{_LETTER})")
    return _Phrases(regex.compile(rf"{edges[0]}(?:{either}){edges[1]}(?!\s?\d)", regex.IGNORECASE), groups)


def _listed(listed: _Listed) -> Iterator[tuple[Distance, tuple[str, ...]]]:
    units: tuple[tuple[Unit, dict[int, str]], ...] = (
        ("year", listed.year),
        ("month", listed.month),
        ("day", listed.day),
    )
    for unit, by_count in units:
        for count, phrases in by_count.items():
            yield (unit, count), _split(phrases)


def _split(phrases: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in phrases.split(";") if phrase.strip())


def _pattern(phrase: str) -> str:
    """Of alternative words the longest first; an apostrophe may be curved."""
    words = (sorted(word.split("/"), key=len, reverse=True) for word in phrase.split())
    either = (
        "|".join(regex.escape(form).replace(r"\*", r"[\p{L}\p{M}]*").replace("'", "['’]") for form in forms)
        for forms in words
    )
    return r"\s+".join(f"(?:{forms})" for forms in either)


@cache
def _data() -> dict[str, _Listed]:
    source = (files("rag") / "data" / "relative_dates.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(source, type=dict[str, _Listed])
