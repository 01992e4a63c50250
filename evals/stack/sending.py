"""Requests of readers who ask again where that may help, and a record of what failed.

In: the proxy's address, requests. Out: their responses; each failure with its moment. May be repeated: a connection
that was refused or broke, 502, 503. Whoever has asked for ``PATIENCE_S`` gives up, with RuntimeError.
"""

import threading
import time
from collections.abc import Callable

import httpx
import msgspec

PATIENCE_S = 30.0
PAUSE_S = 0.1
RETRYABLE = (502, 503)


class Failure(msgspec.Struct, frozen=True):
    at: float
    """On the monotonic clock, when the request failed."""
    what: str


class Log:
    """What all readers together sent; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests = 0
        self.failures: list[Failure] = []
        self.wrong: list[str] = []
        self.stopped = 0

    def sent(self) -> None:
        with self._lock:
            self.requests += 1

    def failed(self, failure: Failure) -> None:
        with self._lock:
            self.failures.append(failure)

    def expect(self, holds: object, what: str) -> None:
        if not holds:
            with self._lock:
                self.wrong.append(what)

    def was_stopped(self) -> None:
        with self._lock:
            self.stopped += 1


class Reader:
    """One visitor, known by an address; not safe from several threads. ``close`` it when done."""

    def __init__(self, url: str, visitor: str, log: Log) -> None:
        self.log = log
        self.asked_again = False
        """Whether a request had to be sent more than once, so that its first try may have done its work."""
        self._client = httpx.Client(base_url=url, timeout=60, headers={"X-Forwarded-For": visitor}, trust_env=False)

    def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.persist(f"{method} {path}", lambda client: client.request(method, path, json=body))

    def persist(self, what: str, request: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        """What ``request`` returns, the first time that it is none of the failures that may pass."""
        self.log.sent()
        began = time.monotonic()
        while True:
            try:
                response = request(self._client)
                failed = str(response.status_code) if response.status_code in RETRYABLE else None
            except httpx.TransportError as exc:
                failed = type(exc).__name__
            if failed is None:
                return response
            self.log.failed(Failure(time.monotonic(), f"{what}: {failed}"))
            self.asked_again = True
            if time.monotonic() - began > PATIENCE_S:
                raise RuntimeError(f"{what} fails for {PATIENCE_S:g} s: {failed}")
            time.sleep(PAUSE_S)

    def close(self) -> None:
        self._client.close()
