"""The composer that an LLM is: asks it, shows what holds, and goes back to quotes where it fails.

In: a turn that extraction has answered. Out: the events of its text, and the answer. Whatever the endpoint does, the
answer is cited: quotes take over from an LLM that fails, complete one that breaks off, and replace one of which nothing
can be verified, or that twice writes in the wrong language. One that says that the articles do not answer is believed.
"""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import anyio.to_thread
import msgspec

from rag.chat_events import Usage
from rag.chat_model import ChatModel
from rag.citations import Sentence
from rag.claim_meaning import Meaning
from rag.composing import Composed, Turn
from rag.errors import LlmError
from rag.framing import locale_of
from rag.generate import SILENT, Draft
from rag.grounding import Grounding
from rag.offering import Offer, offer
from rag.prompt import Message, Neutral, Prompt, neutral, prompt
from rag.prompt_tokens import count_tokens
from rag.records import Answer, Event, Notice, NoticeCode, PhaseStatus, Source, SourcesFound, TextDelta, Written
from rag.telling import text_events

VARIABLES = frozenset({"question", "language", "sources", "articles_silent"})
TRIES = 2
_MESSAGES: dict[NoticeCode, str] = {
    "llm_unavailable": "The language model cannot be reached; the answer is made of quotes.",
    "llm_interrupted": "The language model broke off; quotes complete the answer.",
    "llm_unsupported": "What the language model wrote could not be verified; the answer is made of quotes.",
    "llm_wrong_language": "The language model wrote in another language; the answer is made of quotes.",
}


class Writer:
    """One endpoint, and all that is needed to ask it; for any number of turns."""

    def __init__(self, chat: ChatModel, meaning: Callable[[], Meaning | None], prompt_tokens: int) -> None:
        """``meaning``: of the search model, for verification; ``prompt_tokens``: of the whole prompt."""
        self.chat = chat
        self._meaning = meaning
        self._prompt_tokens = prompt_tokens

    def begin(self, turn: Turn, composed: Composed) -> "Writing | None":
        """None where the LLM is not asked: where nothing answers, the sources contradict each other, or the question
        has several parts, each with sources of its own.

        Takes as long as counting the tokens of what is shown to it.
        """
        if composed.answered is None or composed.is_disputed or turn.further:
            return None
        asking = prompt("answer", VARIABLES)
        values = _values(turn)
        left = self._prompt_tokens - _tokens(asking.fill(values | {"sources": Neutral("")})) - _tokens(_again(turn))
        answered = composed.answered
        offered = offer(answered.hits, composed.ranked, answered.quoted, turn.lang, left)
        if not offered.works:
            return None
        return Writing(turn, composed, offered, self.chat, asking, self._meaning())


class Writing:
    """One turn."""

    def __init__(
        self, turn: Turn, composed: Composed, offered: Offer, chat: ChatModel, asking: Prompt, meaning: Meaning | None
    ) -> None:
        self._turn = turn
        self._composed = composed
        self._offered = offered
        self._chat = chat
        self._asking = asking
        sure = composed.answer.confidence or 0.0
        self._grounding = Grounding(offered, composed.ranked, turn.lang, sure=sure, meaning=meaning)
        self._draft = self._new_draft()
        self._usage: Usage | None = None
        self._answer = composed.answer
        self._began = time.perf_counter()
        self._closed: Answer | None = None

    def close(self) -> Answer:
        """The whole when all events were told, else as far as it was: a reader who leaves has seen no more."""
        if self._closed is None:
            usage = self._usage
            written = Written(
                model=self._chat.name,
                prompt_sha256=self._asking.sha256,
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
        """Sources, phases, text, citations and notices; close it to stop the LLM."""
        yield PhaseStatus(phase="reading")
        has_begun = False
        async with aclosing(self._written()) as steps:
            async for event in steps:
                if isinstance(event, TextDelta) and not has_begun:
                    has_begun = True
                    yield SourcesFound(sources=self._sources())
                    yield PhaseStatus(phase="writing")
                yield event

    def _sources(self) -> tuple[Source, ...]:
        return self._offered.sources if self._draft.is_shown else self._answer.sources

    async def _written(self) -> AsyncGenerator[Event, None]:
        try:
            for attempt in range(TRIES):
                self._draft = self._new_draft()
                async with aclosing(self._asked(is_again=attempt > 0)) as steps:
                    async for event in steps:
                        yield event
                if not self._draft.is_foreign:
                    break
        except LlmError:
            events = self._broken_off() if self._draft.is_shown else self._quotes("llm_unavailable")
        else:
            events = self._finished()
        for event in events:
            yield event

    async def _asked(self, *, is_again: bool) -> AsyncGenerator[Event, None]:
        draft = self._draft
        async with aclosing(self._chat.stream(self._messages(is_again=is_again))) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    self._count(piece)
                    continue
                for sentence in draft.read(piece):
                    for event in await self._shown(draft, sentence):
                        yield event
                if draft.is_over:
                    return
        for sentence in draft.rest():
            for event in await self._shown(draft, sentence):
                yield event

    async def _shown(self, draft: Draft, sentence: Sentence) -> list[Event]:
        events = await anyio.to_thread.run_sync(draft.show, sentence)
        if draft.is_shown:
            self._answer = draft.answer()
        return events

    def _finished(self) -> list[Event]:
        draft = self._draft
        if draft.is_foreign:
            return self._quotes("llm_wrong_language")
        if not draft.is_shown and not draft.is_silent:
            return self._quotes("llm_unsupported")
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

    def _messages(self, *, is_again: bool) -> tuple[Message, ...]:
        *others, last = self._asking.fill(_values(self._turn) | {"sources": self._offered.text})
        if not is_again:
            return (*others, last)
        (more,) = _again(self._turn)
        return (*others, msgspec.structs.replace(last, content=f"{last.content}\n\n{more.content}"))

    def _count(self, usage: Usage) -> None:
        before = self._usage or Usage()
        self._usage = Usage(
            prompt_tokens=before.prompt_tokens + usage.prompt_tokens,
            completion_tokens=before.completion_tokens + usage.completion_tokens,
        )

    def _new_draft(self) -> Draft:
        return Draft(self._turn, self._composed, self._offered, self._grounding)


def language_name(lang: str) -> str:
    """In English, with its tag: what an LLM is told."""
    names = locale_of("en").languages
    name = names.get(lang.replace("-", "_")) or names.get(lang.split("-", 1)[0])
    return f"{name} ({lang})" if name else lang


def _values(turn: Turn) -> dict[str, Neutral]:
    return {
        "question": neutral(turn.standalone.text),
        "language": Neutral(language_name(turn.lang)),
        "articles_silent": Neutral(SILENT),
    }


def _again(turn: Turn) -> tuple[Message, ...]:
    return prompt("language", frozenset({"language"})).fill({"language": Neutral(language_name(turn.lang))})


def _tokens(messages: Sequence[Message]) -> int:
    return sum(count_tokens(message.content) for message in messages)


def _notice(code: NoticeCode) -> Notice:
    return Notice(code=code, message=_MESSAGES[code])
