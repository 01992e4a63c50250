"""Readers by the thousand, each on a connection of its own, with as little work for this process as can be.

In: the address of a service, questions, and whether readers leave early. Out: what came of each: status, when the
response began, how many last events. Knows just enough of HTTP and of server-sent events for that.
"""

import re
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from itertools import islice
from urllib.parse import urlsplit

import msgspec

TERMINAL = (b"event: message.end\n", b"event: error\n")
_STATUS = re.compile(rb"HTTP/1\.1 (\d+)")
_KEPT = max(map(len, TERMINAL)) - 1


class Came(msgspec.Struct):
    """What came of one request. Times are on the monotonic clock."""

    asked_at: float
    """Before the connection was opened."""
    head_at: float = 0.0
    """When the response began; 0 where none came."""
    ended_at: float = 0.0
    """When the service had closed the connection; 0 where it has not, or the reader has left."""
    status: int = 0
    ends: int = 0
    """Last events in the stream."""
    errors: int = 0
    """Of these, errors."""
    has_retry_after: bool = False
    bytes: int = 0

    @property
    def head_s(self) -> float:
        return self.head_at - self.asked_at


class _Reader:
    def __init__(self, request: bytes, address: tuple[str, int]) -> None:
        self.request = request
        self.rest = b""
        self.came = Came(asked_at=time.monotonic())
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(address)

    def read(self) -> bool:
        """Whether more may come."""
        try:
            data = self.socket.recv(65_536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            self.came.ended_at = time.monotonic()
            return False
        self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        came = self.came
        came.bytes += len(data)
        if not came.head_at:
            came.head_at = time.monotonic()
            if found := _STATUS.match(data):
                came.status = int(found[1])
            came.has_retry_after = b"\r\nretry-after:" in data.lower()
        text = self.rest + data
        ends = [text.count(end) for end in TERMINAL]
        came.ends, came.errors = came.ends + sum(ends), came.errors + ends[1]
        # An event's name may be cut in two, and what was counted must not be counted again.
        counted = max(text.rfind(end) + len(end) for end in TERMINAL) if sum(ends) else 0
        self.rest = text[counted:][-_KEPT:]


def crowd(
    url: str,
    questions: Iterable[str],
    *,
    at_once: int,
    within_s: float,
    arriving: int = 1_000_000,
    leaves: Callable[[Came], bool] = lambda came: False,
    meanwhile: Callable[[int], None] = lambda open_now: None,
) -> list[Came]:
    """At most ``at_once`` readers at a time, until all have been served or the time is over; then those who are left
    go. ``arriving``: so many may wait for the head of their response before another comes. ``leaves``: whether a reader
    goes now. ``meanwhile`` is told often how many are there."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    waiting = iter(questions)
    readers: set[_Reader] = set()
    headless: set[_Reader] = set()
    came: list[Came] = []
    deadline = time.monotonic() + within_s
    with selectors.EpollSelector() as selector:
        while time.monotonic() < deadline:
            for question in islice(waiting, max(0, min(arriving - len(headless), at_once - len(readers)))):
                reader = _Reader(_request(parts.netloc, question), (parts.hostname, parts.port))
                readers.add(reader)
                headless.add(reader)
                came.append(reader.came)
                selector.register(reader.socket, selectors.EVENT_WRITE, reader)
            if not readers:
                break
            for key, mask in selector.select(0.05):
                reader = key.data
                goes = not _step(selector, reader, mask) or leaves(reader.came)
                if goes or reader.came.head_at:
                    headless.discard(reader)
                if goes:
                    selector.unregister(key.fileobj)
                    reader.socket.close()
                    readers.discard(reader)
            meanwhile(len(readers))
        for reader in readers:
            reader.socket.close()
    return came


def _step(selector: selectors.BaseSelector, reader: _Reader, mask: int) -> bool:
    """Whether the reader stays."""
    if mask & selectors.EVENT_WRITE:
        try:
            reader.socket.send(reader.request)
        except OSError:
            return False
        selector.modify(reader.socket, selectors.EVENT_READ, reader)
        return True
    return reader.read()


def _request(host: str, question: str) -> bytes:
    body = msgspec.json.encode({"question": question, "stream": True})
    head = (
        f"POST /v1/chat HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
