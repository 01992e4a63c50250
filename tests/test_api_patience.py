"""Slow writers, huge and many headers, against the real server: refused in time, while others are served."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

SCRIPT = """
from rag.api import patience
from rag.api.app import build_app
from rag.api.server import serve
from fake_backend import FakeBackend
from rag.settings import Settings

patience.HEAD_S = patience.BODY_S = patience.LAST_BYTES_S = 1.0
app = build_app(FakeBackend(settings=Settings(rate_limit="off")))
serve(app, "127.0.0.1", 0, lambda address: print(address, flush=True))
"""
HEAD = b"POST /v1/search HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
WHOLE_HEAD = HEAD + b"content-length: 19\r\n\r\n"
BODY = b'{"query": "bridge"}'
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = httpx.URL(process.stdout.readline().strip())
    assert url.port is not None
    yield url.host, url.port
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")


def answer(connection: socket.socket) -> tuple[int, str]:
    """Status and code of the error; the connection has ended then."""
    connection.settimeout(30)
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


def is_served(address: tuple[str, int]) -> bool:
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY)
        return connection.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "begun", [b"", b"POST", HEAD, HEAD + b"content-length: 19\r\n\r\n", HEAD + b"content-length: 19\r\n\r\n{"]
)
def test_who_stops_sending_is_refused_in_time(begun: bytes, address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(begun)
        began = time.monotonic()
        assert answer(connection) == (408, "timeout")
        assert time.monotonic() - began < 20


def test_who_sends_a_byte_now_and_then_gains_no_time(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        began = time.monotonic()
        connection.sendall(HEAD + b"content-length: 1000\r\n\r\n")
        try:
            while time.monotonic() - began < 30:
                connection.sendall(b" ")
                time.sleep(0.1)
        except OSError:
            pass
        assert time.monotonic() - began < 20


def test_slow_writers_keep_nobody_else_from_being_served(address: tuple[str, int]) -> None:
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(address)).sendall(WHOLE_HEAD + b"{")
        assert is_served(address)


@pytest.mark.parametrize(
    "headers",
    [
        b"x-a: " + b"a" * 40_000 + b"\r\n",
        b"".join(b"x-%d: a\r\n" % n for n in range(200)),
        b"".join(b"x-%d: %s\r\n" % (n, b"a" * 1000) for n in range(50)),
    ],
    ids=["one huge line", "many lines", "many large lines"],
)
def test_a_head_that_is_too_large_is_refused(headers: bytes, address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + headers + b"\r\n")
        assert answer(connection) == (431, "headers_too_large")


def test_a_header_without_end_is_cut_off(address: tuple[str, int]) -> None:
    sent = 0
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + b"x-a: ")
        try:
            while sent < 100_000_000:
                sent += connection.send(b"a" * 65_536)
        except OSError:
            pass
    assert sent < 100_000_000


def test_an_address_that_is_too_long_is_refused(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET /v1/articles/" + b"a" * 40_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        assert answer(connection) == (431, "headers_too_large")


def test_what_a_browser_sends_passes(address: tuple[str, int]) -> None:
    host, port = address
    headers = {f"x-{n}": "a" * 200 for n in range(60)}
    response = httpx.post(f"http://{host}:{port}/v1/search", json={"query": "a"}, headers=headers, timeout=30)
    assert response.status_code == 200


def test_a_connection_is_used_for_many_requests_of_which_each_has_its_time(address: tuple[str, int]) -> None:
    host, port = address
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=30) as client:
        for _ in range(4):
            assert client.post("/v1/search", json={"query": "a"}).status_code == 200
            time.sleep(0.5)
