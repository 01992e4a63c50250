"""Hits that speak of what a conversation is about.

In: hits, best first, names, and works that are known to be about them. Out: the hits of works that hold every name in
a title, a heading or the text, in any of their versions found. A hit in another script than a name's may write it
otherwise and is kept; where no hit holds a name it narrows nothing. Refuses nothing. Pure.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile

import regex

from index.records import Hit
from rag.names import Names, name_words

_SCRIPTS = {
    "Latin": regex.compile(r"\p{Latin}"),
    "Cyrillic": regex.compile(r"\p{Cyrillic}"),
    "Greek": regex.compile(r"\p{Greek}"),
    "Arabic": regex.compile(r"\p{Arabic}"),
    "Hebrew": regex.compile(r"\p{Hebrew}"),
    "Devanagari": regex.compile(r"\p{Devanagari}"),
    "Han": regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]"),
    "Hangul": regex.compile(r"\p{Hangul}"),
    "Thai": regex.compile(r"\p{Thai}"),
}
Known = Mapping[str, frozenset[str]]
ENDING = 3
"""Letters by which the forms of an inflected name may differ at the end."""
STEM = 4
"""Letters that they share at the least."""


def holding(hits: Sequence[Hit], names: Sequence[str], lang: str, known: Known) -> tuple[Hit, ...]:
    """``known``: by name the works that are about it whatever they say."""
    kept = tuple(hits)
    for name in names:
        labels = Names(name, lang, kept)
        kept = tuple(hit for hit in kept if labels.named(hit, hit.title) != "other") or kept
        works = {hit.work_id for hit in kept if _holds(_around(hit), name)}
        if works:
            about = works | known.get(name, frozenset())
            kept = tuple(hit for hit in kept if hit.work_id in about or not _may_write(hit, name))
    return kept


def titled(hits: Sequence[Hit], years: Sequence[str]) -> tuple[Hit, ...]:
    """Those of works with one of the years in a title; none where no title has any."""
    works = {hit.work_id for hit in hits if any(year in hit.title for year in years)}
    return tuple(hit for hit in hits if hit.work_id in works)


def _around(hit: Hit) -> str:
    return "\n".join((hit.title, *hit.headings, hit.text))


def _may_write(hit: Hit, name: str) -> bool:
    """Whether the hit's language is written in a script of the name."""
    return any(script.search(name) and script.search(hit.text) for script in _SCRIPTS.values())


def _holds(text: str, name: str) -> bool:
    wanted, words = name_words(name), name_words(text)
    places = range(len(words) - len(wanted) + 1)
    return any(all(_alike(words[at + i], form) for i, form in enumerate(wanted)) for at in places)


def _alike(word: str, wanted: str) -> bool:
    """The same, but for the ending of a word without figures."""
    if word == wanted or any(map(str.isdigit, word + wanted)):
        return word == wanted
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, wanted, strict=False)))
    return shared >= STEM and max(len(word), len(wanted)) - shared <= ENDING
