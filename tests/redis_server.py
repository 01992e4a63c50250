"""A Redis server of its own on a free port of this machine, which keeps nothing when it ends.

In: a folder to run in. Out: a server that can be killed, held up and started again on the same port.
"""

import os
import shutil
import signal
import socket
from pathlib import Path

from evals.stack.programs import Program, free_port

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
MISSING = "there is no Redis server: apt-get install redis-server"
START_S = 10


class RedisServer:
    """Running once it is made; ``stop`` it in the end."""

    def __init__(self, folder: Path) -> None:
        assert PROGRAM is not None, MISSING
        self.port = free_port()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._program = Program("redis", [PROGRAM, *options], folder)
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self._program.start()
        self._program.wait_until(self._answers, START_S)

    def kill(self) -> None:
        self._program.kill()

    def hold(self) -> None:
        """It takes connections and says nothing."""
        os.kill(self._program.pid, signal.SIGSTOP)

    stop = kill

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False
