"""``GET /v1/models``, ``GET /v1/models/{model}`` and ``POST /v1/chat/completions``.

In: what OpenAI's clients send. Out: a completion, or its chunks as server-sent events, ended by ``data: [DONE]``; a
stream that breaks off ends with an ``error`` instead. A client that goes ends its turn. Refuses what ``asking.py`` and
``rag/validate.py`` refuse, other models, unknown conversations, and everyone while too many answers are being made.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody

from rag.api.admission import Slot
from rag.api.bodies import StrictJson
from rag.api.chat import clean_up
from rag.api.completions.asking import MODEL, asked, check_model, texts
from rag.api.completions.records import Completion, CompletionRequest, Model, Models, Usage
from rag.api.completions.refusals import (
    BASE,
    BODY_BYTES,
    COMPLETIONS,
    MODELS,
    broken_off,
    completion_exception_handlers,
    completion_refusals,
)
from rag.api.completions.replies import DONE, Chunks, completion, frame
from rag.api.completions.tokens import usage
from rag.api.credentials import Caller, caller_of
from rag.api.owning import check_conversation, keep_owner
from rag.api.responses import FOR_PROGRAMS
from rag.api.sse import KEEP_ALIVE
from rag.api.stream import Piecewise, StreamResponse, Write
from rag.api.wiring import Wired, Wiring
from rag.records import Answer, ErrorBody, MessageEnd, Question, StreamError
from rag.replies import error_named

CREATED = 1_767_225_600
"""Of the model, as its clients expect it: a date that never changes (2026-01-01)."""
_Send = Callable[[Write, Slot], Awaitable[None]]
_MODEL = Model(id=MODEL, created=CREATED, owned_by=MODEL)


@get(MODELS, responses=completion_refusals(401, 403, 429))
async def models() -> Models:
    """The one model there is."""
    return Models(data=(_MODEL,))


@get(f"{MODELS}/{{model:str}}", responses=completion_refusals(401, 403, 404, 429))
async def model(model: FromPath[str]) -> Model:
    """The model, by its name."""
    check_model(model)
    return _MODEL


@post(
    COMPLETIONS,
    dto=StrictJson[CompletionRequest],
    status_code=200,
    responses=completion_refusals(400, 401, 403, 404, 413, 429, 503),
    request_max_body_size=BODY_BYTES,
)
async def complete(
    data: JSONBody[CompletionRequest], request: Request[Any, Any, Any], wiring: Wired
) -> Response[Completion]:
    """One turn, as a completion whose annotations lead to what is quoted; with ``stream`` the same in chunks."""
    question, caller = asked(data), caller_of(request)
    await check_conversation(wiring.owners, caller, question.conversation_id)
    turn = _Turn(data, question, caller, wiring, str(request.base_url))
    return StreamResponse(turn.chunked() if data.stream else turn.whole())


class _Turn:
    def __init__(
        self, request: CompletionRequest, question: Question, caller: Caller, wiring: Wiring, base_url: str
    ) -> None:
        self._request = request
        self._question = question
        self._owner = caller.owner
        self._wiring = wiring
        self._base_url = base_url
        self._created = int(time.time())

    def whole(self) -> Piecewise:
        """One piece; sent as a stream, because a whole response would not notice that its client has gone."""
        return self._piecewise(self._send_whole, "application/json", keep_alive=b"")

    def chunked(self) -> Piecewise:
        return self._piecewise(self._send_chunks, "text/event-stream; charset=utf-8", keep_alive=KEEP_ALIVE)

    def _piecewise(self, send: _Send, media_type: str, *, keep_alive: bytes) -> Piecewise:
        async def produce(write: Write) -> None:
            async with self._wiring.admission.slot() as slot:
                await send(write, slot)

        return Piecewise(
            produce=produce,
            last_words=lambda exc: frame(broken_off(exc)),
            media_type=media_type,
            closing=self._wiring.closing,
            keep_alive=keep_alive,
            keep_alive_s=self._wiring.limits.keep_alive_s,
        )

    async def _send_whole(self, write: Write, _slot: Slot) -> None:
        answer = await self._wiring.backend.answer(self._question)
        await keep_owner(self._wiring.owners, self._owner, answer.conversation_id)
        took = await self._usage(answer)
        told = completion(answer, took, created=self._created, base_url=self._base_url)
        await write(msgspec.json.encode(told))

    async def _send_chunks(self, write: Write, slot: Slot) -> None:
        chunks = Chunks(created=self._created, base_url=self._base_url, has_usage=self._asks_for_usage)
        events = self._wiring.backend.events(self._question)
        try:
            async for event in events:
                slot.release_after(event)
                if isinstance(event, StreamError):
                    raise error_named(ErrorBody(code=event.code, message=event.message), status=500)
                for chunk in chunks.of(event):
                    await write(frame(chunk))
                if isinstance(event, MessageEnd):
                    await self._end(chunks, event.answer, write)
                    return
            raise EOFError("a turn ended without its last event")
        finally:
            await clean_up(events)

    async def _end(self, chunks: Chunks, answer: Answer, write: Write) -> None:
        await keep_owner(self._wiring.owners, self._owner, answer.conversation_id)
        if self._asks_for_usage:
            await write(frame(chunks.of_usage(await self._usage(answer))))
        await write(DONE)

    @property
    def _asks_for_usage(self) -> bool:
        options = self._request.stream_options
        return bool(options and options.include_usage)

    async def _usage(self, answer: Answer) -> Usage:
        return await anyio.to_thread.run_sync(usage, texts(self._request.messages), answer.text)


def completion_routes() -> Router:
    handlers = [models, model, complete]
    return Router(
        BASE, route_handlers=handlers, exception_handlers=completion_exception_handlers(), security=FOR_PROGRAMS
    )
