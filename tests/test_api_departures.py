"""Clients that go, clients that wait, a service that stops: sources are closed, slots given back, streams ended."""

from collections.abc import AsyncIterator

import anyio
import pytest
from connection import Connection
from fake_backend import ANSWER, FakeBackend, turn
from streamed import START, events

from index.records import IngestProgress
from rag.api.app import build_app
from rag.api.wiring import Limits
from rag.records import Event, MessageEnd, Question


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


QUESTION: dict[str, object] = {"question": "Wie viele?", "stream": True}


async def leave_early(connection: Connection, *, within_s: float = 5) -> None:
    """The client goes as soon as something came."""
    with anyio.fail_after(within_s):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            connection.gone.set()


@pytest.mark.anyio
async def test_the_source_is_closed_when_the_client_goes() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    connection = Connection(build_app(backend), QUESTION)
    await leave_early(connection)
    assert backend.closed == 1
    assert b"message.end" not in connection.sent


class UnshieldedBackend(FakeBackend):
    """Cleans up with an ``await`` that a cancelled task would not let through."""

    async def events(self, question: Question) -> AsyncIterator[Event]:
        try:
            for event in turn():
                yield event
        finally:
            await anyio.sleep(0)
            self.closed += 1


@pytest.mark.anyio
async def test_the_source_is_closed_in_full_when_the_client_goes_with_the_last_event() -> None:
    backend = UnshieldedBackend()
    connection = Connection(build_app(backend), QUESTION, hold_back=b"message.end")
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await anyio.wait_all_tasks_blocked()
            connection.gone.set()
    assert backend.closed == 1


@pytest.mark.anyio
async def test_an_ingest_run_stops_when_its_client_goes() -> None:
    backend = FakeBackend(run=(IngestProgress(phase="reading", done=1, total=1),) * 100_000)
    connection = Connection(build_app(backend, owner_token="key"), {"paths": ["/articles"]})
    await leave_early(connection, within_s=10)
    assert backend.closed == 1
    assert connection.sent.count(b"\n") < 100_000


@pytest.mark.anyio
async def test_a_client_that_goes_gives_its_slot_back() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend, limits=Limits(running=1, waiting=0))
    first, second = Connection(app, QUESTION), Connection(app, QUESTION)
    await leave_early(first)
    backend.script = turn()
    with anyio.fail_after(5):
        await second.run()
    assert b"event: message.end" in second.sent


@pytest.mark.anyio
async def test_when_every_slot_and_place_in_the_queue_is_taken_the_next_is_refused_at_once() -> None:
    backend = FakeBackend((START, 60.0))
    app = build_app(backend, limits=Limits(running=1, waiting=1))
    running, waiting, refused = (Connection(app, QUESTION) for _ in range(3))
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(running.run)
            await running.some_sent.wait()
            tasks.start_soon(waiting.run)
            await anyio.wait_all_tasks_blocked()
            await refused.run()
            running.gone.set()
            waiting.gone.set()
    assert refused.status == 503
    assert b'"code":"busy"' in refused.sent
    assert len(backend.calls) == 1


@pytest.mark.anyio
async def test_who_waited_is_answered_when_a_slot_is_free() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend, limits=Limits(running=1, waiting=1))
    first, second = Connection(app, QUESTION), Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first.run)
            await first.some_sent.wait()
            tasks.start_soon(second.run)
            await anyio.wait_all_tasks_blocked()
            backend.script = turn()
            first.gone.set()
    assert b"event: message.end" in second.sent


@pytest.mark.anyio
async def test_a_stream_that_outlasts_the_service_ends_with_a_retryable_error() -> None:
    backend = FakeBackend((START, 60.0, MessageEnd(answer=ANSWER)))
    app = build_app(backend)
    connection = Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            await connection.some_sent.wait()
            app.state.closing.begin(0.05)
    *_, last = events(connection.sent.decode())
    assert last[0] == "error"
    assert last[2]["retryable"] is True
    assert backend.closed == 1
