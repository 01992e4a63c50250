"""The OpenAPI document says what the service does: hundreds of requests made from it, and answers that keep to it."""

import msgspec
import pytest
from fake_backend import ANSWER, KEY, FakeBackend
from served import served

from evals.torture.document import Asked, ask, rows
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.settings import Settings

ADMIN = KEY["Authorization"].removeprefix("Bearer ")
OPEN = Settings(admin_key=ADMIN, rate_limit="off")


class Failing(FakeBackend):
    async def search(self, request: SearchRequest) -> SearchResponse:
        raise ZeroDivisionError


class Lying(FakeBackend):
    """Its articles have no number of characters."""

    async def answer(self, question: Question) -> Answer:
        return msgspec.structs.replace(ANSWER, text=5)  # type: ignore[arg-type]


@pytest.mark.service
@pytest.mark.slow
def test_no_request_from_the_document_fails_or_is_answered_otherwise_than_it_says() -> None:
    with served(FakeBackend(settings=OPEN)) as address:
        asked = ask(address, ADMIN, 300)
    assert asked.failures == {}
    assert (asked.server_errors, asked.mismatches) == (0, 0)
    assert asked.requests >= 300
    assert asked.refused > 0


@pytest.mark.service
@pytest.mark.slow
@pytest.mark.parametrize(("backend", "operation"), [(Failing, "POST /v1/search"), (Lying, "POST /v1/chat")])
def test_what_fails_or_lies_is_seen(backend: type[FakeBackend], operation: str) -> None:
    with served(backend(settings=OPEN)) as address:
        asked = ask(address, ADMIN, 20, only=(operation,))
    assert [told.partition(" ")[0] for told in asked.failures] != []
    assert all(told.startswith(operation) for told in asked.failures)
    assert asked.mismatches > 0


def test_the_bound_for_none_in_n_is_three_in_n() -> None:
    assert rows(Asked(requests=10_000))[-1].measured == "0.0003"
