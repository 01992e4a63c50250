"""The answer of a turn, from what was found: quotes in the reader's words, or that the articles do not say.

In: a turn, its hits. Out: the answer with what it came from. Extraction ranks what can be quoted; evidence decides
whether that answers; framing puts the reader's words around the quotes; verification holds each against its source.
Pure; refuses nothing.
"""

from collections.abc import Mapping, Sequence

import msgspec

from index.records import Hit
from rag.candidates import Candidate, candidates
from rag.citing import citations, numbered_sources
from rag.conversion import Quote, conversions
from rag.disagreement import contradiction, dated, newest_first
from rag.evidence import calibration, support
from rag.extract import choose
from rag.followups import Answered, at_once
from rag.framing import FramedQuote, SmallTalk, frame_quotes, not_found_text, small_talk_text
from rag.question import expects
from rag.records import Answer, Question, Source, Status, TextRange
from rag.short_answer import short_answer
from rag.standalone import Standalone

NEAREST = 3


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a turn before anything is searched."""

    message_id: str
    conversation_id: str
    question: Question
    lang: str
    """Of the answer."""
    standalone: Standalone
    searching_ms: int = 0
    """Spent on finding out what a follow-up is about."""
    started: float = 0.0


class Composed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer without its timings, and where the articles answered what it came from."""

    answer: Answer
    answered: Answered | None = None
    ranked: tuple[Candidate, ...] = ()
    """All units of the hits, best first, of an answered question."""
    is_disputed: bool = False
    """Whether the quotes contradict each other."""


def compose(turn: Turn, hits: tuple[Hit, ...]) -> Composed:
    """``hits``: of the standalone question, best first."""
    text, lang = turn.standalone.text, turn.standalone.lang
    ranked = candidates(hits, text, lang)
    sure = support(ranked)
    if sure < calibration().threshold:
        return Composed(answer=not_found(turn, hits, sure))
    chosen = choose(ranked, turn.lang)
    expected = expects(text, lang)
    rival = contradiction(ranked, chosen[0], expected, turn.lang)
    if rival is not None:
        chosen = newest_first(chosen[0], rival)
    answered = Answered(question=text, lang=lang, hits=hits, quoted=chosen, reader=turn.lang)
    answer = quoted(turn, chosen, sure, disagree=rival is not None)
    return Composed(
        answer=msgspec.structs.replace(answer, followups=at_once(answered)),
        answered=answered,
        ranked=tuple(ranked),
        is_disputed=rival is not None,
    )


def not_found(turn: Turn, hits: Sequence[Hit], sure: float) -> Answer:
    """That the articles do not say; ``sure`` is how sure it was that they do."""
    nearest = numbered_sources(hits)[:NEAREST]
    return _answer(turn, status="not_found", text=not_found_text(turn.lang), nearest=nearest, confidence=sure)


def reply(turn: Turn, kind: SmallTalk) -> Composed:
    """To a message that asks nothing of the articles."""
    return Composed(answer=_answer(turn, status="out_of_scope", text=small_talk_text(kind, turn.lang)))


def quoted(
    turn: Turn,
    chosen: Sequence[Candidate],
    sure: float,
    *,
    disagree: bool = False,
    numbers: Mapping[str, int] | None = None,
) -> Answer:
    """``numbers``: of the sources by work, where they are fixed already; else in the order of the quotes."""
    expected = expects(turn.standalone.text, turn.standalone.lang)
    sources = numbered_sources([candidate.hit for candidate in chosen])
    works = dict.fromkeys(candidate.hit.work_id for candidate in chosen)
    number = numbers or {work_id: n for n, work_id in enumerate(works, start=1)}
    marked = [short_answer(candidate, expected) for candidate in chosen]
    quotes = [
        FramedQuote(
            n=number[candidate.hit.work_id],
            title=candidate.hit.title,
            quote=candidate.text,
            source_lang=candidate.hit.lang,
            published=(dated(candidate) or None) if disagree else candidate.hit.published,
            conversions=_conversions(turn, candidate, highlight),
        )
        for candidate, highlight in zip(chosen, marked, strict=True)
    ]
    framed = frame_quotes(quotes, turn.lang, disagree=disagree)
    return msgspec.structs.replace(
        _answer(turn, status="answered", text=framed.text, confidence=sure),
        citations=citations(chosen, marked, framed, number, sure),
        sources=sources,
        as_of=max((candidate.hit.published for candidate in chosen if candidate.hit.published), default=None),
    )


def _conversions(turn: Turn, candidate: Candidate, marked: TextRange | None) -> tuple[str, ...]:
    quote = Quote(text=candidate.text, lang=candidate.hit.lang, marked=marked)
    return conversions(turn.standalone.text, turn.standalone.lang, quote, turn.lang)


def _answer(
    turn: Turn,
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
        standalone_question=turn.standalone.text,
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
