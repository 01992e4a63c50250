"""Which words of the articles a sentence rests on, and whether they hold it. No LLM.

In: a sentence without markers, the sources that it cites, the units that answer. Out: the units that support it with
what was verified, or the unit that it lies nearest to with what is wrong. A sentence whose source does not hold it is
tried against all others before it is given up. Nothing may rest on a unit that extraction would not have
thought of: what is said in an article about something else, or to a machine that reads it, is no answer.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from index.languages import base
from index.lexical import terms
from index.records import Hit, Span
from rag.addressing import speaks_to_machine
from rag.candidates import Candidate
from rag.claim_meaning import Meaning, align
from rag.claim_tokens import tokens
from rag.claims import Cited, Claim, OfferedSource
from rag.offering import Offer
from rag.records import Verification
from rag.speech import COLONS, FRAME_WORDS, framed_speech, speech
from rag.verify import is_supported, verify

MARGIN = 4.0
"""How far below the best, in log-odds, a unit may lie that prose rests on."""
TRIED = 4
"""Units that a sentence is held against, of its own sources and then of the others."""
SCRAP_WORDS, SCRAP_SHARE = 3, 0.5
"""A sentence of so few words has to be this much of the unit that it stands in: a word alone proves nothing."""
LEAST_OWN = 0.5
"""Share of a sentence that has to stand in its units, where these are in its language: a title alone is no proof."""
SPOKEN_SHARE = 0.8
"""Of a sentence that is nothing but what somebody says."""


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a sentence rests on."""

    units: tuple[Candidate, ...]
    """At least one."""
    verification: Verification

    @property
    def hold(self) -> bool:
        return is_supported(self.verification)


class Grounding:
    """For the sentences of one answer."""

    def __init__(
        self, offered: Offer, ranked: Sequence[Candidate], lang: str, *, sure: float, meaning: Meaning | None
    ) -> None:
        """``ranked``: the units of the hits, best first; ``lang``: of the answer; ``sure``: that they answer."""
        self._lang = lang
        self._sure = round(sure, 4)
        self._meaning = meaning
        self._number = {hit.chunk_id: work.n for work in offered.works for hit in work.passages}
        self._sources = tuple(_offered_source(hit) for hit in offered.hits)
        least = ranked[0].score - MARGIN if ranked else 0.0
        self._units = [
            one
            for one in ranked
            if one.hit.chunk_id in self._number and one.score >= least and not speaks_to_machine(one.text)
        ]

    def number(self, unit: Candidate) -> int:
        """Of the source that it stands in."""
        return self._number[unit.hit.chunk_id]

    def of(self, sentence: str, cited: Sequence[int]) -> Grounds | None:
        """The best grounds, those that hold first; None where nothing in the offered sources is like it."""
        nearest = self._nearest(sentence)
        own = [unit for unit in nearest if self.number(unit) in cited]
        others = [unit for unit in nearest if self.number(unit) not in cited]
        best: Grounds | None = None
        for units in (*self._tries(own, cited), *((unit,) for unit in others[:TRIED])):
            found = self._verified(sentence, units)
            if found.hold:
                return found
            best = best or (found if units[0] in own else None)
        return best

    def _tries(self, own: Sequence[Candidate], cited: Sequence[int]) -> Iterator[tuple[Candidate, ...]]:
        """Each of the nearest alone, then the nearest of every cited source, or the two nearest of the one."""
        yield from ((unit,) for unit in own[:TRIED])
        by_source = [next((unit for unit in own if self.number(unit) == n), None) for n in cited]
        together = tuple(unit for unit in by_source if unit is not None)
        if len(together) > 1:
            yield together
        elif len(own) > 1:
            yield tuple(own[:2])

    def _verified(self, sentence: str, units: tuple[Candidate, ...]) -> Grounds:
        cited = tuple(Cited(source_id=unit.hit.chunk_id, quote=unit.text) for unit in units)
        claim = Claim(sentence=sentence, lang=self._lang, cited=cited)
        verification = verify(claim, self._sources, support=self._sure)
        # A model takes as long as ten of these; no model makes a wrong figure right.
        if self._meaning and verification.numbers != "mismatch":
            verification = verify(claim, self._sources, support=self._sure, meaning=self._meaning)
        is_torn = any(torn(sentence, units, self._lang) for torn in (_is_scrap, _is_speech, _is_of_title))
        if is_supported(verification) and (is_torn or self._is_translated_speech(sentence, units)):
            verification = msgspec.structs.replace(verification, verdict="drop")
        return Grounds(units=units, verification=verification)

    def _is_translated_speech(self, sentence: str, units: Sequence[Candidate]) -> bool:
        """Whether it says in another language, as if the article said so, what stands there between quotation marks or
        behind a colon."""
        own = self._own_speech(sentence)
        if self._meaning is None or any(one.end - one.start >= SPOKEN_SHARE * len(sentence) for one in own):
            return False
        foreign = [unit for unit in units if base(unit.hit.lang) != base(self._lang)]
        return any(self._lies_in_speech(sentence, unit, own) for unit in foreign)

    def _own_speech(self, sentence: str) -> list[Span]:
        """What it has somebody say between quotation marks of its own, with words around them."""
        return [one for one in framed_speech(sentence, self._lang) if sentence[one.start] not in COLONS]

    def _lies_in_speech(self, sentence: str, unit: Candidate, own: Sequence[Span]) -> bool:
        """``own``: places of the sentence that are not in question."""
        spoken = list(framed_speech(unit.text, unit.hit.lang))
        if not spoken or self._meaning is None:
            return False
        found = align(self._meaning, (sentence, self._lang), (unit.text, unit.hit.lang))
        return found is not None and any(found.within(one.start, one.end, spared=own) >= SPOKEN_SHARE for one in spoken)

    def _nearest(self, sentence: str) -> list[Candidate]:
        """By the terms that they share; where these do not tell, as across scripts, by how well they answer."""
        own = frozenset(terms(sentence, self._lang))

        def shared(unit: Candidate) -> float:
            common = own & frozenset(terms(unit.text, unit.hit.lang))
            return round(len(common) / max(len(own), 1), 1)

        return sorted(self._units, key=lambda unit: (-shared(unit), -unit.score))


