"""A service on a free port of this machine, for clients that need a real one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fake_backend import FakeBackend

from rag.api.app import build_app
from rag.api.doorkeeper import Doorkeeper
from rag.api.wiring import Limits


@contextmanager
def served(backend: FakeBackend, limits: Limits | None = None) -> Iterator[str]:
    """Its address; it is stopped in the end."""
    app = build_app(backend, limits=limits)
    config = uvicorn.Config(app, http=Doorkeeper, port=0, log_config=None, lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
