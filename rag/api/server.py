"""The server around the application: one process, until it is told to stop.

In: the app and where to listen. Out: nothing; it returns once everything is sent or given up. Refuses an address that
it cannot listen on with ConfigurationError. There is no number of workers: the embedded store has one owner.
"""

import errno
import math
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from litestar import Litestar

from rag.api.doorkeeper import Doorkeeper
from rag.errors import ConfigurationError

STREAM_GRACE_S = 3.0
SHUTDOWN_S = 8
_BACKLOG = 2048


def serve(
    app: Litestar, host: str, port: int, on_ready: Callable[[str], None] | None = None, *, drain_s: float = 0.0
) -> None:
    """Serves until SIGTERM or SIGINT. ``port`` 0 takes a free one; ``on_ready`` is told the address in use. For
    ``drain_s`` seconds after a first SIGTERM requests are still taken, and told that the service is not ready."""
    _allow_all_handles()
    with _listen(host, port) as listener:
        config = uvicorn.Config(
            app,
            http=Doorkeeper,
            workers=1,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the app reads them, from the proxies that its settings name
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        _Server(config, app, on_ready, drain_s).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, app: Litestar, on_ready: Callable[[str], None] | None, drain_s: float
    ) -> None:
        super().__init__(config)
        self.app = app
        self.on_ready = on_ready
        self.drain_s = drain_s
        self.leaves_at = math.inf

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.on_ready and self.started and sockets:
            self.on_ready(_address(sockets[0]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.app.state.closing.begin(STREAM_GRACE_S)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and self.drain_s and not self.app.state.closing.is_draining:
            self.app.state.closing.announce()
            self.leaves_at = time.monotonic() + self.drain_s
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        self.should_exit = self.should_exit or time.monotonic() >= self.leaves_at
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike the base class, returns after the signal instead of raising it anew: the caller cleans up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _allow_all_handles() -> None:
    """Each stream takes one, or two with an LLM; what a shell allows unasked is often 1,024."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65_535:
        raise ConfigurationError(f"There is no port {port}. Choose one from 1024 to 65535: --port.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise ConfigurationError(_why_not(exc, host, port)) from exc


def _why_not(exc: OSError, host: str, port: int) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop the program that holds it, or choose another: --port."
    if exc.errno == errno.EACCES:
        return f"Port {port} on {host} is reserved for the system. Choose one above 1023: --port."
    return f"Cannot listen on {host}, port {port}: {exc}. Choose another address: --host, --port."


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
