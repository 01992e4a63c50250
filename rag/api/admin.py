"""The routes under ``/v1/admin``: figures, ingesting and what editors see, for whoever holds an admin key.

In: ``Authorization: Bearer KEY``, an IngestRequest. Out: Stats; the events of a run, one JSON object a line. A run that
breaks off ends with ``{"error": {"code", "message", "param"}}``. Refuses every caller without a fitting key,
and all of them where no key is set.
"""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import msgspec
from litestar import Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
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


@get("/stats", responses=refusals(401))
async def stats(wiring: Wired) -> Stats:
    """Figures of the index."""
    return await wiring.backend.stats()


@post(
    "/ingest",
    dto=StrictJson[IngestRequest],
    status_code=200,
    responses={
        **refusals(400, 401, 413, 503),
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


async def require_key(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Compares in constant time, so that a key cannot be guessed letter by letter."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    keys: tuple[str, ...] = connection.app.state.admin_keys
    fits = [hmac.compare_digest(given.strip().encode(), key.encode()) for key in keys]
    if scheme.lower() != "bearer" or not any(fits):
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})


def admin_routes() -> Router:
    handlers = [stats, ingest, unanswered, index, feedback, drift]
    return Router("/v1/admin", route_handlers=handlers, guards=[require_key], security=[{"admin": []}])
