"""The tools over the Model Context Protocol, with the protocol's own client: over HTTP, and over stdio."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from fake_backend import ANSWER, ARTICLE, HIT, QUOTE, FakeBackend
from mcp import ClientSession, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent
from served import served

from index.records import ArticleDetail
from rag.api.wiring import Limits
from rag.errors import BusyError
from rag.mcp_tools import call
from rag.owner import Owner
from rag.records import Answer, Question, SearchRequest, SearchResponse

KILDE = """
import sys, types
sys.path.insert(0, sys.argv.pop(1))
from fake_runtime import FakeRuntime
module = types.ModuleType("rag.runtime")
module.open_runtime = lambda settings: FakeRuntime(settings=settings)
sys.modules["rag.runtime"] = module
from rag.cli import main
main()
"""
FOUND = {"id": "a1", "title": "The harbour bridge", "url": "https://news.example/bridge"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def over_http(address: str) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{address}/mcp") as (incoming, outgoing),
        ClientSession(incoming, outgoing) as session,
    ):
        await session.initialize()
        yield session


@asynccontextmanager
async def over_stdio(data_dir: Path) -> AsyncIterator[ClientSession]:
    """``kilde mcp`` over a runtime that it opens for itself, unless a service owns the folder."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-c", KILDE, str(Path(__file__).parent), "mcp"],
        env={"KILDE_DATA_DIR": str(data_dir), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )
    with Path(os.devnull).open("w") as quiet:
        async with (
            stdio_client(command, errlog=quiet) as (incoming, outgoing),
            ClientSession(incoming, outgoing) as session,
        ):
            await session.initialize()
            yield session


@pytest.fixture(params=["http", "stdio", "stdio to a service"])
def connect(request: pytest.FixtureRequest, backend: FakeBackend, tmp_path: Path) -> Iterator[Any]:
    """Opens a session, by each of the ways there are."""
    if request.param == "stdio":
        yield lambda: over_stdio(tmp_path)
        return
    with served(backend) as address:
        if request.param == "http":
            yield lambda: over_http(address)
            return
        with Owner.acquire(tmp_path) as owner:
            owner.publish(address)
            yield lambda: over_stdio(tmp_path)


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.anyio
@pytest.mark.service
async def test_every_tool_works_by_every_way(connect: Any) -> None:
    with anyio.fail_after(60):
        async with connect() as session:
            tools = (await session.list_tools()).tools
            found = await session.call_tool("search", {"query": "bridge"})
            document = await session.call_tool("fetch", {"id": "a1"})
            answer = await session.call_tool("ask", {"question": "Wie viele?", "lang": "de"})
            missing = await session.call_tool("fetch", {"id": "a9"})
    assert [tool.name for tool in tools] == ["search", "fetch", "ask"]
    assert found.structured_content == {"results": [FOUND]}
    assert document.structured_content == {
        **FOUND,
        "text": ARTICLE.text,
        "metadata": {
            "lang": "en",
            "path": "city/bridge.md",
            "published": "2022-12",
            "modified": None,
            "work_id": "w1",
            "other_langs": ["nl"],
            "content_sha256": ARTICLE.content_sha256,
        },
    }
    assert answer.structured_content["citations"][0]["quote"] == QUOTE
    assert answer.structured_content["text"] == ANSWER.text
    for told in (found, document, answer):
        assert json.loads(text_of(told)) == told.structured_content
        assert not told.is_error
    assert missing.is_error
    assert "a9" in text_of(missing)


