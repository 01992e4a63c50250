"""``python -m evals.benchmarks.slack_delivery``: what Slack delivers is answered once, and only what Slack signed.

In: how many events, and how long a model takes. Out: a Markdown table, then machine and versions. Real: the service's
route in two processes over one database, HTTP, signatures, kill -9 and a restart of one of them while half of the
deliveries are still to come, the pause of a model (30 s unless told otherwise). Simulated: Slack
(``slack_workspace.py``), which delivers each event 1 to 4 times at once, and anew what was not acknowledged; what
spreads the deliveries over the processes, and turns to the other where one does not answer; and the model, which only
waits. As many questions wait at once as were asked, where a bot has 8 by default. The time of an acknowledgement counts
from the first try of a delivery, also where the process that got it was killed. Refuses nothing.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.slack_bot import LONG, SCRIPTS, answer_to, long_text
from evals.benchmarks.slack_reading import (
    active_in_markdown,
    active_in_mrkdwn,
    mrkdwn_fields,
    read_markdown,
    rich_links,
)
from evals.benchmarks.slack_workspace import SECRET, Workspace
from evals.benchmarks.table import Row, at_most, exactly, markdown
from rag.records import Question, Source
from rag.slack.escaping import markdown as streamed
from rag.slack.rendering import messages

ATTACKS = Path(__file__).with_name("slack_attacks.txt")
MARKDOWN_ATTACKS = Path(__file__).with_name("slack_markdown_attacks.txt")
"""On what is streamed; U+2424 stands for the end of a line."""
PROCESSES = 2
AT_ONCE = 16
"""Deliveries under way at once."""
RETRIES, RETRY_S = 120, 0.5
"""Of a delivery that was not acknowledged. Slack waits longer: a minute, then five."""
ACKNOWLEDGED_MS = 500
FORGED = 1000
PAGE = "https://news.example/page"


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="slack_delivery", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--pause-s", type=float, default=30.0, help="how long the model takes")
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="kilde-slack-") as folder, Workspace() as workspace:
        rows = [*_delivered(Path(folder), workspace, given.events, given.pause_s), *_escaped()]
    print(markdown(rows))
    print(f"\n{given.events} events, a model that takes {given.pause_s:g} s.\n\n{describe()}", flush=True)


def _delivered(folder: Path, workspace: Workspace, count: int, pause_s: float) -> Iterator[Row]:
    events = [_mention(f"question {n}", n) for n in range(count)]
    long = [_mention(f"long {n}", count + n) for n in range(len(SCRIPTS))]
    bots = [_Process(folder, workspace, pause_s) for _ in range(PROCESSES)]
    urls = [bot.url for bot in bots]
    try:
        took = asyncio.run(_deliver(urls, events, halfway=bots[0].restart))
        _wait_for(workspace, [_thread(n) for n in range(count)])
        accepted = asyncio.run(_forge(urls[0], events[0], FORGED))
        asyncio.run(_deliver(urls, long))
        whole = [_thread(count + n) for n in range(len(SCRIPTS))]
        _wait_for(workspace, whole)
    finally:
        for bot in bots:
            bot.kill()
    answers = [workspace.posted.get(_thread(n), []) for n in range(count)]
    yield exactly("events answered", sum(bool(found) for found in answers), count)
    yield exactly("answered more than once", sum(len(found) > 1 for found in answers))
    yield exactly("answered with another event's answer", sum(not _is_own(found, n) for n, found in enumerate(answers)))
    yield Row("deliveries", str(len(took)))
    yield Row("acknowledged after, median", f"{1000 * sorted(took)[len(took) // 2]:.0f} ms")
    yield at_most("acknowledged after, p99", 1000 * sorted(took)[int(0.99 * len(took))], ACKNOWLEDGED_MS, "ms")
    yield exactly(f"{FORGED} forged, stale or re-serialised requests accepted", accepted)
    right = sum(workspace.text(thread) == long_text(n) for n, thread in enumerate(whole))
    yield exactly(f"answers of {LONG} characters delivered whole, of {len(SCRIPTS)}", right, len(SCRIPTS))
    yield exactly("messages refused by Slack's limits", workspace.refused)


def _thread(n: int) -> str:
    return f"{n}.000100"


def _is_own(found: list[dict[str, Any]], n: int) -> bool:
    return all(one["text"] == f"Answer to question {n}" for one in found)


def _mention(text: str, n: int) -> dict[str, Any]:
    event = {
        "type": "app_mention",
        "user": "U1",
        "channel": f"C{n % 50}",
        "text": f"<@UKILDE> {text}",
        "ts": _thread(n),
    }
    return {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{n}", "event": event}


class _Process:
    """The bot, at the same address after each restart."""

    def __init__(self, folder: Path, workspace: Workspace, pause_s: float) -> None:
        self._arguments = [str(folder), workspace.url, str(pause_s)]
        self._start("0")

    def restart(self) -> None:
        self.kill()
        self._start(self.url.rpartition(":")[2])

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _start(self, port: str) -> None:
        command = [sys.executable, "-m", "evals.benchmarks.slack_bot", *self._arguments, port]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()


async def _deliver(
    urls: Sequence[str], events: Sequence[dict[str, Any]], halfway: Callable[[], None] | None = None
) -> list[float]:
    """Each 1 to 4 times, in parallel, in any order; how long each acknowledgement took."""
    chance = random.Random(20260101)
    deliveries = [event for event in events for _ in range(chance.randint(1, 4))]
    chance.shuffle(deliveries)
    half = len(deliveries) // 2
    took: list[float] = []

    async def deliver_some(session: aiohttp.ClientSession) -> None:
        while deliveries:
            event = deliveries.pop()
            if halfway and len(deliveries) == half:
                await asyncio.to_thread(halfway)
            first = chance.randrange(len(urls))
            took.append(await _acknowledged(session, [*urls[first:], *urls[:first]], event))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(deliver_some(session) for _ in range(AT_ONCE)))
    return took


async def _acknowledged(session: aiohttp.ClientSession, urls: Sequence[str], event: dict[str, Any]) -> float:
    """From the first try on."""
    body = json.dumps(event).encode()
    began = time.perf_counter()
    for _ in range(RETRIES):
        for url in urls:
            with suppress(aiohttp.ClientError):
                if await _status(session, url, body, _signed(body)) == 200:
                    return time.perf_counter() - began
        await asyncio.sleep(RETRY_S)
    raise TimeoutError("an event was never acknowledged")


async def _status(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]) -> int:
    headers = {"Content-Type": "application/json", **headers}
    async with session.post(f"{url}/slack/events", data=body, headers=headers) as response:
        return response.status


def _signed(body: bytes, *, secret: str = SECRET, age_s: float = 0.0) -> dict[str, str]:
    timestamp = str(int(time.time() - age_s))
    mac = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={mac}"}


async def _forge(url: str, event: dict[str, Any], count: int) -> int:
    """How many requests that Slack did not send so are taken."""
    chance = random.Random(20260102)
    body = json.dumps(event).encode()
    async with aiohttp.ClientSession() as session:
        assert await _status(session, url, body, _signed(body)) == 200
        statuses = [await _status(session, url, *_forged(body, n, chance)) for n in range(count)]
    return sum(status == 200 for status in statuses)


def _forged(body: bytes, n: int, chance: random.Random) -> tuple[bytes, dict[str, str]]:
    place = chance.randrange(len(body))
    event = json.loads(body) | {"event_id": f"EvForged{n}"}
    forged = json.dumps(event).encode()
    match n % 5:
        case 0:
            return forged, _signed(forged, secret=f"guess {n}")
        case 1:
            return body, _signed(body, age_s=chance.choice([-1, 1]) * chance.uniform(302, 10_000))
        case 2:
            return json.dumps(json.loads(body), separators=(",", ":"), sort_keys=bool(n % 2)).encode(), _signed(body)
        case 3:
            return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], _signed(body)
        case _:
            return forged, {name: value for name, value in _signed(forged).items() if name[-1] == "np"[n % 2]}


def _wait_for(workspace: Workspace, threads: Sequence[str], seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not all(thread in workspace.posted for thread in threads):
        time.sleep(0.2)
    time.sleep(3)  # What would be said twice is said by now.


def _escaped() -> Iterator[Row]:
    attacks = ATTACKS.read_text("utf-8").splitlines()
    live = [attack for attack in attacks if active_in_mrkdwn(attack) or active_in_markdown(attack)]
    yield Row(f"attacks that would do something as they are, of {len(attacks)}", str(len(live)))
    yield exactly("attacks escaped and read as they were written", sum(map(_is_harmless, attacks)), len(attacks))
    streams = [line.replace("\u2424", "\n") for line in MARKDOWN_ATTACKS.read_text("utf-8").splitlines()]
    live = [attack for attack in streams if active_in_markdown(attack)]
    yield Row(f"attacks by lines and bare links on a streamed answer, of {len(streams)}", str(len(live)))
    yield exactly("these escaped and read as they were written", sum(map(_is_harmless_streamed, streams)), len(streams))


def _is_harmless(attack: str) -> bool:
    """In the text, the title and the notification of an answer, and while it is streamed."""
    source = Source(
        n=1, article_id="a", path="a", title=attack, url=PAGE, lang="en", published=None, other_langs=(), score=1.0
    )
    answer = msgspec.structs.replace(answer_to(Question(question="question 1")), text=attack, sources=(source,))
    (message,) = messages(answer, with_help=False)
    fields = [target for field in mrkdwn_fields(message.blocks) for target in active_in_mrkdwn(field)]
    shown = "".join(part["text"] for part in msgspec.to_builtins(message.blocks)[0]["elements"][0]["elements"])
    return (
        (fields, rich_links(message.blocks), active_in_mrkdwn(message.text)) == ([PAGE], [], [])
        and shown == attack
        and _is_harmless_streamed(attack)
    )


def _is_harmless_streamed(attack: str) -> bool:
    return active_in_markdown(streamed(attack)) == [] and read_markdown(streamed(attack)) == attack


if __name__ == "__main__":
    main(sys.argv[1:])
