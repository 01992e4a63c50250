"""Who comes to the door: a connection before its first request is read.

In: the first bytes of a connection. Out: while no more questions are taken, a refusal for one that is there as a whole,
in a fraction of the time that reading it takes; everything else goes to the protocol that reads requests, from its
first byte. Of thousands who come at the same moment so each is told to come back before he gives up.
"""

import asyncio
import re
from typing import Any, cast

from litestar import Litestar

from rag.api import patience
from rag.api.gate import Gate

_MOST_BYTES = 8 * 1024
"""Of a question with its head; longer ones are read as any request is."""
_HEAD = re.compile(
    rb"(?P<method>[A-Z]+) (?P<address>[!-~]+) HTTP/1\.1\r\n"
    rb"(?P<fields>(?:[!#-'*+.^-z|~\w-]+:[\t -~\x80-\xff]*\r\n)+)\r\n"
)
_LENGTH = re.compile(rb"^content-length:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_ORIGIN = re.compile(rb"^origin:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^(?:transfer-encoding|expect):", re.IGNORECASE | re.MULTILINE)


class Doorkeeper(asyncio.Protocol):
    """One connection, until something of it has arrived. Made as uvicorn makes its protocols."""

    def __init__(self, **made_with: Any) -> None:
        self._made_with = made_with
        self._connections: set[Any] = made_with["server_state"].connections
        self._gate: Gate = cast(Litestar, made_with["config"].app).state.gate
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._deadline = asyncio.get_running_loop().call_later(patience.HEAD_S, self._send_away, patience.TOO_LATE)

    def data_received(self, data: bytes) -> None:
        if self._gate.is_shut and (refusal := self._refusal(data)):
            self._send_away(refusal)
        else:
            self._let_in(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def shutdown(self) -> None:
        """Nothing was asked yet."""
        if self._transport is not None:
            self._transport.close()

    def _refusal(self, data: bytes) -> bytes | None:
        """Of a request that is whole and begins as plainly as nearly all do."""
        head = _HEAD.match(data) if len(data) <= _MOST_BYTES else None
        if head is None or _CHUNKED.search(head["fields"]):
            return None
        lengths = [length.strip() for length in _LENGTH.findall(head["fields"])]
        if lengths != [b"%d" % (len(data) - head.end())]:
            return None
        origin = _ORIGIN.search(head["fields"])
        named = [(b"origin", origin[1].strip())] if origin else []
        return self._gate.refusal(head["method"], head["address"], named)

    def _let_in(self, data: bytes) -> None:
        self._leave()
        protocol = patience.PatientProtocol(**self._made_with)
        assert self._transport is not None, "data comes over a connection that was made"
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def _send_away(self, last_words: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(last_words)
            self._transport.close()
            if self._transport.get_write_buffer_size():
                asyncio.get_running_loop().call_later(patience.LAST_BYTES_S, self._transport.abort)

    def _leave(self) -> None:
        self._connections.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
