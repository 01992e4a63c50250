"""Slack over a WebSocket that this process opens, so that no address of it need be public.

In: a bot, and the app-level token. Out: nothing; every envelope is handed to the bot and acknowledged when it says so.
Lost connections are opened anew, at a fresh address. Refuses a token that Slack does not know with ConfigurationError,
and an address that cannot be reached with UnreachableError.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import msgspec
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from rag.errors import KildeError, UnreachableError
from rag.slack.bot import Bot
from rag.slack.calls import quiet_logger
from rag.unexpected import log_unexpected

PING_S = 10.0
CONNECT_S = 20.0
"""The library itself would try the same address for ever, without a word."""
LOOK_S, PATIENCE = 10.0, 3
"""How often is looked whether the connection stands, and how often in vain before it is made anew."""
CLOSE_S = 3.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def connected(bot: Bot, app_token: str) -> AsyncIterator[None]:
    """The bot is connected inside it."""
    connection = _Connection(bot, app_token)
    await connection.open()
    watching = asyncio.create_task(connection.watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await connection.close()


class _Connection:
    """One WebSocket, and the next where it is lost."""

    def __init__(self, bot: Bot, app_token: str) -> None:
        self._bot = bot
        self._app_token = app_token
        self._client: SocketModeClient | None = None

    async def open(self) -> None:
        """Raises what ``open_socket`` raises, and UnreachableError."""
        address = await self._bot.parts.calls.open_socket(self._app_token)
        client = SocketModeClient(
            self._app_token, web_client=self._bot.parts.calls.client, logger=quiet_logger(), ping_interval=PING_S
        )
        self._client = client
        client.wss_uri = address
        client.socket_mode_request_listeners.append(_handed_to(self._bot))
        try:
            await asyncio.wait_for(client.connect(), CONNECT_S)  # type: ignore[no-untyped-call]
        except TimeoutError as exc:
            await self.close()
            raise UnreachableError(_unreachable(address)) from exc

    async def watch(self) -> None:
        """Until it is cancelled."""
        in_vain = 0
        while True:
            await asyncio.sleep(LOOK_S)
            if self._client is not None and await self._client.is_connected():
                in_vain = 0
                continue
            in_vain += 1
            if in_vain >= PATIENCE:
                await self._renew()

    async def close(self) -> None:
        if self._client is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._client.close(), CLOSE_S)  # type: ignore[no-untyped-call]
            self._client = None

    async def _renew(self) -> None:
        _log.warning("the connection to Slack is lost; a new one is opened")
        await self.close()
        try:
            await self.open()
            _log.warning("connected to Slack again")
        except KildeError as exc:
            _log.error("Slack is still not connected: %s", exc)
        except Exception as exc:
            log_unexpected(exc)


def _unreachable(address: str) -> str:
    host = urlsplit(address).hostname or "Slack"
    return (
        f"Slack's WebSocket at {host} cannot be reached within {CONNECT_S:.0f} s. "
        "See whether a firewall or proxy lets wss:// through; HTTPS_PROXY names a proxy."
    )


def _handed_to(bot: Bot) -> Callable[[AsyncBaseSocketModeClient, SocketModeRequest], Awaitable[None]]:
    async def handle(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        status, body = await bot.handle(request.payload)
        if status == 200:
            payload = msgspec.json.decode(body) if body.startswith("{") else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, payload))

    return handle
