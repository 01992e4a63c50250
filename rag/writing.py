"""The composer that an LLM is: asks it, shows what holds, and goes back to quotes where it fails.

In: a turn that extraction has answered. Out: the events of its text, and the answer. Whatever the endpoint does, the
answer is cited: quotes take over from an LLM that fails, complete one that breaks off, and replace one of which nothing
can be verified, or that twice writes in the wrong language. One that says that the articles do not answer is believed,
unless that is very unlikely.
"""

import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import anyio
import anyio.to_thread
import msgspec

from rag.asking import messages, prompt_sha256, tokens_around_sources
from rag.chat_events import Ended, Usage
from rag.chat_model import ChatModel
from rag.citations import Sentence
from rag.claim_meaning import Meaning
from rag.composing import Composed, Turn
from rag.errors import LlmError
from rag.generate import Draft
from rag.grounding import Grounding
from rag.offering import Offer, offer
from rag.patience import Patience
from rag.records import Answer, Event, Notice, NoticeCode, PhaseStatus, Source, SourcesFound, TextDelta, Written
from rag.rewriting import rewritten
from rag.telling import text_events

TRIES = 2
BELIEVED_BELOW = 0.8
"""How sure it may be that the articles answer for an LLM to be believed that says they do not: one that overlooks every
fifth answer, and notices four of five times that there is none, is wrong more often than right beyond it."""
CHECKED_AT_ONCE = os.cpu_count() or 1
"""Sentences that are verified at once, of all turns; beside the turns that are searched."""
_MESSAGES: dict[NoticeCode, str] = {
    "llm_unavailable": "The language model cannot be reached; the answer is made of quotes.",
    "llm_interrupted": "The language model broke off; quotes complete the answer.",
    "llm_unsupported": "What the language model wrote could not be verified; the answer is made of quotes.",
    "llm_silent": "The language model found no answer in the articles; these quotes are the nearest to one.",
    "llm_wrong_language": "The language model wrote in another language; the answer is made of quotes.",
}
_log = logging.getLogger(__name__)


class Writer:
    """One endpoint, and all that is needed to ask it; for any number of turns."""

    def __init__(self, chat: ChatModel, meaning: Callable[[], Meaning | None], prompt_tokens: int) -> None:
        """``meaning``: of the search model, for verification; ``prompt_tokens``: of the whole prompt."""
        self.chat = chat
        self.checking = anyio.CapacityLimiter(CHECKED_AT_ONCE)
        self._meaning = meaning
        self._prompt_tokens = prompt_tokens

    async def rewritten(self, question: str, lang: str, before: Sequence[Answer]) -> str | None:
        """A follow-up as it would be asked alone; None where that is to be found out without an LLM."""
        return await rewritten(self.chat, question, lang, before, prompt_tokens=self._prompt_tokens)

    def begin(self, turn: Turn, composed: Composed) -> "Writing | None":
        """None where the LLM is not asked: where nothing answers. Takes as long as counting the tokens of what is shown
        to it."""
        if composed.answered is None:
            return None
        left = self._prompt_tokens - tokens_around_sources(composed.asked, turn.lang)
        offered = offer(composed.hits, composed.ranked, composed.quoted, turn.lang, left)
        if not offered.works:
            return None
        return Writing(turn, composed, offered, self, self._meaning())


