"""``POST /v1/chat`` and ``POST /v1/search``.

In: a Question or a SearchRequest. Out: an Answer as JSON or as server-sent events, or hits. Refuses what
``rag/validate.py`` refuses, unknown conversations, and everyone while too many answers are being made.
"""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.lowlevel
import msgspec
from litestar import Request, Response, post
from litestar.params import JSONBody

from rag.api.admission import Slot
from rag.api.backend import Backend
from rag.api.bodies import StrictJson
from rag.api.credentials import Caller, caller_of
from rag.api.owning import check_conversation, keep_owner
from rag.api.refusals import stream_error
from rag.api.responses import FOR_READERS, refusals
from rag.api.sse import KEEP_ALIVE, TERMINAL, Frames
from rag.api.stops import StoppableTurn
from rag.api.stream import Piecewise, StreamResponse, Write
from rag.api.wiring import Wired, Wiring
from rag.records import (
    Answer,
    CitationReady,
    Composer,
    Event,
    MessageEnd,
    MessageStart,
    Question,
    SearchRequest,
    SearchResponse,
)
from rag.stopped import Shown
from rag.unexpected import log_unexpected
from rag.validate import check_question, check_search

CLOSE_S = 5.0


@post(
    "/v1/chat",
    dto=StrictJson[Question],
    status_code=200,
    responses=refusals(400, 401, 403, 404, 413, 429, 503),
    security=FOR_READERS,
)
async def chat(data: JSONBody[Question], request: Request[Any, Any, Any], wiring: Wired) -> Response[Answer]:
    """One turn: the answer with its citations; with ``stream`` the same as server-sent events."""
    question, caller = check_question(data), caller_of(request)
    await check_conversation(wiring.owners, caller, question.conversation_id)
    if question.stream or _asks_for_events(request.headers.get("accept", "")):
        return StreamResponse(_turn(question, caller, wiring))
    return StreamResponse(_whole(question, caller, wiring))


@post(
    "/v1/search",
    dto=StrictJson[SearchRequest],
    status_code=200,
    responses=refusals(400, 401, 403, 413, 429, 503),
    security=FOR_READERS,
)
async def search(data: JSONBody[SearchRequest], wiring: Wired) -> SearchResponse:
    """Passages, best first."""
    request = check_search(data)
    async with wiring.admission.slot():
        return await wiring.backend.search(request)


def _asks_for_events(accept: str) -> bool:
    return any(kind.split(";")[0].strip().lower() == "text/event-stream" for kind in accept.split(","))


def _whole(question: Question, caller: Caller, wiring: Wiring) -> Piecewise:
    """One piece; sent as a stream, because a whole response would not notice that its client has gone."""

    async def produce(write: Write) -> None:
        async with wiring.admission.slot():
            answer = await wiring.backend.answer(question)
        await keep_owner(wiring.owners, caller.owner, answer.conversation_id)
        await write(msgspec.json.encode(answer))

    return Piecewise(produce=produce, last_words=lambda exc: b"", media_type="application/json", closing=wiring.closing)


def _turn(question: Question, caller: Caller, wiring: Wiring) -> Piecewise:
    frames = Frames()

    async def produce(write: Write) -> None:
        async with wiring.admission.slot() as slot:
            await _send_events(question, caller, wiring, slot, frames, write)

    return Piecewise(
        produce=produce,
        last_words=lambda exc: frames.frame(stream_error(exc)),
        media_type="text/event-stream; charset=utf-8",
        closing=wiring.closing,
        keep_alive=KEEP_ALIVE,
        keep_alive_s=wiring.limits.keep_alive_s,
    )


async def _send_events(
    question: Question, caller: Caller, wiring: Wiring, slot: Slot, frames: Frames, write: Write
) -> None:
    began = anyio.current_time()
    shown, stopped = Shown(question), None
    with wiring.stops.turn(caller.owner) as turn:
        try:
            with turn.scope:
                await _pass_on(question, wiring, shown, turn, slot, frames, write)
        finally:
            with anyio.CancelScope(shield=True):  # kept also when the reader goes at the same time
                if turn.was_cut:
                    cut = shown.answer(_composer(wiring.backend), round(1000 * (anyio.current_time() - began)))
                    stopped = await wiring.backend.keep_stopped(cut)
                if turn.begins is not None and not turn.is_finished:  # whoever left may come back to it
                    await keep_owner(wiring.owners, turn.owner, turn.begins)
        if stopped is not None:
            await write(frames.frame(MessageEnd(answer=stopped)))


async def _pass_on(
    question: Question, wiring: Wiring, shown: Shown, turn: StoppableTurn, slot: Slot, frames: Frames, write: Write
) -> None:
    events = wiring.backend.events(question)
    try:
        async for event in events:
            if not isinstance(event, CitationReady):  # which belongs to the text that was just shown
                await anyio.lowlevel.checkpoint_if_cancelled()
            slot.release_after(event)
            shown.add(event)
            if isinstance(event, MessageStart):
                turn.begin(event.message_id, begins=None if question.conversation_id else event.conversation_id)
            if isinstance(event, MessageEnd):
                await keep_owner(wiring.owners, turn.owner, event.answer.conversation_id)
            await write(frames.frame(event))
            if isinstance(event, TERMINAL):
                turn.finish()
                return
        raise EOFError("a turn ended without its last event")
    finally:
        await clean_up(events)


def _composer(backend: Backend) -> Composer:
    """Who would have finished the answer, where none is finished yet."""
    return "llm" if backend.settings.llm_base_url else "extractive"


async def clean_up(events: AsyncIterator[Event]) -> None:
    """Lets the source clean up, also when this task is being cancelled (the framework does not: litestar#3772)."""
    close = getattr(events, "aclose", None)
    if close is None:
        return
    with anyio.move_on_after(CLOSE_S, shield=True):
        try:
            await close()
        except Exception as exc:
            log_unexpected(exc)
