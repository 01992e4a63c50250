"""What processes share: what is put there is found by all, and a server that fails holds nobody up."""

import logging
import sys
import time

import anyio
import pytest
from redis_server import RedisServer

from evals.stack.programs import free_port
from rag.errors import ConfigurationError, SharedMemoryGoneError
from rag.shared_memory import SharedMemory


def test_what_one_process_puts_another_finds(redis_server: RedisServer, shared: SharedMemory) -> None:
    shared.ask_here("SET", "kilde:a", b"\xff1")
    other = SharedMemory.open(redis_server.url)
    assert other.ask_here("GET", "kilde:a") == b"\xff1"
    assert anyio.run(other.ask, "GET", "kilde:a") == b"\xff1"
    other.close()


def test_a_server_that_is_gone_costs_one_try_and_is_found_again(
    redis_server: RedisServer, shared: SharedMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared.answers()
    redis_server.kill()
    with pytest.raises(SharedMemoryGoneError, match="fails"):
        shared.ask_here("GET", "kilde:a")
    assert shared.is_degraded
    with pytest.raises(SharedMemoryGoneError, match="has just failed"):
        shared.ask_here("GET", "kilde:a")
    redis_server.start()
    monkeypatch.setattr(shared._breaker, "_pause_s", 0)
    assert shared.ask_here("GET", "kilde:a") is None
    assert not shared.is_degraded


def test_a_connection_that_was_lost_is_made_anew_unseen(redis_server: RedisServer, shared: SharedMemory) -> None:
    shared.ask_here("GET", "kilde:a")
    redis_server.kill()
    redis_server.start()
    assert shared.ask_here("GET", "kilde:a") is None


def test_nobody_waits_long_for_a_silent_server(redis_server: RedisServer, shared: SharedMemory) -> None:
    assert shared.answers()
    redis_server.hold()
    began = time.monotonic()
    for _ in range(20):
        assert not shared.answers()
    assert time.monotonic() - began < 5  # two tries of 0.25 s for the first, and none for the others


def test_one_warning_a_minute_says_what_it_means(caplog: pytest.LogCaptureFixture) -> None:
    shared = SharedMemory.open(f"redis://:s3cret@127.0.0.1:{free_port()}")
    shared._breaker._pause_s = 0
    with caplog.at_level(logging.WARNING):
        assert [shared.answers() for _ in range(3)] == [False] * 3
    (told,) = [record.getMessage() for record in caplog.records if record.name == "rag.shared_memory"]
    assert ("KILDE_CACHE_URL" in told, "s3cret" in told) == (True, False)
    shared.close()


def test_an_address_of_another_form_is_refused_by_the_name_of_its_setting() -> None:
    with pytest.raises(ConfigurationError, match="KILDE_CACHE_URL"):
        SharedMemory.open("http://127.0.0.1:6379")


def test_a_missing_package_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'kilde\[redis\]'"):
        SharedMemory.open("redis://127.0.0.1")


def test_who_listens_gets_what_is_published(shared: SharedMemory) -> None:
    async def heard() -> list[bytes]:
        async with shared.listening("kilde:news") as messages:
            assert await shared.ask("PUBLISH", "kilde:news", b"one") == 1
            await shared.ask("PUBLISH", "kilde:news", b"two")
            return [await anext(messages), await anext(messages)]

    assert anyio.run(heard) == [b"one", b"two"]


def test_who_listens_is_told_that_the_server_is_gone(redis_server: RedisServer, shared: SharedMemory) -> None:
    async def heard() -> None:
        async with shared.listening("kilde:news") as messages:
            redis_server.kill()
            with anyio.fail_after(10):
                await anext(messages)

    with pytest.raises(SharedMemoryGoneError):
        anyio.run(heard)
