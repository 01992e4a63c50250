"""Calls of Slack's Web API; the only place that imports its client.

In: the name of a method and its arguments. Out: what Slack answers. While Slack asks for patience (429 with
Retry-After), no further call of that method to that channel is made. Raises SlackRefusedError with Slack's own code,
and SlackSilentError where it is not known whether the call arrived. Nothing is sent twice here: whether it should be is
for the caller to know.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Self

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from rag.errors import ConfigurationError, KildeError

CALL_S = 30
PATIENCE_S = 600.0
"""Longest that one call waits for its turn, all waits together."""
_READING = frozenset({"conversations.replies", "conversations.history"})


class SlackRefusedError(KildeError):
    """Slack took the call and said no."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refuses {method}: {code}.")
        self.code = code


class SlackSilentError(KildeError):
    """No answer; the call may have been carried out or not."""

    retryable = True


class SlackCalls:
    """One connection pool for one bot; an asynchronous context manager that closes it."""

    def __init__(self, token: str, api_url: str) -> None:
        self._token = token
        self._api_url = api_url
        self._waits: dict[tuple[str, str], float] = {}

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_S))
        self.client = AsyncWebClient(
            self._token, self._api_url, session=self._session, retry_handlers=[], logger=quiet_logger()
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Those that are None are left out."""
        given = {name: value for name, value in arguments.items() if value is not None}
        turn = (method, str(given.get("channel", given.get("channel_id", ""))))
        until = time.monotonic() + PATIENCE_S
        while True:
            await self._wait_for(turn, until)
            try:
                return await self._send(method, given)
            except SlackApiError as exc:
                self._note_refusal(method, turn, exc)
            except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
                raise SlackSilentError(f"Slack does not answer {method} ({type(exc).__name__}).") from exc

    async def open_socket(self, app_token: str) -> str:
        """The address of a WebSocket. Raises ConfigurationError for a token that Slack does not know."""
        try:
            return str((await self.client.apps_connections_open(app_token=app_token))["url"])
        except SlackApiError as exc:
            code = exc.response.get("error", "unknown")
            raise ConfigurationError(f"Slack refuses KILDE_SLACK_APP_TOKEN ({code}).") from exc
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise SlackSilentError(f"Slack does not answer apps.connections.open ({type(exc).__name__}).") from exc

    async def respond(self, url: str, **body: object) -> None:
        """To the asker of a command alone."""
        try:
            async with self._session.post(url, json={"response_type": "ephemeral", **body}) as response:
                if response.status != 200:
                    raise SlackRefusedError("response_url", str(response.status))
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise SlackSilentError(f"Slack does not answer at a response_url ({type(exc).__name__}).") from exc

    async def _send(self, method: str, given: dict[str, Any]) -> Mapping[str, Any]:
        if method in _READING:
            response = await self.client.api_call(method, http_verb="GET", params=given)
        else:
            response = await self.client.api_call(method, json=given)
        found: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
        return found

    async def _wait_for(self, turn: tuple[str, str], until: float) -> None:
        while (pause := self._waits.get(turn, 0.0) - time.monotonic()) > 0:
            if time.monotonic() + pause > until:
                raise SlackRefusedError(turn[0], "ratelimited")
            await asyncio.sleep(pause)

    def _note_refusal(self, method: str, turn: tuple[str, str], exc: SlackApiError) -> None:
        """Raises unless it only asked for patience."""
        status = getattr(exc.response, "status_code", 500)
        if status == 429:
            asked = exc.response.headers.get("Retry-After", "1")
            pause = float(asked) if asked.isdecimal() else 1.0
            self._waits[turn] = max(self._waits.get(turn, 0.0), time.monotonic() + pause)
            return
        if status >= 500:
            raise SlackSilentError(f"Slack fails at {method} ({status}).") from exc
        raise SlackRefusedError(method, str(exc.response.get("error", "unknown"))) from exc


def quiet_logger() -> logging.Logger:
    """For Slack's libraries, which write whole requests, with what people wrote, into their logs."""
    logger = logging.getLogger("rag.slack.library")
    logger.setLevel(logging.CRITICAL)
    return logger
