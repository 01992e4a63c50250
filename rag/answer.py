"""One turn, start to end: a question in, an answer with citations out. Read this file first.

The question is checked, its language found, and a follow-up made a question of its own; search brings hits; extraction
ranks what can be quoted; evidence decides whether that answers; framing puts the reader's words around the quotes, or
an LLM writes the answer (``writing.py``); verification holds each sentence against its source. The turn is stored
before it is said to be over. All of it is pure but search, storage and the LLM.
"""

import os
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing, suppress
from datetime import date
from functools import cache, partial
from typing import Protocol, TypeVar, TypeVarTuple

import anyio.to_thread
import msgspec

from index.languages import detect_question
from index.records import Hit
from index.search import Query
from rag.answer_cache import AnswerCache, Kept, Manner, passed_on, retold
from rag.composing import NO_AIDS, Aids, Composed, Picked, Turn, compose, pick, pick_respelt, reply
from rag.condense import language
from rag.errors import KildeError, no_conversation
from rag.followups import searched
from rag.metrics import count_notices, count_turn
from rag.parts import parts
from rag.records import (
    Answer,
    Event,
    Followups,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    SourcesFound,
    StreamError,
)
from rag.relative_dates import with_dates
from rag.scope import opens_with_thanks, small_talk, small_talk_language
from rag.standalone import Standalone, standalone
from rag.telling import text_events
from rag.tracing import tracer
from rag.validate import check_question
from rag.writing import Writer, Writing

