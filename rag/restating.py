"""Whether a question says in other words no more than a conversation has said. Pure.

In: a question that an LLM made of a follow-up, the follow-up, all texts that it may have its words from. Out: yes or
no. Every word that has a meaning must be known, in whatever form its language gives it: as search compares words, by
stem, by sound, or by most of its letters. Function words, and those that questions ask with, are everybody's. Figures
are not looked at. Refuses nothing.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec
import regex

from index.lexical import terms
from rag.followup_words import followup_words, is_asking_word, plain

ALIKE = 0.4
"""Share of their letter groups that two forms of one word have in common: "built" and "build"."""
GLUED_KNOWN = 0.6
"""The same share of a text without spaces, where particles stand among the words."""
LEAST_KEPT = 0.34
"""Of what the follow-up itself says: a correction ("no, I meant the RS") has words that go."""
_WORD = regex.compile(
    r"(?V1)[\p{L}\p{M}\p{N}--[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]+"
)
_GLUED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]+")
_ENDING = regex.compile(r"(?<=\p{L})['’]\p{L}{1,3}(?!\p{L})")
"""Joined to a name: "Boreo's", "e-tron'un"."""
_QUESTION_MARKS = ("?", "？", "؟", ";")
_CACHED = 4096


class _Word(msgspec.Struct, frozen=True):
    """The terms of one word."""

    heads: frozenset[str]
    """Stem, pieces, sound."""
    groups: frozenset[str]
    """Of four letters."""


def restates(reply: str, question: str, lang: str, known: Sequence[str]) -> bool:
    """``known``: question, earlier questions, answers and titles."""
    if question.rstrip().endswith(_QUESTION_MARKS) and not reply.rstrip().endswith(_QUESTION_MARKS):
        return False
    return _is_known(reply, known, lang) and _share_kept(question, reply, lang) >= LEAST_KEPT


def _is_known(reply: str, known: Sequence[str], lang: str) -> bool:
    heard = [_word(word, lang) for text in known for word in _WORD.findall(text)]
    if not all(_is_among(_word(word, lang), heard) for word in _meant(reply, lang)):
        return False
    pieces = _pieces([followup_words(lang).particles.sub(" ", reply)])
    return not pieces or len(pieces & _pieces(known)) >= GLUED_KNOWN * len(pieces)


def _share_kept(question: str, reply: str, lang: str) -> float:
    """Of the words of the follow-up that mean something; 1 for one that has none, or one that may stand for another."""
    heard = [_word(word, lang) for word in _WORD.findall(reply)]
    said = _meant(_without_leaning(question, lang), lang)
    own = [_word(word, lang) for word in said]
    if len(said) == 1 and said[0].islower():
        return 1.0
    return sum(_is_among(word, heard) for word in own) / len(own) if own else 1.0


def _without_leaning(question: str, lang: str) -> str:
    """Without pronouns, and without "no, I meant" or "and" at its beginning."""
    words, rest = followup_words(lang), plain(question).strip()
    for opening in (words.corrections, words.changes, words.openers):
        rest = opening.sub("", rest, count=1) or rest
    return words.pronouns.sub(" ", rest)


def _meant(text: str, lang: str) -> list[str]:
    words = _WORD.findall(_ENDING.sub("", text))
    return [word for word in words if len(word) > 1 and not word.isdigit() and not is_asking_word(word, lang)]


def _is_among(word: _Word, others: Iterable[_Word]) -> bool:
    return any(word.heads & other.heads or _are_alike(word.groups, other.groups) for other in others)


def _are_alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and 2 * len(one & other) >= ALIKE * (len(one) + len(other))


@lru_cache(maxsize=_CACHED)
def _word(word: str, lang: str) -> _Word:
    found = terms(word, lang)
    groups = frozenset(term for term in found if term.startswith("~"))
    return _Word(heads=frozenset(found) - groups, groups=groups)


def _pieces(texts: Iterable[str]) -> frozenset[str]:
    """Pairs of neighbouring characters, or the one that stands alone."""
    runs = [run for text in texts for run in _GLUED.findall(text)]
    return frozenset(run[at : at + 2] for run in runs for at in range(max(1, len(run) - 1)))
