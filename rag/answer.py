"""One turn, start to end: a question in, an answer with citations out. Read this file first.

The question is checked, its language found, and a follow-up made a question of its own; search brings hits; extraction
ranks what can be quoted; evidence decides whether that answers; framing puts the reader's words around the quotes;
verification holds each against its source. The turn is stored before it is said to be over. All of it is pure but
search and storage.
"""

import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from datetime import date
from functools import cache, partial
from typing import Protocol

import anyio.to_thread
import msgspec

from index.languages import detect_question
from index.records import Hit
from index.search import Query
from rag.composing import Composed, Picked, Turn, compose, pick, reply
from rag.condense import language
from rag.errors import KildeError, NotFoundError
from rag.followups import searched
from rag.parts import parts
from rag.records import (
    Answer,
    CitationReady,
    Event,
    Followups,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    SourcesFound,
    StreamError,
    TextDelta,
)
from rag.relative_dates import with_dates
from rag.scope import small_talk, small_talk_language
from rag.standalone import Standalone, standalone
from rag.validate import check_question

SEARCHED_HITS = 24
RETOLD_TURNS = 6
"""Of those that were asked elsewhere; each is searched for anew."""

Search = Callable[[Query], tuple[Hit, ...]]


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
        return (await anyio.to_thread.run_sync(self._finish, turn)).answer

    async def events(self, question: Question) -> AsyncIterator[Event]:
        """The same turn step by step, ending with exactly one MessageEnd or StreamError."""
        try:
            turn = await anyio.to_thread.run_sync(self._begin, question)
            yield MessageStart(
                message_id=turn.message_id,
                conversation_id=turn.conversation_id,
                lang=turn.lang,
                standalone_question=turn.asked,
            )
            yield PhaseStatus(phase="searching")
            composed = await anyio.to_thread.run_sync(self._finish, turn)
        except KildeError as exc:
            yield StreamError(code=exc.code, message=str(exc), retryable=exc.retryable)
            return
        yield SourcesFound(sources=composed.answer.sources)
        yield PhaseStatus(phase="writing")
        for event in _text_events(composed.answer):
            yield event
        answer = await anyio.to_thread.run_sync(self._with_more_followups, turn, composed)
        if answer.followups:
            yield Followups(followups=answer.followups)
        yield MessageEnd(answer=answer)

    def _begin(self, question: Question) -> Turn:
        started = time.perf_counter()
        question = check_question(question)
        return self._turn(question, self._before(question), started)

    def _before(self, question: Question) -> tuple[Answer, ...]:
        if question.conversation_id is None:
            return self._retold(question)
        before = self._conversations.turns(question.conversation_id)
        if not before:
            raise NotFoundError(
                f"There is no conversation {question.conversation_id!r}. Leave conversation_id out to begin one.",
                "conversation_id",
            )
        return before

    def _retold(self, question: Question) -> tuple[Answer, ...]:
        """Turns as they would be in a conversation of ours; they are not stored, since they were told elsewhere."""
        before: tuple[Answer, ...] = ()
        for text in question.earlier[-RETOLD_TURNS:]:
            asked = msgspec.structs.replace(question, question=text, earlier=())
            before += (self._composed(self._turn(asked, before, time.perf_counter())).answer,)
        return before

    def _turn(self, question: Question, before: tuple[Answer, ...], started: float) -> Turn:
        likely = {turn.lang for turn in before} | ({question.answer_lang} if question.answer_lang else set())
        offered = _offered_in(question.question, before)
        detected = offered or language(
            question.question, detect_question(question.question, likely, indexed=self._langs()), before
        )
        lang = question.answer_lang or small_talk_language(question.question, detected)
        began = time.perf_counter()
        first, *further = parts(with_dates(question.question, detected, self._today()), detected)
        asked = Standalone(text=first, lang=detected)
        if before and not offered and small_talk(question.question, lang) is None:
            find = cache(lambda text, of: self._find(text, of, question))
            asked = standalone(asked.text, detected, before, find)
        return Turn(
            message_id=uuid.uuid4().hex,
            conversation_id=question.conversation_id or uuid.uuid4().hex,
            question=question,
            lang=lang,
            standalone=asked,
            further=tuple(further),
            searching_ms=_ms(began, time.perf_counter()),
            started=started,
        )

    def _finish(self, turn: Turn) -> Composed:
        composed = self._composed(turn)
        self._conversations.append(composed.answer)
        return composed

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
        composed = compose(turn, picked)
        timings = {"search": turn.searching_ms + _ms(began, found), "compose": _ms(found, time.perf_counter())}
        return _timed(turn, composed, timings)

    def _picked(self, turn: Turn, asked: Standalone) -> Picked:
        hits = asked.hits if asked.hits is not None else self._find(asked.text, asked.lang, turn.question)
        return pick(asked, hits, turn.lang)

    def _after(self, turn: Turn, before: Picked, part: str) -> Standalone:
        """A part of a question goes on from the part before it as a follow-up from the turn before it."""
        said = msgspec.structs.replace(compose(turn, [before]).answer, question=before.asked.text)
        return standalone(part, before.asked.lang, (said,), partial(self._find, question=turn.question))

    def _find(self, text: str, lang: str, question: Question) -> tuple[Hit, ...]:
        query = Query(text=text, lang=lang, top_k=SEARCHED_HITS, filters=question.filters, group_works=False)
        return self._search(query)


def _offered_in(question: str, before: Sequence[Answer]) -> str | None:
    """The language of the turn that offered this question; None for one that was not offered."""
    return next((turn.lang for turn in reversed(before) if question in turn.followups), None)


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


def _timed(turn: Turn, composed: Composed, timings: dict[str, int]) -> Composed:
    timings = timings | {"total": _ms(turn.started, time.perf_counter())}
    return msgspec.structs.replace(composed, answer=msgspec.structs.replace(composed.answer, timings_ms=timings))


def _ms(began: float, ended: float) -> int:
    return round(1000 * (ended - began))
