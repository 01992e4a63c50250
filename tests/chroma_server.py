"""A Chroma server of its own on a free port of this machine.

In: a folder for its data. Out: a server that can be killed, wiped and started again on the same port; ``address`` gives
a database that nobody else uses.
"""

import shutil
import uuid
from pathlib import Path

from evals.stack.engines import beats, chroma
from evals.stack.programs import free_port
from index.server_address import ServerAddress, parse_server

START_S = 30


class ChromaServer:
    """Running once it is made; ``stop`` it in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._program = chroma(folder, self.port)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self) -> ServerAddress:
        return parse_server(f"{self.url}?database=d{uuid.uuid4().hex}")

    def start(self) -> None:
        self._program.start()
        self._program.wait_until(lambda: beats(self.port), START_S)

    def kill(self) -> None:
        self._program.kill()

    def wipe(self) -> None:
        """Everything it held is gone; it runs."""
        self.kill()
        shutil.rmtree(self.folder)
        self.start()

    stop = kill