SEARCHED_HITS = 24
AT_WORK = os.cpu_count() or 1
"""Turns searched and composed at once; more only take the cores from one another, and all end later."""
AT_AFTERWORK = max(1, AT_WORK // 2)
"""Turns beside them for which follow-ups are searched: whoever has a text does not queue behind new turns."""
RETOLD_TURNS = 6
"""Of those that were asked elsewhere; each is searched for anew."""

Search = Callable[[Query], tuple[Hit, ...]]
Made = TypeVar("Made")
Given = TypeVarTuple("Given")


class Turns(Protocol):
    """Where conversations are kept."""

    def turns(self, conversation_id: str) -> tuple[Answer, ...]:
        """Oldest first; empty for an unknown conversation."""
        ...

    def append(self, answer: Answer) -> None:
        """Once this returns, the turn is not lost."""
        ...

    def replace(self, answer: Answer) -> None:
        """The turn of that message by what it has become; nothing where it is gone."""
        ...


class _Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of which it is not yet known what it asks for by itself."""

    question: Question
    lang: str
    """Of the answer."""
    asked: Standalone
    """Its first part as it was asked, with its dates."""
    further: tuple[str, ...]
    """Its other parts."""
    before: tuple[Answer, ...]
    """The turns that it may lean on; none for small talk and for what was offered."""
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
        writer: Writer | None = None,
        cache: AnswerCache | None = None,
        aids: Aids = NO_AIDS,
    ) -> None:
        """``langs``: of the articles; a question that could be in one of several languages is taken to be in theirs.
        ``today``: what "last year" is counted from. Without ``writer``, answers are made of quotes alone. With
        ``cache``, a question that was asked before is answered with what was made then. ``aids``: of the model
        that searches, for what is to be quoted."""
        self._search = search
        self._conversations = conversations
        self._langs = langs
        self._today = today
        self._writer = writer
        self._cache = cache
        self._aids = aids
        self._at_work = anyio.CapacityLimiter(AT_WORK)
        self._after_work = anyio.CapacityLimiter(AT_AFTERWORK)

    async def answer(self, question: Question) -> Answer:
        """The finished turn. Raises InputError, NotFoundError for an unknown conversation, and what search raises."""
        turn = await self._begin(question)
        async with aclosing(self._told("whole", turn, self._whole(turn))) as steps:
            async for event in steps:
                if isinstance(event, MessageEnd):
                    return event.answer
        raise EOFError("a turn ended without its answer")

    async def rehearse(self, question: Question) -> Answer:
        """The same without asking an LLM."""
        turn = await self._begin(question)
        composed = await anyio.to_thread.run_sync(self._composed, turn)
        await anyio.to_thread.run_sync(self._conversations.append, composed.answer)
        return composed.answer

    async def events(self, question: Question) -> AsyncIterator[Event]:
        """The same turn step by step, ending with exactly one MessageEnd or StreamError."""
        try:
            turn = await self._begin(question)
            yield MessageStart(
                message_id=turn.message_id,
                conversation_id=turn.conversation_id,
                lang=turn.lang,
                standalone_question=turn.asked,
            )
            yield PhaseStatus(phase="searching")
            async with aclosing(self._told("streamed", turn, self._streamed(turn))) as steps:
                async for event in steps:
                    yield event
        except KildeError as exc:
            yield StreamError(code=exc.code, message=str(exc), retryable=exc.retryable)

    async def _told(
        self, manner: Manner, turn: Turn, steps: AsyncGenerator[Event, None]
    ) -> AsyncGenerator[Event, None]:
        """What ``steps`` would make, or what was made before for a question like it."""
        cache = self._cache
        key = await anyio.to_thread.run_sync(cache.key, turn, manner) if cache else None
        if cache is None or key is None:
            async with aclosing(steps):
                async for event in steps:
                    yield event
            return
        async with cache.flight(key) as flight, aclosing(steps):
            events = (
                passed_on(cache, key, flight, steps) if flight.kept is None else self._told_again(flight.kept, turn)
            )
            async with aclosing(events):
                async for event in events:
                    yield event

    async def _told_again(self, kept: Kept, turn: Turn) -> AsyncGenerator[Event, None]:
        answer, events = retold(kept, turn)
        await anyio.to_thread.run_sync(self._store, answer)
        for event in events:
            yield event

    async def _whole(self, turn: Turn) -> AsyncGenerator[Event, None]:
        """Its last event alone."""
        writing, composed = await self._worked(self._composing, turn)
        if writing is None:
            yield MessageEnd(answer=composed.answer)
            return
        async with aclosing(self._written(writing)) as steps:
            async for _ in steps:
                pass
        yield MessageEnd(answer=writing.close())

    async def _streamed(self, turn: Turn) -> AsyncGenerator[Event, None]:
        """From what was found on."""
        writing, composed = await self._worked(self._composing, turn)
        if writing is None:
            yield SourcesFound(sources=composed.answer.sources)
            yield PhaseStatus(phase="writing")
            for event in text_events(composed.answer):
                yield event
        else:
            async with aclosing(self._written(writing)) as steps:
                async for event in steps:
                    yield event
            composed = writing.composed()
        answer = await anyio.to_thread.run_sync(self._with_more_followups, turn, composed, limiter=self._after_work)
        if answer.followups:
            yield Followups(followups=answer.followups)
        yield MessageEnd(answer=answer)

    async def _begin(self, question: Question) -> Turn:
        opened = await anyio.to_thread.run_sync(self._open, question)
        text = None
        if opened.before and self._writer:
            text = await self._writer.rewritten(opened.asked.text, opened.asked.lang, opened.before)
        if text is None and opened.before:
            return await self._worked(self._understood, opened, text)
        return await anyio.to_thread.run_sync(self._understood, opened, text)

    async def _worked(self, work: Callable[[*Given], Made], *given: *Given) -> Made:
        return await anyio.to_thread.run_sync(work, *given, limiter=self._at_work)

    async def _written(self, writing: Writing) -> AsyncGenerator[Event, None]:
        """Stored as far as it came, also where the reader leaves: the conversation goes on from what was seen."""
        span = tracer.start_span("write")
        try:
            async with aclosing(writing.events()) as steps:
                async for event in steps:
                    count_notices(event)
                    yield event
        finally:
            span.end()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._store, writing.close())

    def _open(self, question: Question) -> _Opened:
        started = time.perf_counter()
        question = check_question(question)
        return self._opened(question, self._before(question), started)

    def _before(self, question: Question) -> tuple[Answer, ...]:
        if question.conversation_id is None:
            return self._retold(question)
        before = self._conversations.turns(question.conversation_id)
        if not before:
            raise no_conversation(question.conversation_id)
        return before

    def _retold(self, question: Question) -> tuple[Answer, ...]:
        """Turns as they would be in a conversation of ours; they are not stored, since they were told elsewhere."""
        before: tuple[Answer, ...] = ()
        for text in question.earlier[-RETOLD_TURNS:]:
            asked = msgspec.structs.replace(question, question=text, earlier=())
            turn = self._understood(self._opened(asked, before, time.perf_counter()), None)
            before += (self._composed(turn).answer,)
        return before

    def _opened(self, question: Question, before: tuple[Answer, ...], started: float) -> _Opened:
        likely = {turn.lang for turn in before} | ({question.answer_lang} if question.answer_lang else set())
        offered = _offered_in(question.question, before)
        detected = offered or language(
            question.question, detect_question(question.question, likely, indexed=self._langs()), before
        )
        lang = question.answer_lang or small_talk_language(question.question, detected)
        is_alone = bool(offered) or small_talk(question.question, lang) is not None
        first, *further = parts(with_dates(question.question, detected, self._today()), detected)
        return _Opened(
            question=question,
            lang=lang,
            asked=Standalone(text=first, lang=detected),
            further=tuple(further),
            before=() if is_alone else before,
            started=started,
        )

    def _understood(self, opened: _Opened, text: str | None) -> Turn:
        """``text``: the question as an LLM asks it alone; None where that is to be found out here."""
        began = time.perf_counter()
        asked = opened.asked
        if text is not None:
            asked = Standalone(text=text, lang=asked.lang)
        elif opened.before:
            find = cache(lambda text, of: self._find(text, of, opened.question))
            asked = standalone(asked.text, asked.lang, opened.before, find)
        return Turn(
            message_id=uuid.uuid4().hex,
            conversation_id=opened.question.conversation_id or uuid.uuid4().hex,
            question=opened.question,
            lang=opened.lang,
            standalone=asked,
            further=opened.further,
            searching_ms=_ms(began, time.perf_counter()),
            started=opened.started,
        )

    def _composing(self, turn: Turn) -> tuple[Writing | None, Composed]:
        """The answer made of quotes, stored; or with it an LLM's that is still to be written, and not stored."""
        composed = self._composed(turn)
        writing = self._writer.begin(turn, composed) if self._writer else None
        if writing is None:
            self._store(composed.answer)
        return writing, composed

    def _store(self, answer: Answer) -> None:
        self._conversations.append(answer)
        count_turn(answer)

    def _with_more_followups(self, turn: Turn, composed: Composed) -> Answer:
        """A reader who has the text can wait for what has to be searched; where that fails, nothing more is offered."""
        answer = composed.answer
        if composed.answered is None:
            return answer
        with suppress(KildeError):
            find = partial(self._find, question=turn.question)
            more = msgspec.structs.replace(answer, followups=searched(composed.answered, find, answer.followups))
            if more != answer:
                self._conversations.replace(more)
            return more
        return answer

    def _composed(self, turn: Turn) -> Composed:
        if kind := small_talk(turn.question.question, turn.lang):
            return _timed(turn, reply(turn, kind), {})
        began = time.perf_counter()
        picked = [self._picked(turn, turn.standalone)]
        for part in turn.further:
            picked.append(self._picked(turn, self._after(turn, picked[-1], part)))
        found = time.perf_counter()
        answered = any(one.chosen for one in picked)
        if not answered and (kind := opens_with_thanks(turn.question.question, turn.lang)):
            return _timed(turn, reply(turn, kind), {})
        with tracer.start_as_current_span("compose"):
            composed = compose(turn, picked, self._aids)
        timings = {"search": turn.searching_ms + _ms(began, found), "compose": _ms(found, time.perf_counter())}
        return _timed(turn, composed, timings)

    def _picked(self, turn: Turn, asked: Standalone) -> Picked:
        hits = asked.hits if asked.hits is not None else self._find(asked.text, asked.lang, turn.question)
        picked = pick(asked, hits, turn.lang, self._aids)
        if picked.chosen:
            return picked
        return pick_respelt(picked, turn.lang, partial(self._find, question=turn.question), self._aids)

    def _after(self, turn: Turn, before: Picked, part: str) -> Standalone:
        """A part of a question goes on from the part before it as a follow-up from the turn before it."""
        said = msgspec.structs.replace(compose(turn, [before]).answer, question=before.asked.text)
        return standalone(part, before.asked.lang, (said,), partial(self._find, question=turn.question))

    def _find(self, text: str, lang: str, question: Question) -> tuple[Hit, ...]:
        query = Query(text=text, lang=lang, top_k=SEARCHED_HITS, filters=question.filters, group_works=False)
        with tracer.start_as_current_span("search"):
            return self._search(query)


def _offered_in(question: str, before: Sequence[Answer]) -> str | None:
    """The language of the turn that offered this question; None for one that was not offered."""
    return next((turn.lang for turn in reversed(before) if question in turn.followups), None)


def _timed(turn: Turn, composed: Composed, timings: dict[str, int]) -> Composed:
    timings = timings | {"total": _ms(turn.started, time.perf_counter())}
    return msgspec.structs.replace(composed, answer=msgspec.structs.replace(composed.answer, timings_ms=timings))


def _ms(began: float, ended: float) -> int:
    return round(1000 * (ended - began))
