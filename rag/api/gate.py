"""The quickest refusal, before an application sees a request: a crowd is told at once to come back.

In: a request's method, address and headers. Out: a whole response with ``Retry-After`` for a question while no more are
taken, else nothing. Those who come at one moment are counted as they come, since it takes a while until each has asked
for his place. Pages of every origin may read the refusal, as they may read why they are refused.
"""

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from rag.api.admission import BUSY, Admission, Comer
from rag.api.raw import raw_refusal
from rag.api.refusals import RETRY_AFTER_S
from rag.errors import BusyError
from rag.records import ErrorBody

GUARDED = frozenset({b"/v1/chat", b"/v1/search"})
_ORIGINS = 64
"""Of which the refusal is kept."""


class Gate:
    """Of one service."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    @property
    def is_shut(self) -> bool:
        """Whether no more questions are taken."""
        return self._admission.will_be_full

    def refusal(self, method: bytes, address: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """None for whoever may pass. ``headers``: with names in small letters."""
        if not (self.is_shut and _is_guarded(method, address)):
            return None
        return _busy(next((value for name, value in headers if name == b"origin"), None))

    def comer(self, method: bytes, address: bytes) -> Comer | None:
        """Who passes, to be counted; None for one who asks for no place."""
        return Comer(self._admission) if _is_guarded(method, address) else None


def _is_guarded(method: bytes, address: bytes) -> bool:
    return method == b"POST" and address.partition(b"?")[0] in GUARDED


@lru_cache(_ORIGINS)
def _busy(origin: bytes | None) -> bytes:
    shared = {"access-control-expose-headers": "Retry-After"}
    return raw_refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ErrorBody(code=BusyError.code, message=BUSY, param=None),
        {"retry-after": str(RETRY_AFTER_S), "vary": "Origin"}
        | ({"access-control-allow-origin": origin.decode("latin-1"), **shared} if origin else {}),
    )
