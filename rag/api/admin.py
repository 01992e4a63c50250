"""The routes under ``/v1/admin``: figures, ingesting and what editors see, for whoever holds an admin key.

In: ``Authorization: Bearer KEY``, an IngestRequest. Out: Stats; the events of a run, one JSON object a line. A run that
breaks off ends with ``{"error": {"code", "message", "param"}}``. Callers without a fitting key are refused before, by
``rag/api/access.py``; all of them are where no key is set.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import msgspec
from litestar import Response, Router, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from index.records import IngestEvent, IngestRequest, Stats
from rag.api.backend import Backend
from rag.api.bodies import StrictJson
from rag.api.editing import drift, feedback, index
from rag.api.refusals import stream_error
from rag.api.responses import refusals
from rag.api.stream import Piecewise, StreamResponse, Write
from rag.api.unanswered import unanswered
from rag.api.wiring import Wired
from rag.records import ErrorBody, ErrorResponse
from rag.validate import check_ingest

LINES = "application/x-ndjson"


@get("/stats", responses=refusals(401, 403, 429))
async def stats(wiring: Wired) -> Stats:
    """Figures of the index."""
    return await wiring.backend.stats()


@post(
    "/ingest",
    dto=StrictJson[IngestRequest],
    status_code=200,
    responses={
        **refusals(400, 401, 403, 413, 429, 503),
        200: ResponseSpec(IngestEvent | ErrorResponse, description="One event a line", media_type=LINES),  # type: ignore[arg-type]
    },
)
async def ingest(data: JSONBody[IngestRequest], wiring: Wired) -> Response[Any]:
    """Reads articles into the index; the events of the run as they happen, one JSON object a line."""
    request = check_ingest(data)

    async def produce(write: Write) -> None:
        await anyio.to_thread.run_sync(_run, wiring.backend, request, write)

    return StreamResponse(Piecewise(produce=produce, last_words=_last_line, media_type=LINES, closing=wiring.closing))


def _run(backend: Backend, request: IngestRequest, write: Write) -> None:
    """In one thread from start to end: what the run holds (locks, connections) may belong to its thread."""
    with _closed(backend.ingest(request)) as events:
        for event in events:
            anyio.from_thread.check_cancelled()
            anyio.from_thread.run(write, _line(event))


@contextmanager
def _closed(events: Iterator[IngestEvent]) -> Iterator[Iterator[IngestEvent]]:
    try:
        yield events
    finally:
        if close := getattr(events, "close", None):
            close()


def _line(event: IngestEvent | ErrorResponse) -> bytes:
    return msgspec.json.encode(event) + b"\n"


def _last_line(exc: Exception) -> bytes:
    told = stream_error(exc)
    return _line(ErrorResponse(error=ErrorBody(code=told.code, message=told.message)))


def admin_routes() -> Router:
    handlers = [stats, ingest, unanswered, index, feedback, drift]
    return Router("/v1/admin", route_handlers=handlers, security=[{"admin": []}])
