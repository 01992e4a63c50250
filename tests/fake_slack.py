"""Slack as the bot sees it: the Web API over HTTP and Socket Mode over WebSocket, with Slack's limits and errors.

In: what the bot calls, and in tests what people write. Out: a workspace that can be read: ``messages``, ``views``,
``statuses``, ``prompts``, every call in ``calls``. ``refuse`` and ``limit_rate`` make a method fail as Slack fails.
Runs in a thread of its own on a free port of 127.0.0.1 until it is left.
"""

import asyncio
import itertools
import json
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx
import msgspec
from aiohttp import WSMsgType, web

from evals.benchmarks.slack_reading import RefusedError, check_block, check_message

BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-fake-bot", "xapp-fake-app", "fake-signing-secret"
ME = {"user_id": "UKILDE", "bot_id": "BKILDE", "team_id": "T1", "team": "Example", "user": "kilde"}
STREAMED = 12_000
STREAM_METHODS = {"chat.startStream", "chat.appendStream", "chat.stopStream"}


class Posted(msgspec.Struct, kw_only=True):
    """One message of the bot, as it stands in the workspace."""

    channel: str
    ts: str
    thread_ts: str | None = None
    text: str = ""
    blocks: list[dict[str, Any]] = []
    markdown: str = ""
    """What was streamed into it."""
    metadata: dict[str, Any] | None = None
    is_streaming: bool = False
    edits: int = 0
    arguments: dict[str, Any] = {}

    @property
    def shown(self) -> str:
        """Its rich text, as it reads."""
        parts = (block for block in self.blocks if block["type"] == "rich_text")
        return "".join(one["text"] for part in parts for section in part["elements"] for one in section["elements"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [block for block in self.blocks if block["type"] == kind]


class FakeSlack:
    """A context manager; ``url`` is what KILDE_SLACK_API_URL is set to."""

    def __init__(self) -> None:
        self.messages: list[Posted] = []
        self.calls: list[tuple[float, str, dict[str, Any]]] = []
        self.views: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.acknowledged: dict[str, float] = {}
        self.connections = 0
        self.dead_addresses = 0
        """So many of the next addresses for WebSockets are of nobody."""
        self.is_down = False
        """Slack has an outage: every call of the Web API fails with 503."""
        self._ts = itertools.count(1)
        self._ids = itertools.count(1)
        self._refusals: dict[str, list[str]] = defaultdict(list)
        self._limited: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._patience: dict[tuple[str, str], float] = {}
        self.impatient: list[str] = []
        """Methods that were called although Slack had asked for patience with them."""
        self._response_statuses: list[int] = []
        self._lost: dict[str, int] = defaultdict(int)
        self._sockets: list[web.WebSocketResponse] = []
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake slack", daemon=True)
        self._thread.start()
        self.host = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://{self.host}/api/"

    @property
    def response_url(self) -> str:
        return f"http://{self.host}/respond"

    def refuse(self, method: str, error: str, times: int = 1) -> None:
        """The next calls of the method get this error."""
        self._refusals[method] += [error] * times

    def limit_rate(self, method: str, retry_after_s: int, times: int = 1, status: int = 429) -> None:
        """The next calls are too many; until the time is over so is every other: of the method in the whole workspace,
        for messages in that channel. With status 200 Slack says so in the body alone."""
        self._limited[method] += [(retry_after_s, status)] * times

    def fail_responses(self, *statuses: int) -> None:
        """What the next messages to a response_url are answered with."""
        self._response_statuses += statuses

    def lose_reply(self, method: str) -> None:
        """The next call is carried out, and its answer never arrives."""
        self._lost[method] += 1

    def called(self, method: str) -> list[dict[str, Any]]:
        return [arguments for _, name, arguments in self.calls if name == method]

    def wait(self, condition: Any, timeout_s: float = 15.0) -> None:
        """Until it holds of this workspace."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), timeout_s), (
                f"waited in vain; {len(self.calls)} calls"
            )

    def event(self, event: Mapping[str, Any], event_id: str | None = None) -> dict[str, Any]:
        """The body of an event."""
        return {
            "type": "event_callback",
            "team_id": ME["team_id"],
            "event_id": event_id or f"Ev{next(self._ids)}",
            "event": {"user": "U1", "channel": "C1", **event},
        }

    def send_over_socket(self, body: Mapping[str, Any], kind: str = "events_api", to: int = -1) -> str:
        """Its envelope's id, under which ``acknowledged`` says when the bot acknowledged it. ``to``: which of the
        connections, the newest by default."""
        envelope = f"env{next(self._ids)}"
        message = json.dumps({"type": kind, "envelope_id": envelope, "payload": body, "accepts_response_payload": True})
        self.wait(lambda slack: slack._sockets)
        socket = self._sockets[to]
        asyncio.run_coroutine_threadsafe(socket.send_str(message), self._loop).result(10)
        return envelope

    def break_sockets(self) -> None:
        """As a network does: closes the connections without a word."""
        self.wait(lambda slack: slack._sockets)
        for socket in list(self._sockets):
            asyncio.run_coroutine_threadsafe(socket.close(), self._loop).result(10)

    def drop_sockets(self) -> None:
        """As Slack does from time to time: asks the bot to connect anew."""
        self.wait(lambda slack: slack._sockets)
        for socket in list(self._sockets):
            asyncio.run_coroutine_threadsafe(socket.send_str(json.dumps({"type": "disconnect"})), self._loop).result(10)

    async def _start(self) -> str:
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self._handle)
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/respond", self._respond)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        arguments = await _arguments(request)
        with self._changed:
            self.calls.append((time.monotonic(), method, arguments))
            reply = self._reply(method, arguments, request.headers.get("Authorization", ""))
            self._changed.notify_all()
        if self._lost[method]:
            self._lost[method] -= 1
            assert request.transport is not None
            request.transport.close()
        return reply

    def _reply(self, method: str, arguments: dict[str, Any], authorization: str) -> web.Response:
        if self.is_down:
            return web.Response(status=503, text="upstream connect error")
        if limited := self._too_many(method, arguments):
            return limited
        try:
            if self._refusals[method]:
                raise RefusedError(self._refusals[method].pop(0))
            expected = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
            if authorization != f"Bearer {expected}":
                raise RefusedError("invalid_auth")
            found = self._carried_out(method, arguments)
        except RefusedError as refusal:
            return web.json_response({"ok": False, "error": str(refusal)})
        return web.json_response({"ok": True, **found})

    def _too_many(self, method: str, arguments: dict[str, Any]) -> web.Response | None:
        scope = (method, arguments["channel"] if method == "chat.postMessage" else "")
        left = self._patience.get(scope, 0.0) - time.monotonic()
        status = 429
        if left > 0:
            self.impatient.append(method)
        elif self._limited[method]:
            left, status = self._limited[method].pop(0)
            self._patience[scope] = time.monotonic() + left
        else:
            return None
        headers = {"Retry-After": str(math.ceil(left))}
        return web.json_response({"ok": False, "error": "ratelimited"}, status=status, headers=headers)

    def _carried_out(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": lambda _: dict(ME),
            "apps.connections.open": lambda _: {"url": self._socket_address()},
            "chat.postMessage": lambda given: {"ts": self._post(given).ts},
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.replies": self._read,
            "conversations.history": self._read,
            "views.open": self._open,
            "assistant.threads.setStatus": _check_assistant,
            "assistant.threads.setSuggestedPrompts": _check_assistant,
        }
        if method in STREAM_METHODS:
            return self._stream(method, given)
        if method not in known:
            raise RefusedError("unknown_method")
        return known[method](given)

    def _socket_address(self) -> str:
        if self.dead_addresses:
            self.dead_addresses -= 1
            return "ws://127.0.0.1:1/socket"
        return f"ws://{self.host}/socket"

    def _open(self, given: dict[str, Any]) -> dict[str, Any]:
        _check_view(given)
        self.views.append(given["view"])
        return {}

    def _post(self, given: dict[str, Any]) -> Posted:
        if not given.get("text") and not given.get("blocks"):
            raise RefusedError("no_text")
        check_message(given)
        posted = Posted(
            channel=given["channel"],
            ts=f"{2000 + next(self._ts)}.000100",
            thread_ts=given.get("thread_ts"),
            text=given.get("text", ""),
            blocks=given.get("blocks", []),
            metadata=given.get("metadata"),
            arguments=given,
        )
        self.messages.append(posted)
        return posted

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        check_message(given)
        posted = self._find(given)
        if posted.is_streaming:
            raise RefusedError("streaming_state_conflict")
        posted.text, posted.blocks, posted.markdown = given.get("text", ""), given.get("blocks", []), ""
        posted.metadata = given.get("metadata", posted.metadata)
        posted.edits += 1
        return {"ts": posted.ts}

    def _delete(self, given: dict[str, Any]) -> dict[str, Any]:
        self.messages.remove(self._find(given))
        return {}

    def _stream(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        if len(given.get("markdown_text", "")) > STREAMED:
            raise RefusedError("msg_too_long")
        if method == "chat.startStream":
            if given["channel"][0] != "D" and not (given.get("recipient_user_id") and given.get("recipient_team_id")):
                raise RefusedError("missing_recipient_user_id")
            posted = Posted(
                channel=given["channel"], ts=f"{2000 + next(self._ts)}.000100", thread_ts=given["thread_ts"]
            )
            posted.is_streaming = True
            self.messages.append(posted)
        else:
            posted = self._find(given)
        if not posted.is_streaming:
            raise RefusedError("message_not_in_streaming_state")
        posted.markdown += given.get("markdown_text", "")
        if method == "chat.stopStream":
            check_message(given)
            posted.is_streaming = False
            posted.blocks, posted.metadata = given.get("blocks", []), given.get("metadata")
        return {"ts": posted.ts}

    def _find(self, given: dict[str, Any]) -> Posted:
        for posted in self.messages:
            if (posted.channel, posted.ts) == (given["channel"], given["ts"]):
                return posted
        raise RefusedError("message_not_found")

    def _read(self, given: dict[str, Any]) -> dict[str, Any]:
        own = [one for one in self.messages if one.channel == given["channel"]]
        if "ts" in given:
            own = [one for one in own if one.thread_ts == given["ts"]]
        found = [{"ts": one.ts, "bot_id": ME["bot_id"], "metadata": one.metadata or {}} for one in own]
        return {"messages": found}

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        with self._changed:
            self._sockets.append(socket)
            self.connections += 1
            self._changed.notify_all()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                with self._changed:
                    self.acknowledged[json.loads(message.data)["envelope_id"]] = time.monotonic()
                    self._changed.notify_all()
        self._sockets.remove(socket)
        return socket

    async def _respond(self, request: web.Request) -> web.Response:
        said = await request.json()
        if self._response_statuses:
            status = self._response_statuses.pop(0)
            text = "invalid_blocks" if status == httpx.codes.BAD_REQUEST else "no"
            return web.Response(status=status, text=text, headers={"Retry-After": "1"})
        with self._changed:
            self.responses.append(said)
            self._changed.notify_all()
        return web.Response(text="ok")


async def _arguments(request: web.Request) -> dict[str, Any]:
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "application/json":
        given: dict[str, Any] = await request.json()
        return given
    return {name: str(value) for name, value in (await request.post()).items()}


def _check_assistant(given: dict[str, Any]) -> dict[str, Any]:
    if not given.get("thread_ts") or len(given.get("prompts", ())) > 4:
        raise RefusedError("invalid_arguments")
    return {}


def _check_view(given: dict[str, Any]) -> None:
    view = given["view"]
    titles = [view[name]["text"] for name in ("title", "submit", "close") if name in view]
    if given.get("trigger_id") == "expired":
        raise RefusedError("expired_trigger_id")
    if any(len(title) > 24 for title in titles) or len(view["blocks"]) > 100:
        raise RefusedError("invalid_arguments")
    for block in view["blocks"]:
        check_block(block)
