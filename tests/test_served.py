"""A running service on an event loop gives what it gives at the command line."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from fake_backend import ANSWER, ARTICLE, FakeBackend, turn
from small_slack import serving

from rag.api.app import build_app
from rag.errors import KildeError, NotFoundError, UnreachableError
from rag.feedback_records import FeedbackRequest
from rag.owner import ServiceAddress
from rag.records import Event, Question, StreamError
from rag.served import Served, _events
from rag.settings import Settings

Calls = Callable[[Served], Awaitable[Any]]


def asked(backend: FakeBackend, calls: Calls) -> Any:
    async def run(url: str) -> Any:
        async with Served(ServiceAddress(url=url)) as served:
            return await calls(served)

    with serving(build_app(backend)) as url:
        return anyio.run(run, url)


async def events(served: Served, conversation_id: str | None = None) -> list[Event]:
    return [event async for event in served.events(Question(question="Wie viele?", conversation_id=conversation_id))]


def test_a_turn_arrives_step_by_step() -> None:
    assert asked(FakeBackend(), events) == list(turn())


def test_an_error_that_the_service_reports_is_raised_or_told() -> None:
    failed = StreamError(code="busy", message="later", retryable=True)
    assert asked(FakeBackend(script=(failed,)), events) == [failed]
    with pytest.raises(NotFoundError):
        asked(FakeBackend(), lambda served: events(served, "unknown"))


def test_the_other_calls_give_what_the_backend_gives() -> None:
    async def calls(served: Served) -> tuple[Any, ...]:
        feedback = await served.give_feedback("m1", FeedbackRequest(rating="up"))
        articles, article = await served.articles(), await served.article("a1")
        conversation = await served.conversation("c1")
        await served.delete_conversation("c1")
        return feedback.rating, articles[0].title, article, conversation.messages

    backend = FakeBackend()
    assert asked(backend, calls) == ("up", ARTICLE.title, ARTICLE, (ANSWER,))
    assert backend.conversations == {}


def test_the_owner_of_the_service_is_no_visitor_whose_questions_are_counted() -> None:
    async def run(url: str) -> int:
        async with Served(ServiceAddress(url=url, token="let-me-in")) as served:
            return sum([len(await events(served)) > 0 for _ in range(5)])

    backend = FakeBackend(settings=Settings(rate_limit="2/minute"))
    with serving(build_app(backend, owner_token="let-me-in")) as url:
        assert anyio.run(run, url) == 5


def test_a_service_that_is_gone_is_named() -> None:
    async def run() -> None:
        async with Served(ServiceAddress(url="http://127.0.0.1:1")) as served:
            await events(served)

    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        anyio.run(run)
    assert issubclass(UnreachableError, KildeError)


def test_events_are_read_wherever_their_bytes_are_cut() -> None:
    whole = 'event: text.delta\nid: 1\ndata: {"text":"a\u2028ü"}\n\n: keep-alive\n\n'.encode() * 3

    async def cut(size: int) -> AsyncIterator[bytes]:
        for at in range(0, len(whole), size):
            yield whole[at : at + size]

    async def texts(size: int) -> list[Any]:
        return [getattr(event, "text", None) async for event in _events(cut(size))]

    assert all(anyio.run(texts, size) == ["a\u2028ü"] * 3 for size in (1, 2, 7, len(whole)))
