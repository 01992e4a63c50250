"""A Chroma server of its own on a free port of this machine.

In: a folder for its data. Out: a server that can be killed, wiped and started again on the same port; ``address`` gives
a database that nobody else uses.
"""

import shutil
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx

from index.server_address import ServerAddress, parse_server

PROGRAM = Path(sys.executable).parent / "chroma"
START_S = 30


class ChromaServer:
    """Running once it is made; ``stop`` it in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self) -> ServerAddress:
        return parse_server(f"{self.url}?database=d{uuid.uuid4().hex}")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [PROGRAM, "run", "--path", self.folder, "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, "the Chroma server did not start"
            assert time.monotonic() < deadline, "the Chroma server does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def wipe(self) -> None:
        """Everything it held is gone; it runs."""
        self.kill()
        shutil.rmtree(self.folder)
        self.start()

    stop = kill

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/v2/heartbeat", timeout=1).is_success
        except httpx.HTTPError:
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