class Writing:
    """One turn."""

    def __init__(self, turn: Turn, composed: Composed, offered: Offer, writer: Writer, meaning: Meaning | None) -> None:
        self._turn = turn
        self._composed = composed
        self._offered = offered
        self._writer = writer
        sure = composed.answer.confidence or 0.0
        self._grounding = Grounding(offered, composed.ranked, turn.lang, sure=sure, meaning=meaning)
        self._draft = self._new_draft()
        self._patience = Patience()
        self._usage: Usage | None = None
        self._answer = composed.answer
        self._began = time.perf_counter()
        self._closed: Answer | None = None

    def close(self) -> Answer:
        """The whole when all events were told, else as far as it was: a reader who leaves has seen no more."""
        if self._closed is None:
            usage = self._usage
            written = Written(
                model=self._writer.chat.name,
                prompt_sha256=prompt_sha256(),
                prompt_tokens=usage.prompt_tokens if usage else None,
                answer_tokens=usage.completion_tokens if usage else None,
            )
            now = time.perf_counter()
            took = {"write": round(1000 * (now - self._began)), "total": round(1000 * (now - self._turn.started))}
            timings = self._composed.answer.timings_ms | took
            self._closed = msgspec.structs.replace(self._answer, written=written, timings_ms=timings)
        return self._closed

    def composed(self) -> Composed:
        """The answer, with what it came from where the articles answer."""
        answer = self.close()
        answered = None if answer.status == "not_found" else self._composed.answered
        return msgspec.structs.replace(self._composed, answer=answer, answered=answered)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Phases, text, citations and notices, and the sources as often as there are more; close it to stop the LLM."""
        yield PhaseStatus(phase="reading")
        told: tuple[Source, ...] | None = None
        async with aclosing(self._written()) as steps:
            async for event in steps:
                if isinstance(event, TextDelta) and told != self._answer.sources:
                    yield SourcesFound(sources=self._answer.sources)
                    if told is None:
                        yield PhaseStatus(phase="writing")
                    told = self._answer.sources
                yield event

    async def _written(self) -> AsyncGenerator[Event, None]:
        try:
            for attempt in range(TRIES):
                self._draft = self._new_draft()
                async with aclosing(self._asked(is_again=attempt > 0)) as steps:
                    async for event in steps:
                        yield event
                if not self._draft.is_foreign:
                    break
        except LlmError as exc:
            _log.warning("an answer is made without the LLM, or completed: %s", exc.logged)
            events = self._broken_off() if self._draft.is_shown else self._quotes("llm_unavailable")
        else:
            events = self._finished()
        for event in events:
            yield event

    async def _asked(self, *, is_again: bool) -> AsyncGenerator[Event, None]:
        draft = self._draft
        async with aclosing(self._stream(is_again=is_again)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Ended):
                    self._count(piece.usage)
                    sentences = draft.rest(is_cut_off=piece.is_cut_off)
                else:
                    sentences = draft.read(piece)
                for sentence in sentences:
                    for event in await self._shown(draft, sentence):
                        yield event
                if draft.is_over:
                    return

    def _stream(self, *, is_again: bool) -> AsyncGenerator[str | Ended, None]:
        asked = messages(self._composed.asked, self._turn.lang, self._offered.text, is_again=is_again)
        return self._writer.chat.stream(asked, self._patience)

    async def _shown(self, draft: Draft, sentence: Sentence) -> list[Event]:
        events = await anyio.to_thread.run_sync(draft.show, sentence, limiter=self._writer.checking)
        if draft.is_shown:
            self._answer = draft.answer()
        return events

    def _finished(self) -> list[Event]:
        draft = self._draft
        if draft.is_foreign:
            return self._quotes("llm_wrong_language")
        if not draft.is_shown and not draft.is_silent:
            return self._quotes("llm_unsupported")
        if not draft.is_shown and (self._composed.answer.confidence or 0.0) >= BELIEVED_BELOW:
            return self._quotes("llm_silent")
        events = draft.finish()
        self._answer = draft.answer()
        return events if draft.is_shown else text_events(self._answer)

    def _broken_off(self) -> list[Event]:
        events = self._draft.complete()
        self._answer = self._draft.answer()
        return [_notice("llm_interrupted"), *events]

    def _quotes(self, code: NoticeCode) -> list[Event]:
        self._answer = self._composed.answer
        return [_notice(code), *text_events(self._answer)]

    def _count(self, usage: Usage | None) -> None:
        """Over all requests of the turn."""
        if usage is not None:
            before = self._usage or Usage()
            self._usage = Usage(
                prompt_tokens=_sum(before.prompt_tokens, usage.prompt_tokens),
                completion_tokens=_sum(before.completion_tokens, usage.completion_tokens),
            )

    def _new_draft(self) -> Draft:
        return Draft(self._turn, self._composed, self._offered, self._grounding)


def _sum(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


def _notice(code: NoticeCode) -> Notice:
    return Notice(code=code, message=_MESSAGES[code])
