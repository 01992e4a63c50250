"""Whether a sentence holds something of the kind that a question asks for.

In: an expectation and any sentence. Out: a fit from 0 to 1, by the figures, dates and names of the sentence and by
the words of ``rag/question_words.py``. Knows no language of the sentence; what nothing can tell is 0.5.
"""

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain, pairwise

import msgspec
import regex
from babel.dates import get_month_names

from index.dates import DateMention
from index.numbers import Number, dates, fold_digits, numbers
from rag.question import CURRENCIES, TIME_UNITS, Expectation, names_kind
from rag.question_words import normalised, question_words, split_phrases

CANNOT_TELL = 0.5
CACHED_TEXTS = 16_384
"""Sentences that are remembered: the same articles are asked about again and again."""

_OTHER_WORDS_TOO = frozenset({"may", "march", "mars", "out", "set", "mai", "mei", "maj", "mart"})
_WORDS = regex.compile(r"\p{L}[\p{L}\p{M}]*")
_NEXT_WORD = regex.compile(r"[\s\u00a0)-]{0,2}(\p{L}[\p{L}\p{M}]*)")
_CJK_COUNT = regex.compile(
    r"[一二两兩三四五六七八九十百千万萬亿億半数]+(?:多|余)?(?P<after>个月|個月|年|天|周|小时|小時|个|個|名|人|次|种|種|位|家|所|座|辆|台|回|本)"
)
_DECADE = regex.compile(r"\d0(?:[-\s]?er|'?s|-?х|-?те|-?ті|-?tal|-?luvu|年代|년대)|(?<!\d)\d\d?\s?[月월]")
_CLOCK = regex.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)")
_CENTURY = regex.compile(
    r"century|centuries|jahrhundert|siècle|siglo|secolo|século|eeuw|århundre|århundra|hundraårs|vuosisad|wiek|stolet|storoč|század|stoljeć"
    r"|век[аеуи]?\b|столет|столітт|αιών|yüzyıl|القرن|قرن|המאה|शताब्दी|सदी|thế kỷ|世纪|世紀|ศตวรรษ|세기|abad|segle"
)
_NAME = regex.compile(
    r"(?<![\p{L}\p{M}'’.-])\p{Lu}[\p{L}\p{M}'’.-]++"
    r"(?:\s(?:(?:van|de|der|den|von|da|di|du|bin|al|el|la|le)\s){0,2}\p{Lu}[\p{L}\p{M}'’.-]*+)+"
)
_ONE_NAME = regex.compile(r"(?<=[\p{Ll}\p{M},;]\s)\p{Lu}[\p{Ll}\p{M}]+")
_FOREIGN_NAME = regex.compile(r"[\p{Han}\p{Katakana}ー]{2,}[·・][\p{Han}\p{Katakana}ー]{2,}")
_CASED = regex.compile(r"\p{Lu}|\p{Ll}")
_LETTER = regex.compile(r"\p{L}")
_AFTER_NAME = regex.compile(r"[\p{L},]\s\p{Lu}[\p{L}\p{M}]+[\s\u00a0]$")


class _Signs(msgspec.Struct, frozen=True):
    words: frozenset[str]
    glued: tuple[str, ...]
    phrases: tuple[str, ...]

    def in_text(self, text: str, words: Iterable[str]) -> bool:
        return not self.words.isdisjoint(words) or any(part in text for part in chain(self.glued, self.phrases))


def fit(expected: Expectation, text: str) -> float:
    """1: surely holds something of that kind; 0: surely not; 0.5: can't tell."""
    if expected.kind in {"place", "manner", "other"}:
        return CANNOT_TELL
    folded = normalised(text)
    found = _MEASURES[expected.kind](expected, text, folded)
    return max(found, 0.6) if found < 0.6 and _denies(folded) else found


def says_unknown(expected: Expectation, text: str, lang: str) -> bool:
    """Whether a sentence of that language says that what is asked for, named by its kind, is not known or announced."""
    folded = normalised(text)
    if not _denies(folded):
        return False
    if expected.kind == "price" and _signs("price").in_text(folded, _WORDS.findall(folded)):
        return True
    return names_kind(expected, folded, lang)


def _number_fit(expected: Expectation, text: str, folded: str) -> float:
    counted = list(_counts(text))
    if expected.units:
        units = {number.unit for number in counted}
        if units & expected.units:
            return 1.0
        if None in units:
            return 0.7
        return 0.2 if units else _spelled_out(folded, yes=0.5, no=0.0)
    scores = [_count_score(text, number) for number in counted]
    return max([*scores, _spelled_out(folded, yes=0.7, no=0.0)])


