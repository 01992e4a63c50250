"""The quickest refusal, before an application sees a request: a crowd is told at once to come back.

In: a request's method, address and headers. Out: a whole response with ``Retry-After`` for a question while no more are
taken, else nothing. Those who come at one moment are counted as they come: it takes a while until each has asked for
his place. Pages of every origin may read the refusal, as they may read why they are refused.
"""

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from rag.api.admission import BUSY, Admission
from rag.api.raw import raw_refusal
from rag.api.refusals import RETRY_AFTER_S
from rag.errors import BusyError
from rag.records import ErrorBody

GUARDED = frozenset({b"/v1/chat", b"/v1/search"})
MOMENT_S = 0.05
_ORIGINS = 64
"""Of which the refusal is kept."""


class Gate:
    """Of one service."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._room_left: int | None = None
        """Of what there was when the first one of this moment came; None between two moments."""

    @property
    def is_shut(self) -> bool:
        """Whether no more questions are taken."""
        return self._admission.is_full or self._room_left == 0

    def refusal(self, method: bytes, address: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """None for whoever may pass. ``headers``: with names in small letters."""
        if method != b"POST" or address.partition(b"?")[0] not in GUARDED:
            return None
        if self.is_shut:
            return _busy(next((value for name, value in headers if name == b"origin"), None))
        self._let_in()
        return None

    def _let_in(self) -> None:
        if self._room_left is None:
            self._room_left = self._admission.room
            asyncio.get_running_loop().call_later(MOMENT_S, self._end_moment)
        self._room_left -= 1

    def _end_moment(self) -> None:
        self._room_left = None


@lru_cache(_ORIGINS)
def _busy(origin: bytes | None) -> bytes:
    shared = {"access-control-expose-headers": "Retry-After"}
    return raw_refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ErrorBody(code=BusyError.code, message=BUSY, param=None),
        {"retry-after": str(RETRY_AFTER_S), "vary": "Origin"}
        | ({"access-control-allow-origin": origin.decode("latin-1"), **shared} if origin else {}),
    )
