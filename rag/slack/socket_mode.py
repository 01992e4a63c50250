"""Slack over a WebSocket that this process opens, so that no address of it need be public.

In: a bot, and the app-level token. Out: nothing; every envelope is handed to the bot and acknowledged when it says so.
Lost connections are opened anew. Refuses a token that Slack does not know with ConfigurationError.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from rag.slack.bot import Bot
from rag.slack.calls import quiet_logger

PING_S = 10.0


@asynccontextmanager
async def connected(bot: Bot, app_token: str) -> AsyncIterator[None]:
    """The bot is connected inside it."""
    address = await bot.parts.calls.open_socket(app_token)
    client = SocketModeClient(app_token, web_client=bot.parts.calls.client, logger=quiet_logger(), ping_interval=PING_S)
    client.wss_uri = address
    client.socket_mode_request_listeners.append(_handed_to(bot))
    try:
        await client.connect()  # type: ignore[no-untyped-call]
        yield
    finally:
        await client.close()  # type: ignore[no-untyped-call]


def _handed_to(bot: Bot) -> Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]:
    async def handle(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        status, body = await bot.handle(request.payload)
        if status == 200:
            payload = msgspec.json.decode(body) if body.startswith("{") else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    return handle
