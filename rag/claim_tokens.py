"""A text as tokens that can be held against another text's: words by their stem, figures and dates by value.

In: a text and its language. Out: tokens with offsets. Chinese, Japanese and Thai come character by character. A number
word has the value's key, so that "three" and "3" are one; a unit has a token of its own. Refuses nothing.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec
import regex

from index.lexical import terms
from index.numbers import DateMention, Number, dates, numbers
from rag.claim_lists import number_word_values, with_multiplier
from rag.claim_units import unit_after
from rag.question_words import primary

_CACHED = 4096
_WORD = regex.compile(
    r"(?V1)[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]\p{M}*"
    r"|[[\p{L}\p{N}]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]"
    r"[[\p{L}\p{M}\p{N}'’·\u200c]--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]*"
)
_PART_MARKS = "~+'#@"
"""Of terms that are parts of words, or values."""

Kind = Literal["word", "figure", "date", "unit"]


class Token(msgspec.Struct, frozen=True):
    """``text[start:end]``, and the keys by which it meets other texts' tokens, the likeliest first."""

    start: int
    end: int
    kind: Kind
    keys: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.keys[0]

    def meets(self, other: "Token") -> bool:
        return not set(self.keys).isdisjoint(other.keys)


@lru_cache(maxsize=_CACHED)
def tokens(text: str, lang: str) -> tuple[Token, ...]:
    """In order, not overlapping."""
    return tuple(sorted(_tokens(text, primary(lang)), key=lambda token: token.start))


def _tokens(text: str, lang: str) -> Iterator[Token]:
    values = number_word_values(lang)
    mentions = dates(text)
    taken = [(mention.start, mention.end) for mention in mentions]
    for mention in mentions:
        yield Token(mention.start, mention.end, "date", _date_keys(mention))
    for number in numbers(text):
        if any(start <= number.start < end for start, end in taken):
            continue
        figure_end, unit_end, unit = _with_unit(text, number, lang)
        yield Token(number.start, figure_end, "figure", tuple(f"#{reading}" for reading in number.readings))
        if unit:
            yield Token(figure_end, unit_end, "unit", (f"unit {unit}",))
        taken.append((number.start, unit_end))
    for match in _WORD.finditer(text):
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        word = match[0].casefold()
        if word in values:
            meant, end = with_multiplier(values[word], text, match.end())
            alone = (word,) if end == match.end() else ()
            yield Token(match.start(), end, "figure", (*(f"#{value}" for value in meant), *alone))
            found = unit_after(text, end, lang)
            if found:
                yield Token(end, found[1], "unit", (f"unit {found[0]}",))
            taken.append((match.start(), found[1] if found else end))
        else:
            yield Token(match.start(), match.end(), "word", word_keys(match[0], lang))


def _date_keys(mention: DateMention) -> tuple[str, ...]:
    return tuple(f"@{reading}" for reading in mention.readings)


def _with_unit(text: str, number: Number, lang: str) -> tuple[int, int, str | None]:
    """Where the figure ends, where its unit does, and the unit."""
    if number.unit:
        return number.end, number.end, number.unit
    found = unit_after(text, number.end, lang)
    return (number.end, found[1], found[0]) if found else (number.end, number.end, None)


@lru_cache(maxsize=100_000)
def word_keys(word: str, lang: str) -> tuple[str, ...]:
    """Its stem, and the word as it is written without case and marks."""
    folded = unicodedata.normalize("NFKC", word).casefold().strip("'’·")
    if len(folded) == 1:
        return (folded,)
    stems = [term for term in terms(folded, lang) if term[0] not in _PART_MARKS]
    return tuple(dict.fromkeys((*stems[:1], folded)))
