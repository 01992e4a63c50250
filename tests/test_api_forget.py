"""Forgetting a conversation whose first answer is still being made: nothing of it is ever stored."""

from collections.abc import AsyncIterator

import anyio
import httpx
import pytest
from connection import Connection
from litestar import Litestar
from small_answering import ASKED, FACT, FixedSearch, found
from stored_turns import StoredTurns
from streamed import events

from rag.answer import Answering
from rag.api.app import build_app
from rag.conversations import Conversations
from rag.records import Question
from rag.settings import Settings

BLOG = {"origin": "https://blog.example", "x-kilde-site": "blog"}
SHOP = {"origin": "https://shop.example", "x-kilde-site": "shop"}
SITES = "blog=https://blog.example; shop=https://shop.example"
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("by_late_interaction_alone")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def backend(conversations: Conversations, tmp_path: object) -> AsyncIterator[StoredTurns]:
    await Answering(FixedSearch(found(FACT)), conversations).rehearse(Question(question=ASKED))  # loads what it needs
    opened = StoredTurns(f"sqlite:///{tmp_path}/turns.db", found(FACT))
    opened.settings = Settings(sites=SITES, rate_limit="off")
    yield opened
    opened.close()


async def forget(app: Litestar, conversation_id: str, headers: dict[str, str]) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kilde") as client:
        return await client.delete(f"/v1/conversations/{conversation_id}", headers=headers)


async def begun(connection: Connection) -> str:
    """The id of the conversation, while its first answer is searched for."""
    while b"searching" not in connection.sent:
        await anyio.sleep(0.01)
    return str(events(connection.sent.decode())[0][2]["conversation_id"])


async def test_what_is_forgotten_during_its_first_answer_is_never_stored(backend: StoredTurns) -> None:
    app = build_app(backend, stores=backend.stores)
    connection = Connection(app, {"question": ASKED, "stream": True}, headers=BLOG)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            conversation_id = await begun(connection)
            statuses: list[int] = []

            async def forget_it() -> None:
                statuses.append((await forget(app, conversation_id, BLOG)).status_code)

            tasks.start_soon(forget_it)
            await anyio.sleep(0.1)
            assert statuses == []  # not said before it is so
            backend.search_now.may_find.set()
    assert statuses == [204]
    assert (backend.rows(), backend.ended) == ((0, 0), 1)
    assert (await forget(app, conversation_id, BLOG)).status_code == 404


@pytest.mark.parametrize("headers", [SHOP, {}], ids=["another site", "nobody"])
async def test_anothers_first_answer_looks_as_if_it_were_not_there_and_goes_on(
    backend: StoredTurns, headers: dict[str, str]
) -> None:
    app = build_app(backend, stores=backend.stores)
    connection = Connection(app, {"question": ASKED, "stream": True}, headers=BLOG)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            conversation_id = await begun(connection)
            theirs, none = [await forget(app, wanted, headers) for wanted in (conversation_id, "nowhere")]
            backend.search_now.may_find.set()
    assert (theirs.status_code, theirs.text.replace(conversation_id, "nowhere")) == (none.status_code, none.text)
    assert none.status_code == 404
    assert backend.rows() == (1, 1)
    assert events(connection.sent.decode())[-1][0] == "message.end"


async def test_who_left_during_the_first_answer_finds_and_forgets_it_later(backend: StoredTurns) -> None:
    app = build_app(backend, stores=backend.stores)
    connection = Connection(app, {"question": ASKED, "stream": True}, headers=BLOG)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.run)
            conversation_id = await begun(connection)
            connection.gone.set()
            backend.search_now.may_find.set()
    assert backend.rows() == (1, 1)
    assert (await forget(app, conversation_id, SHOP)).status_code == 404
    assert (await forget(app, conversation_id, BLOG)).status_code == 204
    assert backend.rows() == (0, 0)