@pytest.mark.anyio
async def test_every_tool_says_that_it_only_reads_and_what_it_takes_and_gives(address: str) -> None:
    async with over_http(address) as session:
        info = session.initialize_result
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        for name, arguments in (("search", {"query": "a"}), ("fetch", {"id": "a1"}), ("ask", {"question": "Wie?"})):
            # The client holds what is given against the schema, and raises where it does not fit.
            assert (await session.call_tool(name, arguments)).structured_content
    assert info is not None
    assert info.server_info.name == "kilde"
    for tool in tools.values():
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.open_world_hint) == (True, False)
        assert tool.description
        assert tool.output_schema is not None
        assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
    assert tools["search"].input_schema["required"] == ["query"]
    assert tools["fetch"].input_schema["required"] == ["id"]
    assert tools["ask"].input_schema["required"] == ["question"]
    assert set(tools["ask"].input_schema["properties"]) == {"question", "lang"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("search", {}, "query"),
        ("search", {"query": 5}, "query"),
        ("search", {"query": " "}, "no text"),
        ("search", {"query": "a", "top_k": 3}, "top_k"),
        ("fetch", {"id": "a\nb"}, "visible"),
        ("ask", {"question": "x" * 2001}, "2,001"),
        ("ask", {"question": "Wie?", "lang": "english"}, "language tag"),
        ("erase", {}, "no tool 'erase'"),
    ],
)
async def test_what_a_tool_does_not_take_is_told_to_who_called_it(
    address: str, tool: str, arguments: dict[str, Any], told: str
) -> None:
    async with over_http(address) as session:
        result = await session.call_tool(tool, arguments)
    assert result.is_error
    assert told in text_of(result)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (BusyError("The index is being replaced."), "being replaced"),
        (RuntimeError("Wie geheim?"), "noted"),
    ],
)
async def test_a_failure_is_told_without_detail_unless_it_was_foreseen(
    failure: Exception, told: str, backend: FakeBackend, address: str
) -> None:
    backend.script = (failure,)
    async with over_http(address) as session:
        result = await session.call_tool("ask", {"question": "Wie geheim?"})
    assert result.is_error
    assert told in text_of(result)
    assert "geheim" not in text_of(result)


@pytest.mark.anyio
async def test_the_tools_wait_for_the_same_slots_as_everybody(backend: FakeBackend) -> None:
    backend.pause_s = 60.0
    with served(backend, Limits(running=1, waiting=0)) as address, anyio.fail_after(60):
        async with over_http(address) as session, anyio.create_task_group() as tasks:
            tasks.start_soon(session.call_tool, "ask", {"question": "Wie?"})
            while not backend.calls:
                await anyio.sleep(0.01)
            busy = await session.call_tool("search", {"query": "bridge"})
            tasks.cancel_scope.cancel()
    assert busy.is_error
    assert "try again" in text_of(busy)


@pytest.mark.anyio
async def test_a_client_that_goes_ends_what_it_asked_for(backend: FakeBackend) -> None:
    backend.pause_s = 60.0
    with served(backend, Limits(running=1, waiting=0)) as address, anyio.fail_after(60):
        async with over_http(address) as session, anyio.create_task_group() as tasks:
            tasks.start_soon(session.call_tool, "ask", {"question": "Wie?"})
            while not backend.calls:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        async with over_http(address) as session:
            while (await session.call_tool("search", {"query": "bridge"})).is_error:
                await anyio.sleep(0.01)


class TwoChunks:
    """A library that finds two passages of one article, and one of another between them."""

    async def search(self, request: SearchRequest) -> SearchResponse:
        other = msgspec.structs.replace(HIT, article_id="a2", title="The canal", url=None)
        return SearchResponse(hits=(HIT, other, msgspec.structs.replace(HIT, chunk_id="a1-1")), timings_ms={})

    async def article(self, article_id: str) -> Any:
        raise NotImplementedError

    async def answer(self, question: Question) -> Answer:
        raise NotImplementedError


@pytest.mark.anyio
async def test_an_article_is_found_once_where_its_best_passage_stands() -> None:
    found = json.loads(msgspec.json.encode(await call(TwoChunks(), "search", {"query": "bridge"})))
    assert found == {"results": [FOUND, {"id": "a2", "title": "The canal", "url": None}]}


class Unpublished(FakeBackend):
    """Its article has no public address."""

    async def search(self, request: SearchRequest) -> SearchResponse:
        return SearchResponse(hits=(msgspec.structs.replace(HIT, url=None),), timings_ms={})

    async def article(self, article_id: str) -> ArticleDetail:
        return msgspec.structs.replace(ARTICLE, url=None)


@pytest.mark.anyio
async def test_an_article_without_an_address_is_linked_to_where_the_service_shows_it() -> None:
    with served(Unpublished()) as service:
        async with over_http(service) as session:
            found = await session.call_tool("search", {"query": "bridge"})
            document = await session.call_tool("fetch", {"id": "a1"})
        shown = f"{service}/v1/articles/a1"
        assert found.structured_content == {"results": [{**FOUND, "url": shown}]}
        assert (document.structured_content or {})["url"] == shown
        assert httpx.get(shown).json()["title"] == "The harbour bridge"


@pytest.mark.service
def test_without_articles_the_command_says_so_and_nothing_on_stdout(tmp_path: Path) -> None:
    env = {"KILDE_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    code = "from rag.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "mcp"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "kilde ingest" in done.stderr
