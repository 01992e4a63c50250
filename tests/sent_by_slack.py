"""What Slack sends to a service, signed as Slack signs it, and what came of it."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from fake_slack import SECRET, FakeSlack


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers of one of Slack's requests."""
    timestamp = str(int(time.time() if at is None else at))
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={mac}"}


def send_event(service: str, body: Mapping[str, Any], *, retry: int = 0) -> httpx.Response:
    """One event to a service's address, as Slack sends it."""
    raw = json.dumps(body).encode()
    retried = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
    headers = {"Content-Type": "application/json", **signed(raw), **retried}
    return httpx.post(f"{service}/slack/events", content=raw, headers=headers, timeout=15)


def send_form(service: str, fields: Mapping[str, str]) -> httpx.Response:
    """A command, or an action in the field ``payload``."""
    raw = urlencode(fields).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed(raw)}
    return httpx.post(f"{service}/slack/events", content=raw, headers=headers, timeout=15)


def mention(slack: FakeSlack, n: int) -> dict[str, Any]:
    """The ``n``-th question, in a channel of a few."""
    return slack.event(
        {"type": "app_mention", "text": f"<@UKILDE> Question {n}?", "ts": f"{n}.1", "channel": f"C{n % 7}"}, f"Ev{n}"
    )


def answered(slack: FakeSlack) -> list[str]:
    """The threads that were written to."""
    return [str(posted.thread_ts) for posted in slack.messages]
