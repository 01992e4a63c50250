"""One HTTP request to the app as a server passes it on, whose client can go or take nothing more.

In: an app and a body. Out: what was sent, and events to wait for.
"""

import json
from typing import Any

import anyio
from litestar import Litestar


class Connection:
    """One HTTP request to the app as a server passes it on; the client takes nothing after ``hold_back``."""

    def __init__(
        self,
        app: Litestar,
        body: dict[str, object],
        *,
        hold_back: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.path = "/v1/chat" if "question" in body else "/v1/admin/ingest"
        self.app = app
        self.hold_back = hold_back
        self.headers = headers or {"authorization": "Bearer key"}
        self.body = json.dumps(body).encode()
        self.sent = b""
        self.status: int | None = None
        self.some_sent = anyio.Event()
        self.gone = anyio.Event()
        self._body_read = False

    async def run(self) -> None:
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.encode(), value.encode())
                for name, value in {"content-type": "application/json", **self.headers}.items()
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        await self.app(scope, self._receive, self._send)  # type: ignore[arg-type]

    async def _receive(self) -> dict[str, object]:
        if not self._body_read:
            self._body_read = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.sent += message.get("body", b"")
        if message["type"] == "http.response.body":
            self.some_sent.set()
        if self.hold_back and self.hold_back in message.get("body", b""):
            await self.gone.wait()
