"""What kind of thing a question asks for.

In: a question with its language. Out: an expectation, by the words of ``rag/question_words.py``. Refuses nothing: a
question or language that is not understood expects "other".
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Literal, cast, get_args

import msgspec
import regex

from index.numbers import numbers
from rag.question_words import normalised, primary, question_words

Kind = Literal["number", "duration", "date", "price", "person", "place", "reason", "manner", "other"]

_GLUED_SCRIPTS = frozenset({"zh", "ja", "th"})
_NOUNS_FIRST = frozenset({"fa", "hi", "hu", "ja", "ko", "tr", "zh"})
TIME_UNITS = frozenset({"h", "min", "s", "ms"})
CURRENCIES = frozenset({"€", "$", "£", "¥", "₽", "₹", "kr", "CHF"})
_LINK = regex.compile(r"^\s*(?:de\s|d')?\s*")
"""Between a question word and the unit: "combien de kW"."""
_NO_UNIT = regex.compile(r"second\b|\p{L}+-\p{L}|分")
"""Of "second homes" and "second-hand"; points or minutes in Chinese and Japanese."""
_CAPITALS = regex.compile(rf"{_LINK.pattern}(\p{{Lu}}{{2,}}\p{{Ll}}?)\b")
"""A unit behind a question word that is known by its capitals: of one letter it might be anything."""
_NOUN_REACH = 45
"""Characters between a plain question word and the noun that tells what it asks for."""
_GAP = r"(?:[^.?!;。？！]{0,60}[^\p{L}\p{M}.?!;。？！])?"
_GLUED_GAP = r"[^.?!;。？！]{0,30}"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer should hold; ``units`` are canonical ones of ``index/numbers.py``, empty where any will do."""

    kind: Kind
    units: frozenset[str] = frozenset()


OTHER = Expectation(kind="other")


class _Words(msgspec.Struct, frozen=True):
    """The patterns of one language; ``plain`` leaves the kind to the nouns."""

    asks: tuple[tuple[regex.Pattern[str], Expectation], ...]
    plain: regex.Pattern[str]
    nouns: tuple[tuple[regex.Pattern[str], Expectation], ...]
    nouns_first: bool
    """Whether the noun may stand before its question word: "X की कीमत क्या है"."""


def expects(question: str, lang: str) -> Expectation:
    """By the first question word, behind a clause that says when; of several that start at one place the longest
    decides, and the unit that follows it."""
    words = _words(primary(lang))
    if words is None:
        return OTHER
    text = _without_time_clause(normalised(question), words)
    asked = min(_found(text, words.asks), key=_earliest_longest, default=None)
    plain = words.plain.search(text)
    if asked and not (plain and _earliest_longest((plain, OTHER)) < _earliest_longest(asked)):
        spelled = question[-len(text) :] if len(normalised(question)) == len(question) else text
        return _of_unit(asked[1], text[asked[0].end() :], spelled[asked[0].end() :])
    near = [(match, what) for match, what in _found(text, words.nouns) if not plain or _belongs(match, plain, words)]
    return min(near, key=_earliest_longest, default=(None, OTHER))[1]


def asks(question: str, lang: str) -> bool:
    """Whether it has a question word; a noun alone ("the price") asks for a kind of thing, but has none."""
    words = _words(primary(lang))
    text = normalised(question)
    return words is not None and bool(
        words.plain.search(text) or any(pattern.search(text) for pattern, _ in words.asks)
    )


def asks_at_end(lang: str) -> bool:
    """Whether questions of the language have their question word where the answer would stand, not at the front."""
    return primary(lang) in _NOUNS_FIRST


def asked_noun(question: str, lang: str) -> tuple[int, int] | None:
    """Where the noun stands that tells what is asked for: "range" in "Which range has …"; None without one."""
    words, text = _words(primary(lang)), normalised(question)
    if words is None or len(text) != len(question):
        return None
    match = min(_found(text, words.nouns), key=_earliest_longest, default=None)
    return match[0].span() if match else None


def names_kind(expected: Expectation, text: str, lang: str) -> bool:
    """Whether a normalised text has a noun of that kind: "the price", "Reichweite"."""
    words = _words(primary(lang))
    return words is not None and any(what == expected and noun.search(text) for noun, what in words.nouns)


