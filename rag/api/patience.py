"""How long a connection may take, and how much of it is read before there is a request.

In: what a client sends, byte by byte if it likes. Out: uvicorn's handling of it. Refuses with 408 whose head or body is
not there in time, with 431 a head that is too large or has too many lines, and what the gate refuses; all end the
connection, as does a client that does not take the end of an answer. Uvicorn alone waits for all of these without end.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

from litestar import Litestar
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rag.api.admission import COMER, Comer
from rag.api.gate import Gate
from rag.api.raw import raw_refusal
from rag.records import ErrorBody

HEAD_S, BODY_S, LAST_BYTES_S = 10.0, 30.0, 30.0
HEAD_BYTES = 32 * 1024
HEAD_LINES = 100
_SAID = {
    HTTPStatus.REQUEST_TIMEOUT: ErrorBody(
        code="timeout", message="The request did not arrive in time. Please send it again."
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ErrorBody(
        code="headers_too_large",
        message=f"Address and headers together may have {HEAD_BYTES // 1024} KiB and {HEAD_LINES} lines.",
    ),
}

TOO_LATE = raw_refusal(HTTPStatus.REQUEST_TIMEOUT, _SAID[HTTPStatus.REQUEST_TIMEOUT])


class PatientProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = self._unparsed_bytes = self._lines = 0
        self._is_refused = False
        self._gate: Gate = cast(Litestar, self.config.app).state.gate
        self._comer: Comer | None = None
        self._turned_away: bytes | None = None
        """What is said once the body of a request is there that goes no further: a client may read no answer before
        it has sent all."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._in_head and self._unparsed_bytes > HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            return
        self._unparsed_bytes += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        if self._is_refused:
            return
        self._in_head, self._head_bytes, self._unparsed_bytes, self._lines = True, 0, 0, 0
        self._wait(HEAD_S)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    # What is left of a refused request in the same read is read over.

    def on_headers_complete(self) -> None:
        if self._is_refused:
            return
        self._in_head = False
        self._wait(BODY_S)
        self._turned_away = self._at_the_gate()
        if self._turned_away is None:
            before = COMER.set(self._comer)
            try:
                super().on_headers_complete()
            finally:
                COMER.reset(before)

    def on_body(self, body: bytes) -> None:
        if not self._is_refused and self._turned_away is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_refused:
            return
        if self._turned_away is None:
            self._cancel()
            if self._comer is not None:
                self._comer.comes()
            super().on_message_complete()
        else:
            self._end(self._turned_away)

    def on_response_complete(self) -> None:
        self._leave()
        super().on_response_complete()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.loop.call_later(LAST_BYTES_S, self.transport.abort)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if not self._is_refused and (self._lines > HEAD_LINES or self._head_bytes > HEAD_BYTES):
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _wait(self, seconds: float) -> None:
        self._cancel()
        self._deadline = self.loop.call_later(seconds, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _at_the_gate(self) -> bytes | None:
        """Whoever asks before his last answer was complete is neither refused nor counted here."""
        if self.cycle is not None and not self.cycle.response_complete:
            return None
        method = self.parser.get_method()
        self._comer = self._gate.comer(method, self.url)
        return self._gate.refusal(method, self.url, self.headers)

    def _leave(self) -> None:
        if self._comer is not None:
            self._comer.has_come()

    def _refuse(self, status: HTTPStatus) -> None:
        """Says why, unless an answer is under way."""
        self._end(b"" if self._is_answering() else raw_refusal(status, _SAID[status]))

    def _end(self, last_words: bytes) -> None:
        self._is_refused = True
        self._cancel()
        if not self.transport.is_closing():
            if last_words:
                self.transport.write(last_words)
            self.transport.close()
            self.loop.call_later(LAST_BYTES_S, self.transport.abort)

    def _is_answering(self) -> bool:
        """Also when the answer to a body that is still on its way was complete early."""
        has_begun = self.cycle is not None and self.cycle.response_started
        return has_begun and not (self._in_head and self.cycle.response_complete)
