"""The answer of a turn, from what was found: quotes in the reader's words, or that the articles do not say.

In: a turn, and for each part of its question what was found. Out: the answer with what it came from. Extraction ranks
what can be quoted; evidence, and what reads question and sentence together, decide whether that answers; framing puts
the reader's words around the quotes; verification holds each against its source. A part that the articles do not answer
is said to be none. Pure, but for the aids and a search that are passed in; refuses nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

import msgspec

from index.records import Hit, ReadPairs
from rag.candidates import Candidate, candidates
from rag.citing import citations, numbered_sources
from rag.conversion import Quote, conversions
from rag.disagreement import contradiction, dated, newest_first
from rag.evidence import support
from rag.extract import choose
from rag.followups import Answered, Find, at_once
from rag.framing import FramedQuote, SmallTalk, frame_quotes, not_found_text, small_talk_text
from rag.question import Expectation, expects
from rag.reader import read, unread
from rag.records import Answer, Question, Source, Status, TextRange
from rag.short_answer import short_answer
from rag.spelling import Surprises, respelt
from rag.standalone import Standalone

NEAREST = 3
QUOTES_OF_A_PART = 2


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a turn before anything is searched."""

    message_id: str
    conversation_id: str
    question: Question
    lang: str
    """Of the answer."""
    standalone: Standalone
    """The question, or its first part."""
    further: tuple[str, ...] = ()
    """Its other parts, as they were asked."""
    searching_ms: int = 0
    """Spent on finding out what a follow-up is about."""
    started: float = 0.0

    @property
    def asked(self) -> str:
        """All parts, as far as they are understood before anything is searched."""
        return " ".join((self.standalone.text, *self.further))


