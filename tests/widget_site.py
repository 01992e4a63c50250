"""A service with a FakeBackend on a free port of this machine, for a browser or any other client.

In: a backend, and pages of a publisher to serve beside it. Out: the address of a running service; it stops when the
block ends. With ``sharing``, pages of other origins may ask it too; the name ``localhost`` is one.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from fake_backend import FakeBackend
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.app import build_app

Pages = Mapping[str, tuple[str, str]]
"""HTML and content security policy, by path."""
Headers = list[tuple[bytes, bytes]]
_SHARED: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"content-type, x-kilde-site"),
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
]


@contextmanager
def widget_site(backend: FakeBackend, pages: Pages | None = None, *, sharing: bool = False) -> Iterator[str]:
    app = _with_pages(build_app(backend), {} if pages is None else pages)
    config = uvicorn.Config(_shared(app) if sharing else app, log_config=None, ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


def _with_pages(app: ASGIApp, pages: Pages) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in pages:
            await app(scope, receive, send)
            return
        html, policy = pages[scope["path"]]
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-security-policy", policy.encode())]
        await _send(send, 200, headers, html.encode())

    return served


def _shared(app: ASGIApp) -> ASGIApp:
    """The service as a page of another origin sees it where it is allowed to ask."""

    async def shared(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = [name for name, _ in _SHARED]
                message["headers"] = [*(header for header in message["headers"] if header[0] not in names), *_SHARED]
            await send(message)

        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await _send(send, 204, _SHARED, b"")
        else:
            await app(scope, receive, send_shared)

    return shared


async def _send(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
