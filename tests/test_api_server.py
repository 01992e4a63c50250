"""The service over a real socket: streams arrive as they are made, clients that go are noticed, stopping is orderly."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fake_backend import FakeBackend

from rag.api.app import build_app
from rag.api.server import serve
from rag.errors import ConfigurationError

SCRIPT = """
import sys
from rag.api.app import build_app
from rag.api.server import serve
from rag.api.wiring import Limits
from rag.records import MessageEnd
from fake_backend import ANSWER, FakeBackend, turn
from rag.settings import Settings

pause_s, drain_s = map(float, sys.argv[1:3])
settings = Settings(rate_limit=sys.argv[3])
backend = FakeBackend((*turn()[:-1], pause_s, MessageEnd(answer=ANSWER)), settings=settings)
app = build_app(backend, limits=Limits(running=1, waiting=0, streams=1))
serve(app, "127.0.0.1", 0, lambda address: print(address, flush=True), drain_s=drain_s)
print("closed", backend.closed, flush=True)
"""
QUESTION = {"question": "Wie viele?", "stream": True}


@contextmanager
def service(
    pause_s: float, drain_s: float = 0, rate_limit: str = "60/minute"
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(pause_s), str(drain_s), rate_limit],
        cwd=Path(__file__).parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.service
def test_events_arrive_as_they_are_made_and_sigterm_ends_what_still_runs() -> None:
    with service(pause_s=60) as (process, address):
        with httpx.stream("POST", f"{address}/v1/chat", json=QUESTION, timeout=15) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: message.start"
            asked_to_stop = time.monotonic()
            process.send_signal(signal.SIGTERM)
            events = [line for line in lines if line.startswith("event: ")]
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - asked_to_stop < 10
        assert process.stdout is not None
        assert process.stdout.read() == "closed 1\n"
    assert "server" not in response.headers
    assert events[-1] == "event: error"
    assert events.count("event: error") == 1


@pytest.mark.service
def test_a_stream_that_ends_in_time_is_not_cut_by_sigterm() -> None:
    with service(pause_s=1) as (process, address):
        with httpx.stream("POST", f"{address}/v1/chat", json=QUESTION, timeout=15) as response:
            lines = response.iter_lines()
            next(lines)
            process.send_signal(signal.SIGTERM)
            events = [line for line in lines if line.startswith("event: ")]
        assert process.wait(timeout=10) == 0
    assert events[-1] == "event: message.end"


@pytest.mark.service
def test_the_service_says_nothing_of_its_own() -> None:
    with service(pause_s=0) as (process, address):
        answer = httpx.post(f"{address}/v1/chat", json=QUESTION, timeout=15).text
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)
    assert json.loads(answer.split("data: ")[-1])["message_id"] == "m1"
    assert (out, err) == ("closed 1\n", "")


@pytest.mark.service
def test_a_client_that_goes_is_noticed() -> None:
    with service(pause_s=60) as (_, address):
        with httpx.stream("POST", f"{address}/v1/chat", json=QUESTION, timeout=15) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: message.start"
            assert httpx.post(f"{address}/v1/search", json={"query": "a"}, timeout=15).status_code == 503
        deadline = time.monotonic() + 20
        while httpx.post(f"{address}/v1/search", json={"query": "a"}, timeout=15).status_code == 503:
            assert time.monotonic() < deadline, "the only slot is still held for a client that has gone"
            time.sleep(0.05)


def test_a_port_in_use_is_refused_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Port {port} on 127.0.0.1 is in use.*--port"):
            serve(build_app(FakeBackend()), "127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("203.0.113.1", 0), ("no.such.host.invalid", 0)])
def test_an_address_that_is_not_ours_is_refused(host: str, port: int) -> None:
    with pytest.raises(ConfigurationError, match="--host"):
        serve(build_app(FakeBackend()), host, port)


def test_a_port_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no port 70000.*--port"):
        serve(build_app(FakeBackend()), "127.0.0.1", 70_000)


def test_nothing_listens_before_the_service_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened a socket")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    before = set(threading.enumerate())
    build_app(FakeBackend())
    assert set(threading.enumerate()) <= before


@pytest.mark.service
def test_the_server_believes_no_forwarded_address_on_its_own() -> None:
    with service(pause_s=0) as (_, address), httpx.Client(base_url=address, timeout=15) as client:
        statuses = [
            client.post("/v1/search", json={"query": "a"}, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status_code
            for n in range(130)
        ]
    assert set(statuses) == {200, 429}


@pytest.mark.service
def test_while_it_drains_a_service_answers_and_says_that_it_is_not_ready() -> None:
    with service(pause_s=0, drain_s=4) as (process, address), httpx.Client(base_url=address, timeout=15) as client:
        before = client.get("/health/ready")
        process.send_signal(signal.SIGTERM)
        while (told := client.get("/health/ready")).status_code == 200:
            time.sleep(0.02)
        answer = client.post("/v1/chat", json={"question": "Wie viele?"})
        assert process.wait(timeout=10) == 0
    assert (before.status_code, "connection" in before.headers) == (200, False)
    assert (told.status_code, told.json()["ready"], told.json()["message"]) == (
        503,
        False,
        "the service is being stopped",
    )
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")


@pytest.mark.service
def test_a_second_sigterm_ends_the_draining() -> None:
    with service(pause_s=0, drain_s=60) as (process, address):
        process.send_signal(signal.SIGTERM)
        while httpx.get(f"{address}/health/ready").status_code == 200:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def is_ready(address: str) -> bool:
    """As a proxy finds it."""
    try:
        return httpx.get(f"{address}/health/ready", timeout=15).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.service
def test_no_request_fails_behind_a_proxy_that_asks_who_is_ready_while_a_process_is_replaced() -> None:
    with (
        service(pause_s=0.02, drain_s=3, rate_limit="off") as (leaving, first),
        service(pause_s=0.02, drain_s=3, rate_limit="off") as (_, second),
    ):
        statuses, asked_of = [], []
        while leaving.poll() is None:
            ready = [address for address in (first, second) if is_ready(address)]
            began = time.monotonic()
            while time.monotonic() - began < 0.3:  # the proxy's interval
                address = ready[len(statuses) % len(ready)]
                statuses.append(httpx.post(f"{address}/v1/chat", json=QUESTION, timeout=15).status_code)
                asked_of.append(address)
                if len(statuses) == 20:
                    leaving.send_signal(signal.SIGTERM)
        assert len(statuses) > 20
    assert (set(statuses), set(asked_of[:20]), asked_of[-1]) == ({200}, {first, second}, second)