def _without_time_clause(text: str, words: _Words) -> str:
    """Without a clause at the front that says when, if the question follows it: "When it rains, how much …?"."""
    if text.count(",") != 1:
        return text
    clause, _comma, rest = text.partition(",")
    asked = min(_found(clause, words.asks), key=_earliest_longest, default=None)
    if (
        asked is None
        or asked[1].kind != "date"
        or " " in asked[0][0]
        or any(map(str.isalnum, clause[: asked[0].start()]))
    ):
        return text
    is_asked = words.plain.search(rest) or any(pattern.search(rest) for pattern, _ in words.asks)
    return rest if is_asked else text


def _of_unit(expected: Expectation, following: str, spelled: str) -> Expectation:
    """What a number is asked for in, where its unit follows the question word: "Hoeveel kW levert …". ``spelled`` is
    ``following`` as it was written: MW is none of the units in small letters."""
    named = _LINK.sub("", following[:_NOUN_REACH], count=1)
    if expected != Expectation(kind="number") or not named[:1].isalpha() or _NO_UNIT.match(named):
        return expected
    capitals = _CAPITALS.match(spelled)
    unit = numbers(f"1 {named}")[0].unit or (capitals and numbers(f"1 {capitals[1]}")[0].unit)
    if unit in TIME_UNITS:
        return Expectation(kind="duration")
    if unit in CURRENCIES:
        return Expectation(kind="price")
    families = (units for units in question_words().quantities.values() if unit in units)
    return Expectation(kind="number", units=frozenset[str]().union(*families))


def _found(
    text: str, patterns: Iterable[tuple[regex.Pattern[str], Expectation]]
) -> Iterator[tuple["regex.Match[str]", Expectation]]:
    for pattern, what in patterns:
        if match := pattern.search(text):
            yield match, what


def _earliest_longest(found: tuple["regex.Match[str]", Expectation]) -> tuple[int, int]:
    match, _ = found
    return match.start(), -match.end()


def _belongs(noun: "regex.Match[str]", plain: "regex.Match[str]", words: _Words) -> bool:
    if noun.start() < plain.start() and not words.nouns_first:
        return False
    return max(noun.start() - plain.end(), plain.start() - noun.end()) <= _NOUN_REACH


@cache
def _words(lang: str) -> _Words | None:
    found = question_words().languages.get(lang)
    if found is None:
        return None
    glued = lang in _GLUED_SCRIPTS
    asks = {key: phrases for key, phrases in found.items() if isinstance(phrases, str)}
    nouns = found.get("nouns", {})
    return _Words(
        plain=_pattern(asks.pop("plain"), glued=glued),
        asks=tuple(_patterns(asks, glued=glued)),
        nouns=tuple(_patterns(nouns, glued=glued)) if isinstance(nouns, dict) else (),
        nouns_first=lang in _NOUNS_FIRST,
    )


def _patterns(groups: Mapping[str, str], *, glued: bool) -> Iterator[tuple[regex.Pattern[str], Expectation]]:
    for key, phrases in groups.items():
        yield _pattern(phrases, glued=glued), _expectation(key)


def _expectation(key: str) -> Expectation:
    if key in get_args(Kind):
        return Expectation(kind=cast(Kind, key))
    return Expectation(kind="number", units=question_words().quantities[key])


def _pattern(phrases: str, *, glued: bool) -> regex.Pattern[str]:
    longest_first = sorted((phrase.strip() for phrase in phrases.split(";")), key=len, reverse=True)
    either = "|".join(_phrase(normalised(phrase), glued=glued) for phrase in longest_first)
    return regex.compile(either if glued else rf"(?<![\p{{L}}\p{{M}}\d])(?:{either})(?![\p{{L}}\p{{M}}])")


def _phrase(phrase: str, *, glued: bool) -> str:
    """The notation of the data file as a pattern. NFKC has made "..." of the ellipsis."""
    before, gap, after = phrase.partition("...")
    if gap:
        return (
            _phrase(before.rstrip(), glued=glued)
            + (_GLUED_GAP if glued else _GAP)
            + _phrase(after.lstrip(), glued=glued)
        )
    return r"\s+".join(map(_word, phrase.split()))


def _word(word: str) -> str:
    forms = (regex.escape(form).replace(r"\*", r"[\p{L}\p{M}]*") for form in word.split("/"))
    return f"(?:{'|'.join(forms)})"
