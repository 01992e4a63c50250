"""A server in front of another one that fails as it is told to.

In: the address of a server. Out: a service on a free port that passes requests on; the next ``failing`` ones get 503,
and while it is ``silent`` nobody gets anything. It keeps the headers and the number of the requests it has seen.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HEADERS = {"content-type"}
"""Those that are passed on."""


class FailingProxy:
    def __init__(self, url: str) -> None:
        self.url = url
        self.failing = 0
        self.silent = False
        self.closing = threading.Event()
        self.seen: list[dict[str, str]] = []
        self.port = 0

    def fails(self) -> bool:
        self.failing -= 1
        return self.failing >= 0


@contextmanager
def failing_proxy(url: str) -> Iterator[FailingProxy]:
    proxy = FailingProxy(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            proxy.seen.append({name.lower(): value for name, value in self.headers.items()})
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            if proxy.silent:
                proxy.closing.wait()
                self.close_connection = True
                return
            if proxy.fails():
                self.reply(503, b"{}")
                return
            wanted = {name: value for name, value in self.headers.items() if name.lower() in HEADERS}
            got = httpx.request(self.command, proxy.url + self.path, content=content, headers=wanted, timeout=30)
            self.reply(got.status_code, got.content)

        do_GET = do_POST = do_DELETE = pass_on  # noqa: N815  (names that the base class looks up)

        def reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.closing.set()
            server.shutdown()
            thread.join()
