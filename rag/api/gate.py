"""The quickest refusal, before an application sees a request: a crowd is told at once to come back.

In: a request's method, address and headers. Out: a whole response with ``Retry-After`` for a question while no more are
taken, else nothing. Pages of every origin may read the refusal, as they may read why they are refused.
"""

from collections.abc import Iterable

import msgspec

from rag.api.admission import BUSY, Admission
from rag.api.cross_origin import SECURITY
from rag.api.refusals import RETRY_AFTER_S
from rag.errors import BusyError
from rag.records import ErrorBody, ErrorResponse

GUARDED = frozenset({b"/v1/chat", b"/v1/search"})
_BODY = msgspec.json.encode(ErrorResponse(error=ErrorBody(code=BusyError.code, message=BUSY, param=None)))
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_BODY)).encode()),
    (b"retry-after", str(RETRY_AFTER_S).encode()),
    (b"vary", b"Origin"),
    (b"connection", b"close"),
    *((name.encode(), value.encode()) for name, value in SECURITY.items()),
)
_HEAD = b"HTTP/1.1 503 Service Unavailable\r\n" + b"".join(b"%b: %b\r\n" % header for header in _HEADERS)
_SHARED = b"access-control-allow-origin: %b\r\naccess-control-expose-headers: Retry-After\r\n"


class Gate:
    """Of one service."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    def refusal(self, method: bytes, address: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """None for whoever may pass. ``headers``: with names in small letters."""
        if not (self._admission.is_full and method == b"POST" and address.partition(b"?")[0] in GUARDED):
            return None
        origin = next((value for name, value in headers if name == b"origin"), None)
        return b"".join((_HEAD, _SHARED % origin if origin else b"", b"\r\n", _BODY))
