"""A service with a FakeBackend on a free port of this machine, for a browser or any other client.

In: a backend, and pages of a publisher to serve beside it. Out: the address of a running service; it stops when the
block ends. ``sites`` is what KILDE_SITES says, with ``{origin}`` for that of the name ``localhost``, which is another.
"""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import uvicorn
from fake_backend import FakeBackend
from litestar.types import ASGIApp, Receive, Scope, Send

from rag.api.app import build_app
from rag.api.stores import Stores

Pages = Mapping[str, tuple[str, str]]
"""HTML and content security policy, by path."""


@contextmanager
def widget_site(
    backend: FakeBackend, pages: Pages | None = None, *, sites: str | None = None, stores: Stores | None = None
) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://localhost:{listener.getsockname()[1]}"
        sites = sites and sites.format(origin=origin)
        backend.settings = msgspec.structs.replace(backend.settings, sites=sites, rate_limit="off")
        app = _with_pages(build_app(backend, stores=stores), {} if pages is None else pages)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="off"))
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
        await _send(send, headers, html.encode())

    return served


async def _send(send: Send, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
