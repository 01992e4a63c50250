"""A Slack that counts: the few methods that answers are posted with, over HTTP, with Slack's limits on messages.

In: the calls of a bot. Out: what was posted, by thread. Runs in a thread of its own until it is left. The workspace
that the tests use, which can much more, is ``tests/fake_slack.py``.
"""

import asyncio
import itertools
import threading
from typing import Any, Self

from aiohttp import web

from evals.benchmarks.slack_reading import RefusedError, check_message

BOT_TOKEN, SECRET = "xoxb-benchmark", "benchmark-secret"
ME = {"ok": True, "user_id": "UKILDE", "bot_id": "BKILDE", "team_id": "T1", "team": "Example", "user": "kilde"}


class Workspace:
    """``posted``: the messages by the thread that they stand in, oldest first."""

    def __init__(self) -> None:
        self.posted: dict[str, list[dict[str, Any]]] = {}
        self.refused = 0
        self._ts = itertools.count(1)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="workspace", daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def text(self, thread: str) -> str:
        """The whole answer that stands there."""
        rich = [block for one in self.posted.get(thread, ()) for block in one["blocks"] if block["type"] == "rich_text"]
        return "".join(part["text"] for block in rich for part in block["elements"][0]["elements"])

    async def _start(self) -> str:
        app = web.Application(client_max_size=2**22)
        app.router.add_route("*", "/api/{method}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/api/"

    async def _handle(self, request: web.Request) -> web.Response:
        match request.match_info["method"]:
            case "auth.test":
                return web.json_response(ME)
            case "chat.postMessage":
                return self._post(await request.json())
            case "conversations.replies":
                return web.json_response({"ok": True, "messages": self.posted.get(request.query["ts"], [])})
            case _:
                return web.json_response({"ok": True})

    def _post(self, given: dict[str, Any]) -> web.Response:
        try:
            check_message(given)
        except RefusedError as refusal:
            self.refused += 1
            return web.json_response({"ok": False, "error": str(refusal)})
        ts = f"{next(self._ts)}.000200"
        self.posted.setdefault(given["thread_ts"], []).append({**given, "ts": ts})
        return web.json_response({"ok": True, "ts": ts})
