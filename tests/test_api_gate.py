"""How many are taken, and how those are refused who are not: at once, before anything of them is parsed."""

import asyncio
import time
from collections.abc import Iterator

import anyio
import httpx
import pytest
from connection import Connection
from fake_backend import ANSWER, SOURCE, FakeBackend, turn
from litestar.testing import TestClient
from served import served
from streamed import START

from rag.api.admission import AT_REST_S, COMER, Admission
from rag.api.app import build_app
from rag.api.gate import Gate
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


@pytest.mark.anyio
async def test_of_those_who_come_at_one_moment_so_many_pass_as_there_is_room_for() -> None:
    admission = Admission(running=1, waiting=1, streams=9)
    gate = Gate(admission)
    one, other = gate.comer(b"POST", b"/v1/chat"), gate.comer(b"POST", b"/v1/search?x=1")
    assert one is not None
    assert other is not None
    assert gate.comer(b"GET", b"/v1/articles") is None
    one.comes()
    assert not gate.is_shut
    other.comes()
    other.comes()
    assert (gate.is_shut, admission.is_full) == (True, False)
    before = COMER.set(one)
    async with admission.slot():
        assert gate.is_shut
    COMER.reset(before)
    assert not gate.is_shut
    other.has_come()
    other.comes()
    assert admission.coming == 0


@pytest.mark.anyio
@pytest.mark.parametrize(("running", "turns"), [(1, 3), (2, 0)])
async def test_work_begins_behind_a_crowd_that_is_told_to_come_back(
    running: int, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``turns`` of the event loop that take long, which keep nobody waiting where more would be taken."""
    monkeypatch.setattr("rag.api.admission.LONGEST_UNREST_S", 60.0)
    admission, taken, begun_after = Admission(running=running, waiting=0, streams=9), 0, -1

    def take_long() -> None:
        nonlocal taken
        time.sleep(1.5 * AT_REST_S)
        taken += 1
        if taken < 3:
            asyncio.get_running_loop().call_soon(take_long)

    asyncio.get_running_loop().call_soon(take_long)
    async with admission.slot():
        begun_after = taken
    assert begun_after == turns


@pytest.fixture
def full() -> Iterator[httpx.Client]:
    """Of a service that takes nobody."""
    with served(FakeBackend(settings=SITE), NOBODY) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/chat", "/v1/search", "/v1/chat?x=1"])
def test_a_refusal_says_when_to_come_back_and_parses_nothing(full: httpx.Client, path: str) -> None:
    response = full.post(path, content=b"not JSON")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.json()["error"]["code"] == "busy"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_refusal_waits_for_the_end_of_the_body_so_that_it_is_read(full: httpx.Client) -> None:
    assert full.post("/v1/chat", content=(b" " * 60_000 for _ in range(20))).status_code == 503


def test_a_page_may_read_that_it_is_to_come_back(full: httpx.Client) -> None:
    asked = full.post("/v1/chat", headers={"Origin": "https://blog.example"})
    alone = full.post("/v1/chat")
    assert asked.headers["access-control-allow-origin"] == "https://blog.example"
    assert asked.headers["access-control-expose-headers"] == "Retry-After"
    assert "access-control-allow-origin" not in alone.headers


def test_whoever_only_looks_something_up_is_served_all_the_same(full: httpx.Client) -> None:
    paths = ["/health/live", "/health/ready", "/v1/articles", "/v1/conversations/c1", "/"]
    assert {full.get(path).status_code for path in paths} == {200}
    assert full.options("/v1/chat", headers={"Origin": "https://blog.example"}).status_code == 204


def test_a_question_for_which_there_is_no_room_is_refused_wherever_else_it_is_asked() -> None:
    with TestClient(build_app(FakeBackend(settings=SITE), limits=NOBODY)) as client:
        response = client.post("/v1/chat", json=QUESTION)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
