"""The door of a service that takes nobody: whoever asks is told at once, however the bytes come; others pass."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from fake_backend import FakeBackend
from served import served

from rag.api import patience
from rag.api.wiring import Limits
from rag.settings import Settings

HEAD = b"POST /v1/chat HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def full() -> Iterator[tuple[str, int]]:
    settings = Settings(rate_limit="off", sites="blog=https://blog.example")
    with served(FakeBackend(settings=settings), Limits(running=1, waiting=0, streams=0)) as address:
        yield place_of(address)


def place_of(address: str) -> tuple[str, int]:
    url = httpx.URL(address)
    assert url.port is not None
    return url.host, url.port


def told(address: tuple[str, int], *pieces: bytes) -> bytes:
    """All that comes until the service ends the connection."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at, piece in enumerate(pieces):
            time.sleep(0.1 if at else 0)
            connection.sendall(piece)
        received = b""
        while piece := connection.recv(65_536):
            received += piece
        return received


@pytest.mark.parametrize(
    "pieces",
    [
        (WHOLE,),
        (WHOLE[:20], WHOLE[20:-1], b"}"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n", b"0\r\n\r\n"),
        (HEAD.replace(b" /v1/chat", b" /v1/search?x=1") + b"content-length:2\r\n\r\n{}",),
    ],
    ids=["in one", "in three", "chunked", "search"],
)
def test_a_question_is_refused_once_it_is_there(full: tuple[str, int], pieces: tuple[bytes, ...]) -> None:
    head, _, body = told(full, *pieces).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 2" in head
    assert b'"code":"busy"' in body


def test_either_way_the_refusal_is_the_same(full: tuple[str, int]) -> None:
    asked = WHOLE.replace(b"\r\n\r\n", b"\r\nOrigin: https://blog.example\r\n\r\n")
    assert b"access-control-allow-origin: https://blog.example" in told(full, asked)
    assert told(full, asked) == told(full, asked[:30], asked[30:])


@pytest.mark.parametrize("other", [b"40", b"2, 40", b"12345678"])
def test_of_two_lengths_neither_is_believed(full: tuple[str, int], other: bytes) -> None:
    twice = HEAD + b"Content-Length: 2\r\nContent-Length: " + other + b"\r\n\r\n{}"
    assert told(full, twice).startswith(b"HTTP/1.1 400 ")


def test_a_head_that_is_too_large_is_too_large_for_a_full_service_too(full: tuple[str, int]) -> None:
    began = time.monotonic()
    head = HEAD + b"Origin: a" + b" " * 60_000 + b"b\r\n"
    assert told(full, head + b"Content-Length: 2\r\n\r\n{}").startswith(b"HTTP/1.1 431 ")
    assert time.monotonic() - began < 5


def test_a_long_origin_takes_no_time(full: tuple[str, int]) -> None:
    began = time.monotonic()
    head = HEAD + b"Origin: a" + b" " * 7_000 + b"b\r\n"
    assert told(full, head + b"Content-Length: 2\r\n\r\n{}").startswith(b"HTTP/1.1 503 ")
    assert time.monotonic() - began < 1


def test_no_control_byte_comes_back(full: tuple[str, int]) -> None:
    head = HEAD + b"Origin: https://a\x1b.example\r\nContent-Length: 2\r\n\r\n{}"
    assert b"\x1b" not in told(full, head)


def test_others_pass(full: tuple[str, int]) -> None:
    assert told(full, HEALTH).startswith(b"HTTP/1.1 200 ")
    assert told(full, HEALTH[:9], HEALTH[9:]).startswith(b"HTTP/1.1 200 ")


def test_whoever_says_nothing_is_told_that_he_is_late(full: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEAD_S", 0.2)
    assert told(full).startswith(b"HTTP/1.1 408 ")


def test_a_service_that_takes_questions_lets_them_in() -> None:
    with served(FakeBackend(settings=Settings(rate_limit="off"))) as address:
        question = WHOLE.replace(b"Content-Length: 2", b"Connection: close\r\nContent-Length: 18")
        asked = question.replace(b"{}", b'{"question": "Wo"}')
        assert told(place_of(address), asked).startswith(b"HTTP/1.1 200 ")


def test_who_has_said_nothing_keeps_a_service_from_nothing() -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.socket())
        with served(FakeBackend(settings=Settings(rate_limit="off"))) as address:
            silent.connect(place_of(address))
            assert told(place_of(address), HEALTH).startswith(b"HTTP/1.1 200 ")
            began = time.monotonic()
        assert time.monotonic() - began < patience.HEAD_S / 2
