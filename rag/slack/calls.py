"""Calls of Slack's Web API; the only place that imports its client.

In: the name of a method and its arguments. Out: what Slack answers. While Slack asks for patience (429 with
Retry-After), no further call of that method is made; messages are counted by channel, all else by workspace. Raises
SlackRefusedError with Slack's own code, and SlackSilentError where it is not known whether the call was carried out,
or where Slack failed. Nothing is sent twice here: whether it should be is for the caller to know.
"""

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from rag.errors import ConfigurationError, KildeError

CALL_S = 30
PATIENCE_S = 600.0
"""Longest that one call waits for its turn, all waits together."""
_TRANSIENT = frozenset(
    {"fatal_error", "internal_error", "messaging_processing_failed", "request_timeout", "service_unavailable"}
)
"""Errors under status 200 that say nothing of the call."""
_IMPATIENT = frozenset({"rate_limited", "ratelimited"})
_RESPONSES = ("response_url", "")
_CODE = re.compile(r"invalid_blocks|msg_too_long|msg_blocks_too_long|no_text|used_url|expired_url")
"""What a refusal at a response_url is for, which Slack says in words or in JSON."""
_READING = frozenset({"conversations.replies", "conversations.history"})


class SlackRefusedError(KildeError):
    """Slack took the call and said no."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refuses {method}: {code}.")
        self.code = code


class SlackBusyError(SlackRefusedError):
    """The call was not made, since it would have to wait."""


class SlackSilentError(KildeError):
    """No answer, or Slack's own failure; the call may have been carried out or not."""

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
        turn = (method, str(given["channel"]) if method == "chat.postMessage" else "")
        until = time.monotonic() + PATIENCE_S
        while True:
            await self._wait_for(turn, until)
            with suppress(SlackBusyError):
                return await self._made(method, given, turn)

    async def call_at_once(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Raises SlackBusyError where ``call`` would wait: for what is worth nothing later."""
        turn = (method, "")
        if self._pause_s(turn) > 0:
            raise SlackBusyError(method, "ratelimited")
        given = {name: value for name, value in arguments.items() if value is not None}
        return await self._made(method, given, turn)

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
        said = {"response_type": "ephemeral", "unfurl_links": False, "unfurl_media": False, **body}
        until = time.monotonic() + PATIENCE_S
        while True:
            await self._wait_for(_RESPONSES, until)
            try:
                async with self._session.post(url, json=said, proxy=self.client.proxy) as response:
                    status, headers = response.status, response.headers
                    told = await response.text(errors="replace")
            except (aiohttp.ClientError, TimeoutError) as exc:
                raise SlackSilentError(f"Slack does not answer at a response_url ({type(exc).__name__}).") from exc
            if status == 200:
                return
            if status == 429:
                self._be_patient(_RESPONSES, headers)
            elif status >= 500:
                raise SlackSilentError(f"Slack fails at a response_url ({status}).")
            else:
                code = _CODE.search(told)
                raise SlackRefusedError("response_url", code[0] if code else str(status))

    async def _made(self, method: str, given: dict[str, Any], turn: tuple[str, str]) -> Mapping[str, Any]:
        try:
            return await self._send(method, given)
        except SlackApiError as exc:
            raise self._refusal(method, turn, exc) from exc
        except (SlackClientError, aiohttp.ClientError, TimeoutError, OSError) as exc:
            raise SlackSilentError(f"Slack does not answer {method} ({type(exc).__name__}).") from exc

    async def _send(self, method: str, given: dict[str, Any]) -> Mapping[str, Any]:
        if method in _READING:
            response = await self.client.api_call(method, http_verb="GET", params=given)
        else:
            response = await self.client.api_call(method, json=given)
        found: Mapping[str, Any] = response.data if isinstance(response.data, dict) else {}
        return found

    def _pause_s(self, turn: tuple[str, str]) -> float:
        return self._waits.get(turn, 0.0) - time.monotonic()

    async def _wait_for(self, turn: tuple[str, str], until: float) -> None:
        while (pause := self._pause_s(turn)) > 0:
            if time.monotonic() + pause > until:
                raise SlackSilentError(f"Slack asks for more patience at {turn[0]} than there is.")
            await asyncio.sleep(pause)

    def _refusal(self, method: str, turn: tuple[str, str], exc: SlackApiError) -> KildeError:
        status = getattr(exc.response, "status_code", 500)
        code = str(exc.response.get("error", "unknown")) if status < 500 else str(status)
        if status == 429 or code in _IMPATIENT:
            self._be_patient(turn, exc.response.headers)
            return SlackBusyError(method, code)
        if status >= 500 or code in _TRANSIENT:
            return SlackSilentError(f"Slack fails at {method} ({code}).")
        return SlackRefusedError(method, code)

    def _be_patient(self, turn: tuple[str, str], headers: Mapping[str, str]) -> None:
        asked = headers.get("Retry-After", "1")
        pause = float(asked) if asked.isdecimal() else 1.0
        self._waits[turn] = max(self._waits.get(turn, 0.0), time.monotonic() + pause)


def quiet_logger() -> logging.Logger:
    """For Slack's libraries, which write whole requests, with what people wrote, into their logs."""
    logger = logging.getLogger("rag.slack.library")
    logger.setLevel(logging.CRITICAL)
    return logger
