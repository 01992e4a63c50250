"""An answer is stopped whichever process of the service is asked to."""

from collections.abc import Iterator

import anyio
import httpx
import pytest
from connection import Connection
from fake_backend import FakeBackend
from litestar import Litestar
from redis_server import RedisServer
from streamed import events
from test_api_stop import ENDLESS, QUESTION, stop

from rag.api.app import build_app
from rag.api.stop_calls import StopCalls
from rag.api.stores import Stores
from rag.shared_memory import SharedMemory


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Process:
    """An app with a connection to the shared memory of its own."""

    def __init__(self, url: str) -> None:
        self.backend = FakeBackend(ENDLESS)
        self.shared = SharedMemory.open(url)
        self.app: Litestar = build_app(self.backend, stores=Stores(stop_calls=StopCalls(self.shared)))


@pytest.fixture
def processes(redis_server: RedisServer) -> Iterator[tuple[Process, Process]]:
    pair = Process(redis_server.url), Process(redis_server.url)
    yield pair
    for process in pair:
        process.shared.close()


async def listened(process: Process, count: int) -> None:
    """Until so many processes hear what is called."""
    with anyio.fail_after(10):
        while await process.shared.ask("PUBSUB", "NUMSUB", "kilde:stop") != [b"kilde:stop", count]:
            await anyio.sleep(0.02)


@pytest.mark.anyio
async def test_an_answer_that_another_process_sends_is_stopped_and_stored_there(
    processes: tuple[Process, Process],
) -> None:
    sending, asked = processes
    connection = Connection(sending.app, QUESTION)
    async with sending.app.lifespan(), asked.app.lifespan():
        await listened(asked, 2)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(connection.run)
                await connection.some_sent.wait()
                await anyio.wait_all_tasks_blocked()
                first = (await stop(asked.app)).status_code
                (stored,) = sending.backend.conversations["c1"]
                again = (await stop(asked.app)).status_code
    assert (first, again, stored.text) == (204, 204, "Laut")
    assert [name for name, _, _ in events(connection.sent.decode())][-1] == "message.end"


@pytest.mark.anyio
async def test_what_nobody_sends_is_not_found_as_soon_as_all_have_replied(processes: tuple[Process, Process]) -> None:
    first, second = processes
    async with first.app.lifespan(), second.app.lifespan():
        await listened(first, 2)
        with anyio.fail_after(5):  # less than it waits for a reply
            response = await stop(first.app, "m9")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.anyio
async def test_another_owners_answer_is_not_found_from_another_process_either(
    processes: tuple[Process, Process],
) -> None:
    sending, asked = processes
    async with sending.app.lifespan(), asked.app.lifespan():
        await listened(asked, 2)
        calls = StopCalls(asked.shared)
        connection = Connection(sending.app, QUESTION)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(connection.run)
                await connection.some_sent.wait()
                assert not await calls.stop("m1", "site blog")
                assert await calls.stop("m1", None)


@pytest.mark.anyio
async def test_without_the_server_a_process_stops_what_it_sends_itself(
    processes: tuple[Process, Process], redis_server: RedisServer
) -> None:
    sending, other = processes
    redis_server.kill()
    connection = Connection(sending.app, QUESTION)
    async with sending.app.lifespan():
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(connection.run)
                await connection.some_sent.wait()
                assert (await stop(other.app)).status_code == 404
                assert (await stop(sending.app)).status_code == 204


@pytest.mark.anyio
async def test_calls_are_heard_again_once_the_server_is_back(
    processes: tuple[Process, Process], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.api.stop_calls.RETRY_S", 0.05)
    monkeypatch.setattr("rag.shared_memory.PAUSE_S", 0.0)
    (process, _) = processes
    monkeypatch.setattr(process.shared._breaker, "_pause_s", 0.0)
    async with process.app.lifespan():
        await listened(process, 1)
        redis_server.kill()
        redis_server.start()
        await listened(process, 1)


@pytest.mark.anyio
async def test_what_is_no_call_is_passed_over(processes: tuple[Process, Process]) -> None:
    first, second = processes
    async with first.app.lifespan(), second.app.lifespan():
        await listened(first, 2)
        await first.shared.ask("PUBLISH", "kilde:stop", b"{}")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(first.app), base_url="http://kilde") as client:
            assert (await client.post("/v1/messages/m9/stop")).status_code == 404
