"""The quickest refusal: before routing, guards and bodies, so that a crowd is told at once to come back.

In: a request. Out: 503 with ``Retry-After`` for a question while no more are taken, else whatever the application
says. Pages of every origin may read the refusal, as they may read why they are refused.
"""

import msgspec
from litestar.types import ASGIApp, Receive, Scope, Send

from rag.api.admission import BUSY, Admission
from rag.api.cross_origin import SECURITY
from rag.api.refusals import RETRY_AFTER_S
from rag.errors import BusyError
from rag.records import ErrorBody, ErrorResponse

GUARDED = frozenset({"/v1/chat", "/v1/search"})
_BODY = msgspec.json.encode(ErrorResponse(error=ErrorBody(code=BusyError.code, message=BUSY, param=None)))
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"retry-after", str(RETRY_AFTER_S).encode()),
    (b"vary", b"Origin"),
    *((name.encode(), value.encode()) for name, value in SECURITY.items()),
)


def gate(app: ASGIApp, admission: Admission) -> ASGIApp:
    """The application behind it."""

    async def gated(scope: Scope, receive: Receive, send: Send) -> None:
        if not (admission.is_full and scope.get("method") == "POST" and scope["path"] in GUARDED):
            await app(scope, receive, send)
            return
        headers = [*_HEADERS, *_sharing(scope)]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": _BODY, "more_body": False})

    return gated


def _sharing(scope: Scope) -> list[tuple[bytes, bytes]]:
    origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
    if origin is None:
        return []
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", b"Retry-After")]
