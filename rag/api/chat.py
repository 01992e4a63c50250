"""``POST /v1/chat`` and ``POST /v1/search``.

In: a Question or a SearchRequest. Out: an Answer as JSON or as server-sent events, or hits. Refuses what
``rag/validate.py`` refuses, unknown conversations, and everyone while too many answers are being made.
"""

from collections.abc import AsyncIterator
from typing import Any

import anyio
from litestar import Request, Response, post
from litestar.params import JSONBody

from rag.api.backend import Backend
from rag.api.bodies import StrictJson
from rag.api.refusals import stream_error
from rag.api.responses import refusals
from rag.api.sse import KEEP_ALIVE, TERMINAL, Frames
from rag.api.stream import Piecewise, StreamResponse, Write
from rag.api.wiring import Wired, Wiring
from rag.records import Answer, Event, Question, SearchRequest, SearchResponse
from rag.unexpected import log_unexpected
from rag.validate import check_question, check_search

CLOSE_S = 5.0


@post("/v1/chat", dto=StrictJson[Question], status_code=200, responses=refusals(400, 404, 413, 503))
async def chat(data: JSONBody[Question], request: Request[Any, Any, Any], wiring: Wired) -> Response[Answer]:
    """One turn: the answer with its citations; with ``stream`` the same as server-sent events."""
    question = check_question(data)
    if question.stream or _asks_for_events(request.headers.get("accept", "")):
        return StreamResponse(_turn(question, wiring))
    async with wiring.admission.slot():
        return Response(await wiring.backend.answer(question))


@post("/v1/search", dto=StrictJson[SearchRequest], status_code=200, responses=refusals(400, 413, 503))
async def search(data: JSONBody[SearchRequest], wiring: Wired) -> SearchResponse:
    """Passages, best first."""
    request = check_search(data)
    async with wiring.admission.slot():
        return await wiring.backend.search(request)


def _asks_for_events(accept: str) -> bool:
    return any(kind.split(";")[0].strip().lower() == "text/event-stream" for kind in accept.split(","))


def _turn(question: Question, wiring: Wiring) -> Piecewise:
    frames = Frames()

    async def produce(write: Write) -> None:
        async with wiring.admission.slot():
            await _send_events(wiring.backend, question, frames, write)

    return Piecewise(
        produce=produce,
        last_words=lambda exc: frames.frame(stream_error(exc)),
        media_type="text/event-stream; charset=utf-8",
        closing=wiring.closing,
        keep_alive=KEEP_ALIVE,
        keep_alive_s=wiring.limits.keep_alive_s,
    )


async def _send_events(backend: Backend, question: Question, frames: Frames, write: Write) -> None:
    events = backend.events(question)
    try:
        async for event in events:
            await write(frames.frame(event))
            if isinstance(event, TERMINAL):
                return
        raise EOFError("a turn ended without its last event")
    finally:
        await _close(events)


async def _close(events: AsyncIterator[Event]) -> None:
    """Lets the source clean up, also when this task is being cancelled (the framework does not: litestar#3772)."""
    close = getattr(events, "aclose", None)
    if close is None:
        return
    with anyio.move_on_after(CLOSE_S, shield=True):
        try:
            await close()
        except Exception as exc:
            log_unexpected(exc)
