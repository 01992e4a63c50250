"""The one file that speaks the Model Context Protocol, over stdio and over HTTP.

In: a library. Out: a server that announces and runs the tools of ``mcp_tools.py``. What a tool refuses is told as its
result, so that the model that called it can do better; what is unexpected is told without detail, and logged by type
and place. Refuses over HTTP what does not name one of the given hosts, so that no web page reaches a service on its
reader's machine under a name of its own (DNS rebinding).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from rag import mcp_tools
from rag.errors import KildeError
from rag.mcp_tools import TOOLS, Library
from rag.records import Record
from rag.unexpected import log_unexpected

INSTRUCTIONS = (
    "Answers over a publisher's own articles. Use ask for a question, and show its citations; search and fetch to read"
    " for yourself. What the articles do not say is not known here."
)
BODY_BYTES = 64 * 1024
_INTERNAL = "Something went wrong on our side. It has been noted."

Handle = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application for POST requests."""
Context = ServerRequestContext[Any]


async def serve_stdio(library: Library, service: str | None) -> None:
    """Until stdin ends. ``service``: the address of the one that answers, if one does."""
    server = _server(library, service)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


@asynccontextmanager
async def http_endpoint(library: Library, hosts: Sequence[str]) -> AsyncIterator[Handle]:
    """Each request stands alone and is answered in JSON: there is nothing to remember between two."""
    sessions = StreamableHTTPSessionManager(
        _server(library),
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(
            allowed_hosts=[pattern for host in hosts for pattern in (host, f"{host}:*")],
            allowed_origins=[
                f"{scheme}://{pattern}"
                for scheme in ("http", "https")
                for host in hosts
                for pattern in (host, f"{host}:*")
            ],
        ),
        max_request_body_size=BODY_BYTES,
    )
    async with sessions.run():
        yield sessions.handle_request


def _server(library: Library, service: str | None = None) -> Server[Any]:
    async def list_tools(_context: Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_announced(tool) for tool in TOOLS.values()])

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        return await _called(library, params, service or _asked_at(context))

    return Server(
        "kilde",
        title="Kilde",
        version=version("kilde"),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _asked_at(context: Context) -> str | None:
    """The address that a request over HTTP was sent to."""
    return None if context.request is None else str(context.request.base_url)


async def _called(library: Library, params: CallToolRequestParams, service: str | None) -> CallToolResult:
    try:
        return _told(await mcp_tools.call(library, params.name, params.arguments or {}, service))
    except KildeError as exc:
        return _refused(str(exc))
    except Exception as exc:
        log_unexpected(exc)
        return _refused(_INTERNAL)


def _told(result: Record) -> CallToolResult:
    """As an object, and as text for clients that read no objects."""
    text = msgspec.json.encode(result).decode()
    return CallToolResult(content=[TextContent(text=text)], structured_content=msgspec.to_builtins(result))


def _refused(message: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=message)], is_error=True)


def _announced(tool: mcp_tools.Tool) -> Tool:
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=_schema(tool.takes),
        output_schema=_schema(tool.gives),
        annotations=ToolAnnotations(
            title=tool.title, read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _schema(kind: type[Record]) -> dict[str, Any]:
    """With an object at the root, as clients demand."""
    _, parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    root = parts.pop(kind.__name__)
    return {**root, "$defs": parts} if parts else root
