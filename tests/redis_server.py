"""A Redis server of its own on a free port of this machine, which keeps nothing when it ends.

In: a folder to run in. Out: a server that can be killed, held up and started again on the same port.
"""

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from chroma_server import free_port

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
MISSING = "there is no Redis server: apt-get install redis-server"
START_S = 10


class RedisServer:
    """Running once it is made; ``stop`` it in the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        assert PROGRAM is not None, MISSING
        command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=self.folder)
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert self._process.poll() is None, "the Redis server did not start"
            assert time.monotonic() < deadline, "the Redis server does not answer"
            time.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def hold(self) -> None:
        """It takes connections and says nothing."""
        self._process.send_signal(signal.SIGSTOP)

    stop = kill

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
