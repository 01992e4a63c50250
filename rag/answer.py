"""One turn, start to end: a question in, an answer with citations out. Read this file first.

The question is checked, its language found, and a follow-up made a question of its own; search brings hits; extraction
ranks what can be quoted; evidence decides whether that answers; framing puts the reader's words around the quotes;
verification holds each against its source. The turn is stored before it is said to be over. All of it is pure but
search and storage.
"""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import date
from typing import Protocol

import anyio.to_thread
import msgspec

from index.languages import detect_question
from index.records import Hit
from index.search import Query
from rag.candidates import Candidate, candidates
from rag.citing import citations, numbered_sources
from rag.conversion import Quote, conversions
from rag.disagreement import contradiction, dated, newest_first
from rag.errors import KildeError, NotFoundError
from rag.evidence import calibration, support
from rag.extract import choose
from rag.framing import FramedQuote, frame_quotes, not_found_text, small_talk_text
from rag.question import Expectation, expects
from rag.records import (
    Answer,
    CitationReady,
    Event,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    Source,
    SourcesFound,
    Status,
    StreamError,
    TextDelta,
    TextRange,
)
from rag.relative_dates import with_dates
from rag.scope import small_talk, small_talk_language
from rag.short_answer import short_answer
from rag.standalone import Standalone, standalone
from rag.validate import check_question

SEARCHED_HITS = 24
NEAREST = 3

Search = Callable[[Query], tuple[Hit, ...]]


