"""Dialogues made from XQuAD: the questions of one paragraph in turn, each without what it shares with the one before.

In: questions of one parity, in order. Out: dialogues, one per paragraph and language. From the second turn on, the
words that a question shares with the question before it are taken out, and in every second one a pronoun stands in
place of the first of them. What is too common to be a subject stays: words that the questions of a quarter of the
articles have. Nothing here knows how Kilde reads a follow-up. Refuses nothing: a question that shares nothing with the
one before has no follow-up form.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

import msgspec
import regex

from evals.benchmarks.xquad import XquadQuestion

COMMON_SHARE = 0.25
ALIKE = 0.75
"""Share of a word's letters, from either end, that two forms of it have in common."""
LONGEST_GAP = 2
SHORT_WORD = 3
_GLUED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_UNIT = regex.compile(
    rf"(?V1)[{_GLUED}](?:\p{{M}})*|[[\p{{L}}\p{{N}}]--[{_GLUED}]](?:[[\p{{L}}\p{{M}}\p{{N}}]--[{_GLUED}]]|[-'’](?=\p{{L}}))*"
)
_IS_GLUED = regex.compile(rf"[{_GLUED}]")
_PRONOUNS = {
    "ar": ("هو", "هي", "ذلك"), "de": ("er", "sie", "es"), "el": ("αυτός", "αυτή", "αυτό"), "en": ("it", "they", "he"),
    "es": ("él", "ella", "eso"), "hi": ("वह", "वे", "यह"), "ro": ("el", "ea", "acesta"), "ru": ("он", "она", "они"),
    "th": ("เขา", "มัน", "สิ่งนี้"), "tr": ("o", "onlar", "bu"), "vi": ("nó", "họ", "ông ấy"), "zh": ("它", "他", "他们"),
}  # fmt: skip


class Turn(msgspec.Struct, frozen=True):
    """A question as it stands alone, and as a follow-up to the turn before; None where it shares nothing with it."""

    question: XquadQuestion
    follow_up: str | None


class Unit(msgspec.Struct, frozen=True):
    """A word, or a character of a script that writes without spaces."""

    text: str
    start: int
    end: int
    glued: bool


def dialogues(questions: Iterable[XquadQuestion]) -> Iterator[tuple[Turn, ...]]:
    """By language, article and paragraph; those with a single question are left out."""
    for lang, of_lang in groupby(questions, key=lambda question: question.lang):
        asked = list(of_lang)
        common = _common(asked)
        for _, of_paragraph in groupby(asked, key=lambda question: question.key[:2]):
            turns = list(of_paragraph)
            if len(turns) > 1:
                follow_ups = [_follow_up(turn, before, common, lang) for before, turn in pairwise(turns)]
                yield tuple(map(Turn, turns, [None, *follow_ups]))


def _common(questions: Sequence[XquadQuestion]) -> frozenset[str]:
    """Words, and pairs of glued characters, that are about no article."""
    articles: dict[str, set[int]] = defaultdict(set)
    for question in questions:
        units = _units(question.text)
        for text in {unit.text for unit in units} | set(_pairs(units).values()):
            articles[text].add(question.article)
    least = COMMON_SHARE * len({question.article for question in questions})
    return frozenset(text for text, found in articles.items() if len(found) >= least)


def _follow_up(question: XquadQuestion, before: XquadQuestion, common: frozenset[str], lang: str) -> str | None:
    units, earlier = _units(question.text), _units(before.text)
    runs = list(_runs(units, _shared(units, earlier, common), earlier))
    kept = [unit for place, unit in enumerate(units) if not any(place in run for run in runs)]
    if not runs or not kept:
        return None
    pronouns = _PRONOUNS.get(lang, ("",))
    place = sum(question.key)
    put = pronouns[place // 2 % len(pronouns)] if place % 2 else ""
    text, at = "", 0
    for n, run in enumerate(runs):
        text += question.text[at : units[run.start].start] + ("" if n else put)
        at = units[run.stop - 1].end
    return regex.sub(r"\s+([?？؟])", r"\1", regex.sub(r"\s+", " ", text + question.text[at:])).strip()


def _shared(units: Sequence[Unit], earlier: Sequence[Unit], common: frozenset[str]) -> set[int]:
    """Places of the units that the earlier question has too, in any form, and that are not common."""
    earlier_pairs = set(_pairs(earlier).values())
    shared = {
        place
        for place, unit in enumerate(units)
        if not unit.glued and unit.text not in common and any(_alike(unit.text, other.text) for other in earlier)
    }
    for place, pair in _pairs(units).items():
        if pair in earlier_pairs and pair not in common:
            shared |= {place, place + 1}
    return shared


def _runs(units: Sequence[Unit], shared: set[int], earlier: Sequence[Unit]) -> Iterator[range]:
    """Neighbouring shared units with the small words between them, and the short word before them in both."""
    texts = [unit.text for unit in earlier]
    neighbours = set(pairwise(texts))
    places = sorted(shared)
    while places:
        start = end = places.pop(0)
        while (
            places and places[0] - end <= LONGEST_GAP + 1 and all(units[i].text in texts for i in range(end, places[0]))
        ):
            end = places.pop(0)
        before = units[start - 1].text if start else ""
        if (
            before
            and len(before) <= SHORT_WORD
            and (before, units[start].text) in neighbours
            and not units[start].glued
        ):
            start -= 1
        yield range(start, end + 1)


def _pairs(units: Sequence[Unit]) -> Mapping[int, str]:
    """Two glued characters side by side, by the place of the first."""
    return {
        place: first.text + second.text
        for place, (first, second) in enumerate(pairwise(units))
        if first.glued and second.glued and first.end == second.start
    }


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    least = ALIKE * max(len(one), len(other))
    return least >= SHORT_WORD and max(_prefix(one, other), _prefix(one[::-1], other[::-1])) >= least


def _prefix(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _units(text: str) -> list[Unit]:
    return [Unit(match[0].casefold(), *match.span(), bool(_IS_GLUED.match(match[0]))) for match in _UNIT.finditer(text)]
