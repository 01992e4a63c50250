"""A service with a FakeBackend on a free port of this machine, for a browser or any other client.

In: a backend. Out: the address of a running service; it stops when the block ends. With ``sharing``, pages of other
origins may ask it too.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fake_backend import FakeBackend
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.app import build_app

_SHARED = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"content-type, x-kilde-site"),
    (b"access-control-allow-methods", b"GET, POST, DELETE"),
]


@contextmanager
def widget_site(backend: FakeBackend, *, sharing: bool = False) -> Iterator[str]:
    app = build_app(backend)
    server = uvicorn.Server(
        uvicorn.Config(_shared(app) if sharing else app, log_config=None, ws="none", timeout_graceful_shutdown=2)
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _shared(app: ASGIApp) -> ASGIApp:
    """The service as a page of another origin sees it where it is allowed to ask."""

    async def shared(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_shared(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = [name for name, _ in _SHARED]
                message["headers"] = [*(h for h in message["headers"] if h[0] not in names), *_SHARED]
            await send(message)

        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await send_shared({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await app(scope, receive, send_shared)

    return shared