class Picked(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a question, and what of the articles answers it."""

    asked: Standalone
    hits: tuple[Hit, ...]
    """Best first."""
    sure: float
    """0 to 1: how sure it is that the articles answer."""
    expected: Expectation
    ranked: tuple[Candidate, ...] = ()
    """All units of the hits, best first, where some answer."""
    chosen: tuple[Candidate, ...] = ()
    """In the order to be read; empty where the articles do not say."""
    disagree: bool = False
    """Whether they contradict each other; then the newest is first."""


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer without its timings, and where the articles answered what it came from."""

    answer: Answer
    answered: Answered | None = None
    """The last part that is."""
    parts: tuple[Picked, ...] = ()
    """Those that are answered."""
    unsaid: tuple[Standalone, ...] = ()
    """Those that are not, where others are."""

    @property
    def asked(self) -> str:
        """All that is answered."""
        return " ".join(part.asked.text for part in self.parts)

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The best of each part, then the next, each once."""
        in_turn = zip_longest(*(part.hits for part in self.parts))
        by_chunk = {hit.chunk_id: hit for some in in_turn for hit in some if hit is not None}
        return tuple(by_chunk.values())

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """All units of the hits, each once, best first; the best of each part has the score 0."""
        found: dict[tuple[str, int, int], Candidate] = {}
        for part in self.parts:
            for one in part.ranked:
                scored = msgspec.structs.replace(one, score=one.score - part.ranked[0].score)
                known = found.setdefault(_place(one), scored)
                found[_place(one)] = max(known, scored, key=lambda each: each.score)
        return tuple(sorted(found.values(), key=lambda one: -one.score))

    @property
    def quoted(self) -> tuple[Candidate, ...]:
        return tuple(shown.candidate for shown in _shown(self.parts))

    @property
    def disputed(self) -> tuple[Candidate, ...]:
        """Quotes that contradict each other, the newest first."""
        return next((part.chosen for part in self.parts if part.disagree), ())

    def part_of(self, unit: Candidate) -> Picked:
        """The part that a unit answers, as far as the quotes, then the hits, tell."""
        for units in ("chosen", "ranked"):
            for part in self.parts:
                if _place(unit) in map(_place, getattr(part, units)):
                    return part
        return self.parts[0]


class Aids(NamedTuple):
    """What the model that searches knows beside what search tells."""

    surprises: Surprises | None = None
    """With it, what finds no answer is asked again with its slips of the keyboard put right."""
    read_pairs: ReadPairs = unread
    """With it, what may be quoted is read together with the question."""


NO_AIDS = Aids()


def pick(asked: Standalone, hits: tuple[Hit, ...], lang: str, aids: Aids = NO_AIDS) -> Picked:
    """What to quote of the hits of a question, best first, to a reader of ``lang``."""
    found = candidates(hits, asked.text, asked.lang)
    seen = read(found, support(found, asked.text, asked.lang), asked.text, aids.read_pairs)
    expected, ranked = expects(asked.text, asked.lang), seen.ranked
    picked = Picked(asked=asked, hits=hits, sure=seen.sure, expected=expected)
    if not seen.is_enough:
        return picked
    chosen = choose(ranked, lang)
    rival = contradiction(ranked, chosen[0], expected, lang)
    if rival is not None:
        chosen = newest_first(chosen[0], rival)
    return msgspec.structs.replace(picked, ranked=tuple(ranked), chosen=chosen, disagree=rival is not None)


def pick_respelt(picked: Picked, lang: str, find: Find, aids: Aids) -> Picked:
    """The same question with slips of the keyboard put right, where that is answered; else ``picked``, which is not."""
    asked = picked.asked
    if aids.surprises is None:
        return picked
    text = respelt(asked.text, asked.lang, picked.hits, aids.surprises)
    if text is None:
        return picked
    hits = find(text, asked.lang)
    if asked.hits is not None:  # about the subject that was carried over
        about = {hit.article_id for hit in picked.hits}
        hits = tuple(hit for hit in hits if hit.article_id in about)
    again = pick(Standalone(text=text, lang=asked.lang), hits, lang, aids)
    return again if again.chosen else picked


def compose(turn: Turn, picked: Sequence[Picked], aids: Aids = NO_AIDS) -> Composed:
    """``picked``: of each part of the question in order, at least one."""
    asked = " ".join(one.asked.text for one in picked)
    said = [one for one in picked if one.chosen]
    if not said:
        return Composed(answer=_not_found(turn, asked, picked[0].hits, max(one.sure for one in picked)))
    last = said[-1]
    answered = Answered(
        question=last.asked.text,
        lang=last.asked.lang,
        hits=last.hits,
        quoted=last.chosen,
        reader=turn.lang,
        read_pairs=aids.read_pairs,
    )
    unsaid = tuple(one.asked for one in picked if not one.chosen)
    answer = _quoted(turn, asked, said, unsaid)
    return Composed(
        answer=msgspec.structs.replace(answer, followups=at_once(answered)),
        answered=answered,
        parts=tuple(said),
        unsaid=unsaid,
    )


def not_found(turn: Turn, hits: Sequence[Hit], sure: float) -> Answer:
    """That the articles do not say; ``sure`` is how sure it was that they do."""
    return _not_found(turn, turn.asked, hits, sure)


def quoted(
    turn: Turn, composed: Composed, chosen: Sequence[Candidate], numbers: Mapping[str, int], *, disagree: bool = False
) -> Answer:
    """With these quotes; ``numbers``: by work; ``disagree``: they contradict each other, the newest first."""
    parts = [
        msgspec.structs.replace(
            composed.part_of(unit), chosen=(unit,), disagree=disagree, sure=composed.answer.confidence
        )
        for unit in chosen
    ]
    return _quoted(turn, composed.asked, parts, [], numbers)


def ending(turn: Turn, composed: Composed) -> str:
    """That parts of the question are not answered; empty where all are."""
    return frame_quotes([], turn.lang, unanswered=[(one.text, one.lang) for one in composed.unsaid]).text


def reply(turn: Turn, kind: SmallTalk) -> Composed:
    """To a message that asks nothing of the articles."""
    text = small_talk_text(kind, turn.lang)
    return Composed(answer=_answer(turn, turn.asked, status="out_of_scope", text=text))


class _Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One quote with the part of the question that it answers."""

    candidate: Candidate
    part: Picked
    marked: TextRange | None


def _not_found(turn: Turn, asked: str, hits: Sequence[Hit], sure: float) -> Answer:
    nearest = numbered_sources(hits)[:NEAREST]
    return _answer(turn, asked, status="not_found", text=not_found_text(turn.lang), nearest=nearest, confidence=sure)


def _quoted(
    turn: Turn,
    asked: str,
    said: Sequence[Picked],
    unsaid: Sequence[Standalone],
    numbers: Mapping[str, int] | None = None,
) -> Answer:
    """``numbers``: of the sources by work, where they are fixed already; else in the order of the quotes."""
    shown = list(_shown(said))
    chosen = [one.candidate for one in shown]
    sources = numbered_sources([candidate.hit for candidate in chosen])
    works = dict.fromkeys(candidate.hit.work_id for candidate in chosen)
    number = numbers or {work_id: n for n, work_id in enumerate(works, start=1)}
    framed = frame_quotes(
        [_framed_quote(turn, one, number) for one in shown],
        turn.lang,
        disagree=any(one.disagree for one in said),
        unanswered=[(one.text, one.lang) for one in unsaid],
    )
    sure = [one.part.sure for one in shown]
    return msgspec.structs.replace(
        _answer(turn, asked, status="partial" if unsaid else "answered", text=framed.text, confidence=min(sure)),
        citations=citations(chosen, [one.marked for one in shown], framed, number, sure),
        sources=sources,
        as_of=max((candidate.hit.published for candidate in chosen if candidate.hit.published), default=None),
    )


def _shown(said: Sequence[Picked]) -> Iterator[_Shown]:
    """Fewer of each part where there are several, and nothing twice."""
    before: set[tuple[str, int, int]] = set()
    for part in said:
        for candidate in part.chosen[: QUOTES_OF_A_PART if len(said) > 1 else None]:
            place = _place(candidate)
            if place not in before:
                yield _Shown(candidate=candidate, part=part, marked=short_answer(candidate, part.expected))
            before.add(place)


def _place(unit: Candidate) -> tuple[str, int, int]:
    return unit.hit.article_id, unit.span.start, unit.span.end


def _framed_quote(turn: Turn, shown: _Shown, number: Mapping[str, int]) -> FramedQuote:
    candidate, part = shown.candidate, shown.part
    quote = Quote(text=candidate.text, lang=candidate.hit.lang, marked=shown.marked)
    return FramedQuote(
        n=number[candidate.hit.work_id],
        title=candidate.hit.title,
        quote=candidate.text,
        source_lang=candidate.hit.lang,
        published=(dated(candidate) or None) if part.disagree else candidate.hit.published,
        conversions=conversions(part.asked.text, part.asked.lang, quote, turn.lang),
    )


def _answer(
    turn: Turn,
    asked: str,
    *,
    status: Status,
    text: str,
    nearest: tuple[Source, ...] = (),
    confidence: float | None = None,
) -> Answer:
    return Answer(
        message_id=turn.message_id,
        conversation_id=turn.conversation_id,
        status=status,
        composer="extractive",
        question=turn.question.question,
        standalone_question=asked,
        lang=turn.lang,
        text=text,
        citations=(),
        sources=(),
        nearest=nearest,
        followups=(),
        as_of=None,
        timings_ms={},
        confidence=None if confidence is None else round(confidence, 4),
    )