def _is_scrap(sentence: str, units: Sequence[Candidate], lang: str) -> bool:
    words = len(list(islice(tokens(sentence, lang), SCRAP_WORDS + 1)))
    return words <= SCRAP_WORDS and all(len(sentence) < SCRAP_SHARE * len(unit.text) for unit in units)


def _is_speech(sentence: str, units: Sequence[Candidate], lang: str) -> bool:
    """Whether it repeats, as if the article said so, what stands there between quotation marks or behind a colon."""
    own = {token.key for token in tokens(sentence, lang)}
    return bool(own) and any(_is_spoken(own, unit, lang) for unit in units)


def _is_of_title(sentence: str, units: Sequence[Candidate], lang: str) -> bool:
    """Whether hardly anything of it stands in the units, so that it was made of titles and headings."""
    own = {token.key for token in tokens(sentence, lang)}
    held = {key for unit in units for token in tokens(unit.text, unit.hit.lang) for key in token.keys}
    is_foreign = any(base(unit.hit.lang) != base(lang) for unit in units)
    return not is_foreign and len(own & held) < LEAST_OWN * len(own)


def _is_spoken(own: set[str], unit: Candidate, lang: str) -> bool:
    """``lang``: of the sentence, in which speech may stand in an article in another language."""
    every = {token.key for token in tokens(unit.text, lang)}
    for one in speech(unit.text):
        spoken = {token.key for token in tokens(unit.text[one.start : one.end], lang)}
        if len(own & spoken) >= SPOKEN_SHARE * len(own) and len(every - spoken - own) >= FRAME_WORDS:
            return True
    return False


def _offered_source(hit: Hit) -> OfferedSource:
    title, *headings = ("" if speaks_to_machine(text) else text for text in (hit.title, *hit.headings))
    return OfferedSource(
        source_id=hit.chunk_id, text=hit.text, lang=hit.lang, title=title, headings=tuple(filter(None, headings))
    )
