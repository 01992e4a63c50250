"""What can be seen of every request from outside: a log line, metrics, a trace, and an id that ties them together.

In: a request. Out: its response with ``X-Request-Id``, which is the id that came with the request where it is a plain
one. Addresses are told as their route declares them, so that no id and no question is in them. Refuses nothing.
"""

import logging
import re
import time
import uuid

from litestar import Response, get
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from rag.api.access import rule_of
from rag.api.wiring import Wired
from rag.logs import FIELDS, REQUEST_ID
from rag.metrics import REQUEST_SECONDS, REQUESTS, RUNNING, WAITING, show_index
from rag.tracing import tracer

_PLAIN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
_log = logging.getLogger(__name__)


class Observing(ASGIMiddleware):
    """Around every route."""

    scopes = (ScopeType.HTTP, ScopeType.ASGI)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        headers = Headers.from_scope(scope)
        request_id = _id_of(headers.get("x-request-id", ""))
        method, route = str(scope.get("method", "")), str(scope["path_template"])
        began, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableScopeHeaders.from_message(message).setdefault("x-request-id", request_id)
            await send(message)

        token = REQUEST_ID.set(request_id)
        try:
            with tracer.start_as_current_span(
                f"{method} {route}", context=extract(dict(headers)), kind=SpanKind.SERVER
            ) as span:
                await next_app(scope, receive, noting)
                span.set_attribute("http.response.status_code", status)
        finally:
            _note(method, route, status, time.perf_counter() - began)
            REQUEST_ID.reset(token)


@get("/metrics", media_type="text/plain", include_in_schema=False)
async def metrics(wiring: Wired) -> Response[bytes]:
    """For Prometheus, in its text format."""
    readiness, stats = await wiring.backend.readiness(), await wiring.backend.stats()
    show_index(readiness, stats.last_ingest)
    RUNNING.set(wiring.admission.running)
    WAITING.set(wiring.admission.waiting)
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


def _id_of(given: str) -> str:
    return given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex


def _note(method: str, route: str, status: int, seconds: float) -> None:
    """Status 0: the client went before anything was sent."""
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)
    is_asked_for_often = rule_of(route).who in ("anyone", "every page") and status < 400
    fields = {"method": method, "route": route, "status": status, "ms": round(1000 * seconds)}
    _log.log(logging.DEBUG if is_asked_for_often else logging.INFO, "request", extra={FIELDS: fields})
