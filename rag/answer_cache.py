"""Answers to first questions, kept for whoever asks the same while the index is the same; and made once, not at once.

In: a turn, and what makes its events. Out: those events, or the same ones as they were made for somebody else, with
the ids of this turn. Only questions without a conversation have a key: nothing that one reader has told goes into
another one's answer. Kept is what ended well; an answer made in place of a language model that failed is not. Whoever
asks what is just being made waits for it, but never longer than ``WAIT_S``. A server that fails makes every question a
new one.
"""

import hashlib
import time
import unicodedata
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from importlib.metadata import version
from typing import Literal, get_args

import anyio
import anyio.to_thread
import msgspec

from rag.composing import Turn
from rag.errors import SharedMemoryGoneError
from rag.metrics import CACHE
from rag.prompt import PROMPTS
from rag.records import Answer, Event, MessageEnd, Notice
from rag.settings import Settings
from rag.shared_memory import PREFIX, Reply, SharedMemory

KEPT_S = 3600
WAIT_S = 15.0
"""For an answer that is being made; whoever makes it may die."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.2
MOST_BYTES = 256 * 1024
FORM = 1
"""Of what is kept; one more with every change that older processes could not read."""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_KINDS: dict[str, type[Event]] = {kind.event: kind for kind in get_args(Event)}

Manner = Literal["whole", "streamed"]
"""They differ in what is offered next."""


class Kept(msgspec.Struct, frozen=True):
    """The events of one turn from its first finding on."""

    events: tuple[Event, ...]


class Flight:
    """One answer that is being made, or was."""

    def __init__(self, kept: Kept | None = None) -> None:
        self.kept = kept
        self.over = anyio.Event()
        self._events: list[Event] = []

    def add(self, event: Event) -> Kept | None:
        """All of them with the last one, where they are worth keeping."""
        self._events.append(event)
        if isinstance(event, MessageEnd) and not any(map(_tells_of_failure, self._events)):
            self.kept = Kept(tuple(self._events))
            return self.kept
        return None


class AnswerCache:
    """One per process; its turns all run on one event loop."""

    def __init__(
        self, shared: SharedMemory, contents: Callable[[], str], composer: str, today: Callable[[], date] = date.today
    ) -> None:
        """``contents``: what stands for the index as it is searched. ``composer``: all that decides how an answer is
        made of it."""
        self._shared = shared
        self._contents = contents
        self._composer = composer
        self._today = today
        self._flights: dict[str, Flight] = {}

    def key(self, turn: Turn, manner: Manner) -> str | None:
        """None for a turn whose answer is nobody else's business."""
        question = turn.question
        if question.conversation_id is not None or question.earlier:
            return None
        asked = " ".join(unicodedata.normalize("NFC", question.question).split())
        langs = (turn.lang, turn.standalone.lang, question.answer_lang)
        parts = (FORM, self._contents(), self._composer, self._today(), manner, asked, langs, question.filters)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    @asynccontextmanager
    async def flight(self, key: str) -> AsyncIterator[Flight]:
        """With ``kept`` where it was made by others; else whoever enters makes it, and tells with ``keep``."""
        deadline = anyio.current_time() + WAIT_S
        kept = await self._made_here(key, deadline)
        if kept is not None or key in self._flights:
            CACHE.labels("hit" if kept else "miss").inc()
            yield Flight(kept)
            return
        flight, is_ours = Flight(), True
        self._flights[key] = flight
        token = uuid.uuid4().hex
        try:
            flight.kept = await self._made_elsewhere(key, token, deadline)
            is_ours = flight.kept is None
            CACHE.labels("hit" if flight.kept else "miss").inc()
            yield flight
        finally:
            del self._flights[key]
            flight.over.set()
            if is_ours:
                with anyio.CancelScope(shield=True):
                    await self._ask("EVAL", _RELEASE, 1, _lease(key), token)

    async def keep(self, key: str, flight: Flight, event: Event) -> None:
        """Call it with every event that was made, before it is told."""
        kept = flight.add(event)
        if kept is not None:
            content = _encoded(kept)
            if len(content) <= MOST_BYTES:
                await self._ask("SET", _answer(key), content, "EX", KEPT_S)

    async def _made_here(self, key: str, deadline: float) -> Kept | None:
        """None where nobody makes it any more, or for too long."""
        while (running := self._flights.get(key)) is not None and anyio.current_time() < deadline:
            with anyio.move_on_after(deadline - anyio.current_time()):
                await running.over.wait()
            if running.kept is not None:
                return running.kept
        return None

    async def _made_elsewhere(self, key: str, token: str, deadline: float) -> Kept | None:
        """None once it is for this process to make it."""
        pause_s = FIRST_PAUSE_S
        while True:
            kept = _decoded(await self._ask("GET", _answer(key)))
            if kept is not None or anyio.current_time() >= deadline or await self._is_mine(key, token):
                return kept
            await anyio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _is_mine(self, key: str, token: str) -> bool:
        try:
            claimed = await self._shared.ask("SET", _lease(key), token, "NX", "PX", round(1000 * WAIT_S))
        except SharedMemoryGoneError:
            return True
        return claimed is not None

    async def _ask(self, *command: str | bytes | int) -> Reply:
        try:
            return await self._shared.ask(*command)
        except SharedMemoryGoneError:
            return None


def composer_of(settings: Settings) -> str:
    """All settings and files that decide how an answer is made of what was found."""
    prompts = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(PROMPTS.glob("*.md"))))
    llm = (settings.llm_base_url, settings.llm_model, settings.llm_prompt_tokens, prompts.hexdigest())
    return repr((version("kilde"), settings.reranker_model, llm if settings.llm_base_url else None))


def retold(kept: Kept, turn: Turn) -> tuple[Answer, tuple[Event, ...]]:
    """The answer and its events as those of another turn that asks the same."""
    *events, end = kept.events
    assert isinstance(end, MessageEnd)
    made = end.answer
    written = made.written and msgspec.structs.replace(made.written, prompt_tokens=None, answer_tokens=None)
    answer = msgspec.structs.replace(
        made,
        message_id=turn.message_id,
        conversation_id=turn.conversation_id,
        question=turn.question.question,
        timings_ms={"total": round(1000 * (time.perf_counter() - turn.started))},
        written=written,
    )
    return answer, (*events, MessageEnd(answer=answer))


async def passed_on(
    cache: AnswerCache, key: str, flight: Flight, steps: AsyncGenerator[Event, None]
) -> AsyncGenerator[Event, None]:
    """The events of a flight that is this turn's to make, kept as they go."""
    async for event in steps:
        await cache.keep(key, flight, event)
        yield event


def _tells_of_failure(event: Event) -> bool:
    return isinstance(event, Notice) and event.code.startswith("llm_")


def _answer(key: str) -> str:
    return f"{PREFIX}answer:{key}"


def _lease(key: str) -> str:
    return f"{PREFIX}making:{key}"


def _encoded(kept: Kept) -> bytes:
    return msgspec.json.encode([(event.event, event) for event in kept.events])


def _decoded(content: Reply) -> Kept | None:
    if not isinstance(content, bytes):
        return None
    try:
        pairs = msgspec.json.decode(content, type=tuple[tuple[str, msgspec.Raw], ...])
        kept = Kept(tuple(msgspec.json.decode(raw, type=_KINDS[name]) for name, raw in pairs))
    except (msgspec.DecodeError, KeyError):
        return None
    return kept if kept.events and isinstance(kept.events[-1], MessageEnd) else None
