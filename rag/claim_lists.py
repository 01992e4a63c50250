"""The closed lists of ``data/claim_words.toml``: negations, opposites and number words, by language.

In: tokens of words, a language. Out: which of them say no, which pole of a scale they name, what number they are. A
language without lists has none; nothing is refused.
"""

from functools import cache
from importlib.resources import files

import msgspec
import regex

from index.number_words import spellings
from rag.question_words import normalised, primary, split_phrases

_UNSPACED = frozenset({"zh", "ja", "ko", "th"})


class ClaimWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data file: phrases by language, opposites by scale first."""

    negations: dict[str, str]
    half_negations: dict[str, str]
    no_negations: dict[str, str]
    negative_affixes: dict[str, str]
    opposites: dict[str, dict[str, str]]
    number_words: dict[str, str]


class Polarity(msgspec.Struct, frozen=True):
    """How often a text says no, and how often something like it."""

    negations: int
    half_negations: int


@cache
def claim_words() -> ClaimWords:
    source = (files("rag") / "data" / "claim_words.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(source, type=ClaimWords)


def polarity(text: str, lang: str) -> Polarity:
    words, own = claim_words(), primary(lang)
    plain = _pattern(words.no_negations.get(own, ""), own).sub(" ", normalised(text))
    return Polarity(
        len(_pattern(words.negations.get(own, ""), own).findall(plain)),
        len(_pattern(words.half_negations.get(own, ""), own).findall(plain)),
    )


def poles(text: str, lang: str) -> dict[str, frozenset[int]]:
    """By scale: which of its two poles (0 and 1) the text names."""
    own, plain = primary(lang), normalised(text)
    named = {
        scale: frozenset(pole for pole in (0, 1) if _pattern(lists[own].split("|")[pole], own).search(plain))
        for scale, lists in claim_words().opposites.items()
        if own in lists
    }
    return {scale: both for scale, both in named.items() if both}


def knows_negations(lang: str) -> bool:
    return primary(lang) in claim_words().negations


@cache
def number_word_values(lang: str) -> dict[str, int]:
    """Case-folded words of numbers from zero on."""
    listed = claim_words().number_words.get(primary(lang), "")
    return {form.strip(): value for value, forms in enumerate(split_phrases(listed)) for form in forms.split("/")}


def with_multiplier(value: int, text: str, end: int) -> tuple[tuple[int, ...], int]:
    """What a number word means that ends there, and where that ends: the three million of "three million"."""
    values: tuple[int, ...] = (value,)
    while found := spellings().multiplier_after(text, end):
        factors, end = found
        values = tuple(known * factor for known in values for factor in factors)
    return values, end


@cache
def is_negated_form(one: str, other: str, lang: str) -> bool:
    """Whether one word is the other behind a negative prefix, as in "possible" and "impossible"."""
    short, long = sorted((one, other), key=len)
    affixes = split_phrases(claim_words().negative_affixes.get(primary(lang), ""))
    return any(long == affix + short for affix in affixes)


@cache
def _pattern(phrases: str, lang: str) -> "regex.Pattern[str]":
    """Phrases of which any stands in a text: whole words, unless a star leaves an end open."""
    if lang in _UNSPACED:
        return regex.compile("|".join(regex.escape(one.rstrip("*")) for one in split_phrases(phrases)) or "(?!)")
    return regex.compile("|".join(_word(one) for one in split_phrases(phrases)) or "(?!)")


def _word(phrase: str) -> str:
    left = "" if phrase.startswith("*") else r"(?<![\p{L}\p{M}])"
    right = r"\p{L}*" if phrase.endswith("*") else r"(?![\p{L}\p{M}])"
    return left + regex.escape(phrase.strip("*")) + right