class Turns(Protocol):
    """Where conversations are kept."""

    def turns(self, conversation_id: str) -> tuple[Answer, ...]:
        """Oldest first; empty for an unknown conversation."""
        ...

    def append(self, answer: Answer) -> None:
        """Once this returns, the turn is not lost."""
        ...


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a turn before anything is searched."""

    message_id: str
    conversation_id: str
    question: Question
    lang: str
    """Of the answer."""
    standalone: Standalone
    searching_ms: int
    """Spent on finding out what a follow-up is about."""
    started: float


class Answering:
    """Turns over one search and one store of conversations; any number at a time."""

    def __init__(
        self,
        search: Search,
        conversations: Turns,
        *,
        langs: Callable[[], Collection[str]] = tuple,
        today: Callable[[], date] = date.today,
    ) -> None:
        """``langs``: of the articles; a question that could be in one of several languages is taken to be in theirs.
        ``today``: what "last year" is counted from."""
        self._search = search
        self._conversations = conversations
        self._langs = langs
        self._today = today

    async def answer(self, question: Question) -> Answer:
        """The finished turn. Raises InputError, NotFoundError for an unknown conversation, and what search raises."""
        turn = await anyio.to_thread.run_sync(self._begin, question)
        return await anyio.to_thread.run_sync(self._finish, turn)

    async def events(self, question: Question) -> AsyncIterator[Event]:
        """The same turn step by step, ending with exactly one MessageEnd or StreamError."""
        try:
            turn = await anyio.to_thread.run_sync(self._begin, question)
            yield MessageStart(
                message_id=turn.message_id,
                conversation_id=turn.conversation_id,
                lang=turn.lang,
                standalone_question=turn.standalone.text,
            )
            yield PhaseStatus(phase="searching")
            answer = await anyio.to_thread.run_sync(self._finish, turn)
        except KildeError as exc:
            yield StreamError(code=exc.code, message=str(exc), retryable=exc.retryable)
            return
        yield SourcesFound(sources=answer.sources)
        yield PhaseStatus(phase="writing")
        for event in _text_events(answer):
            yield event
        yield MessageEnd(answer=answer)

    def _begin(self, question: Question) -> Turn:
        started = time.perf_counter()
        question = check_question(question)
        before: tuple[Answer, ...] = ()
        if question.conversation_id is not None:
            before = self._conversations.turns(question.conversation_id)
            if not before:
                raise NotFoundError(
                    f"There is no conversation {question.conversation_id!r}. Leave conversation_id out to begin one.",
                    "conversation_id",
                )
        likely = {turn.lang for turn in before} | ({question.answer_lang} if question.answer_lang else set())
        detected = detect_question(question.question, likely, indexed=self._langs())
        lang = question.answer_lang or small_talk_language(question.question, detected)
        began = time.perf_counter()
        asked = Standalone(text=with_dates(question.question, detected, self._today()), lang=detected)
        if before and small_talk(question.question, lang) is None:
            asked = standalone(asked.text, detected, before, lambda text, of: self._find(text, of, question))
        return Turn(
            message_id=uuid.uuid4().hex,
            conversation_id=question.conversation_id or uuid.uuid4().hex,
            question=question,
            lang=lang,
            standalone=asked,
            searching_ms=_ms(began, time.perf_counter()),
            started=started,
        )

    def _finish(self, turn: Turn) -> Answer:
        answer = self._compose(turn)
        self._conversations.append(answer)
        return answer

    def _compose(self, turn: Turn) -> Answer:
        kind = small_talk(turn.question.question, turn.lang)
        if kind is not None:
            return _answer(turn, status="out_of_scope", text=small_talk_text(kind, turn.lang), timings={})
        text = turn.standalone.text
        began = time.perf_counter()
        hits = turn.standalone.hits
        if hits is None:
            hits = self._find(text, turn.standalone.lang, turn.question)
        searched = time.perf_counter()
        ranked = candidates(hits, text, turn.standalone.lang)
        sure = support(ranked)
        timings = {"search": turn.searching_ms + _ms(began, searched), "compose": _ms(searched, time.perf_counter())}
        if sure < calibration().threshold:
            nearest = numbered_sources(hits)[:NEAREST]
            text = not_found_text(turn.lang)
            return _answer(turn, status="not_found", text=text, timings=timings, nearest=nearest, confidence=sure)
        chosen = choose(ranked, turn.lang)
        expected = expects(text, turn.standalone.lang)
        rival = contradiction(ranked, chosen[0], expected, turn.lang)
        if rival is not None:
            chosen = newest_first(chosen[0], rival)
        return _quoted(turn, chosen, sure, timings, expected, disagree=rival is not None)

    def _find(self, text: str, lang: str, question: Question) -> tuple[Hit, ...]:
        query = Query(text=text, lang=lang, top_k=SEARCHED_HITS, filters=question.filters, group_works=False)
        return self._search(query)


def _quoted(
    turn: Turn,
    chosen: Sequence[Candidate],
    sure: float,
    timings: dict[str, int],
    expected: Expectation,
    *,
    disagree: bool,
) -> Answer:
    sources = numbered_sources([candidate.hit for candidate in chosen])
    works = dict.fromkeys(candidate.hit.work_id for candidate in chosen)
    number = {work_id: n for n, work_id in enumerate(works, start=1)}
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
        _answer(turn, status="answered", text=framed.text, timings=timings, confidence=sure),
        citations=citations(chosen, marked, framed, number, sure),
        sources=sources,
        as_of=max((candidate.hit.published for candidate in chosen if candidate.hit.published), default=None),
    )


def _conversions(turn: Turn, candidate: Candidate, marked: TextRange | None) -> tuple[str, ...]:
    quote = Quote(text=candidate.text, lang=candidate.hit.lang, marked=marked)
    return conversions(turn.standalone.text, turn.standalone.lang, quote, turn.lang)


def _text_events(answer: Answer) -> list[Event]:
    """The text up to and with each citation's marker, then the citation; deltas join to the whole text."""
    events: list[Event] = []
    shown = 0
    for citation in answer.citations:
        marker = f"[{citation.n}]"
        end = answer.text.index(marker, citation.answer.end) + len(marker)
        events += [TextDelta(text=answer.text[shown:end]), CitationReady(citation=citation)]
        shown = end
    if shown < len(answer.text):
        events.append(TextDelta(text=answer.text[shown:]))
    return events


def _answer(
    turn: Turn,
    *,
    status: Status,
    text: str,
    timings: dict[str, int],
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
        timings_ms=timings | {"total": _ms(turn.started, time.perf_counter())},
        confidence=None if confidence is None else round(confidence, 4),
    )


def _ms(began: float, ended: float) -> int:
    return round(1000 * (ended - began))