def _duration_fit(expected: Expectation, text: str, folded: str) -> float:
    time = _signs("time")
    figures = fold_digits(text)
    for number in numbers(text):
        if number.unit in TIME_UNITS:
            return 1.0
        if number.unit is None and _follows(figures, number.end, time) and not _like_year(text, number):
            return 1.0
    words = _WORDS.findall(folded)
    if any(first in _signs("count").words and second in time.words for first, second in pairwise(words)):
        return 0.9
    if any(match["after"] in time.glued for match in _CJK_COUNT.finditer(folded)):
        return 0.9
    if _CLOCK.search(folded):
        return 0.6
    return 0.3 if not time.words.isdisjoint(words) else 0.2


def _date_fit(expected: Expectation, text: str, folded: str) -> float:
    if dates(text) or any(_like_year(text, number) for number in numbers(text)):
        return 1.0
    words = _WORDS.findall(folded)
    if _CENTURY.search(folded) or _DECADE.search(folded) or _CLOCK.search(folded) or not _months().isdisjoint(words):
        return 0.8
    return 0.1


def _price_fit(expected: Expectation, text: str, folded: str) -> float:
    currency = _signs("currency")
    figures = fold_digits(text)
    for number in numbers(text):
        if number.unit in CURRENCIES or _follows(figures, number.end, currency):
            return 1.0
    return 0.5 if _signs("price").in_text(folded, _WORDS.findall(folded)) else 0.2


def _person_fit(expected: Expectation, text: str, folded: str) -> float:
    if _signs("title").in_text(folded, _WORDS.findall(folded)) or _FOREIGN_NAME.search(text):
        return 1.0
    if len(_CASED.findall(text)) * 2 < len(_LETTER.findall(text)):
        return CANNOT_TELL
    starts = [match.start() for match in _NAME.finditer(text)]
    if any(start > 2 for start in starts):
        return 1.0
    if starts:
        return 0.7
    return 0.4 if _ONE_NAME.search(text) else 0.1


def _reason_fit(expected: Expectation, text: str, folded: str) -> float:
    return 0.7 if _signs("cause").in_text(folded, _WORDS.findall(folded)) else CANNOT_TELL


_MEASURES = {
    "number": _number_fit,
    "duration": _duration_fit,
    "date": _date_fit,
    "price": _price_fit,
    "person": _person_fit,
    "reason": _reason_fit,
}


def _counts(text: str) -> Iterator[Number]:
    """Numbers that are neither part of a date nor the number of a footnote."""
    within = dates(text)
    for number in numbers(text):
        if not _overlaps(number, within) and text[number.start - 1 : number.start] != "[":
            yield number


def _overlaps(number: Number, mentions: tuple[DateMention, ...]) -> bool:
    return any(mention.start < number.end and number.start < mention.end for mention in mentions)


def _count_score(text: str, number: Number) -> float:
    """Low for what may be a year, middling for what may be the number of a model ("Boeing 747")."""
    if _like_year(text, number):
        return 0.3
    bare = number.unit is None and text[number.start : number.end].isdigit()
    return 0.6 if bare and _AFTER_NAME.search(text, max(0, number.start - 40), number.start) else 1.0


def _like_year(text: str, number: Number) -> bool:
    spelling = text[number.start : number.end].rstrip("s年년")
    return number.unit is None and len(spelling) == 4 and spelling.isdigit() and 1000 <= int(spelling) <= 2100


def _follows(text: str, end: int, signs: _Signs) -> bool:
    if text.startswith(signs.glued, end) or text.startswith(signs.glued, end + 1):
        return True
    word = _NEXT_WORD.match(text, end)
    return word is not None and word[1].casefold() in signs.words


def _spelled_out(folded: str, *, yes: float, no: float) -> float:
    spelled = not _signs("count").words.isdisjoint(_WORDS.findall(folded)) or _CJK_COUNT.search(folded)
    return yes if spelled else no


@lru_cache(maxsize=CACHED_TEXTS)
def _denies(folded: str) -> bool:
    return any(phrase in folded for phrase in _denials())


@cache
def _denials() -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(map(split_phrases, question_words().denials.values()))))


@cache
def _signs(name: str) -> _Signs:
    found = question_words().signs[name]
    return _Signs(
        words=frozenset(normalised(found.words).split()),
        glued=tuple(normalised(found.glued).split()),
        phrases=split_phrases(found.phrases),
    )


@cache
def _months() -> frozenset[str]:
    """Names of months in every language of the data file, without those that are other words too."""
    names = (
        name.casefold()
        for lang in question_words().languages
        for form in ("format", "stand-alone")
        for name in get_month_names("wide", form, locale=lang).values()
    )
    return frozenset(names) - _OTHER_WORDS_TOO
