"""How many are taken, and how those are refused who are not: at once, before anything is read of them."""

import anyio
import pytest
from connection import Connection
from fake_backend import ANSWER, SOURCE, FakeBackend, turn
from litestar import Litestar
from litestar.testing import TestClient
from streamed import START

from rag.api.admission import Admission
from rag.api.app import build_app
from rag.api.wiring import Limits
from rag.errors import BusyError
from rag.records import Event, MessageEnd, PhaseStatus, SourcesFound
from rag.settings import Settings

QUESTION: dict[str, object] = {"question": "Wie viele?", "stream": True}
NOBODY = Limits(running=1, waiting=0, streams=0)
SITE = Settings(rate_limit="off", sites="blog=https://blog.example")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def second_of_two(limits: Limits, *first: Event | Exception | float) -> Connection:
    """Its connection, once it has ended, while the first, of these events, is still open."""
    backend = FakeBackend(first)
    app = build_app(backend, limits=limits)
    one, other = Connection(app, QUESTION), Connection(app, QUESTION)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run)
            await anyio.wait_all_tasks_blocked()
            backend.script = turn()
            await other.run()
            one.gone.set()
    return other


FOUND = (START, PhaseStatus(phase="searching"), SourcesFound(sources=(SOURCE,)), 60.0, MessageEnd(answer=ANSWER))


@pytest.mark.anyio
async def test_a_stream_that_has_found_its_sources_takes_no_slot_from_the_next() -> None:
    other = await second_of_two(Limits(running=1, waiting=0), *FOUND)
    assert b"event: message.end" in other.sent


@pytest.mark.anyio
async def test_a_stream_that_still_searches_keeps_its_slot() -> None:
    other = await second_of_two(Limits(running=1, waiting=0), *FOUND[:2], 60.0)
    assert other.status == 503


@pytest.mark.anyio
async def test_one_open_stream_too_many_is_refused() -> None:
    other = await second_of_two(Limits(running=9, waiting=9, streams=1), *FOUND)
    assert other.status == 503


@pytest.mark.anyio
async def test_a_slot_is_given_back_once_however_often_that_is_said() -> None:
    admission = Admission(running=1, waiting=0, streams=9)
    async with admission.slot() as slot:
        slot.release()
        slot.release()
        async with admission.slot():
            assert admission.is_full
            with pytest.raises(BusyError):
                async with admission.slot():
                    pass
    assert not admission.is_full


def full(settings: Settings = SITE) -> Litestar:
    return build_app(FakeBackend(settings=settings), limits=NOBODY)


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/search"])
def test_a_refusal_says_when_to_come_back_and_reads_nothing(path: str) -> None:
    with TestClient(full()) as client:
        response = client.post(path, content=b"not JSON")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.json()["error"]["code"] == "busy"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_page_may_read_that_it_is_to_come_back() -> None:
    with TestClient(full()) as client:
        asked = client.post("/v1/chat", headers={"Origin": "https://blog.example"})
        alone = client.post("/v1/chat")
    assert asked.headers["access-control-allow-origin"] == "https://blog.example"
    assert asked.headers["access-control-expose-headers"] == "Retry-After"
    assert "access-control-allow-origin" not in alone.headers


def test_whoever_only_looks_something_up_is_served_all_the_same() -> None:
    with TestClient(full()) as client:
        paths = ["/health/live", "/health/ready", "/v1/articles", "/v1/conversations/c1", "/"]
        assert {client.get(path).status_code for path in paths} == {200}
        assert client.options("/v1/chat", headers={"Origin": "https://blog.example"}).status_code == 204
