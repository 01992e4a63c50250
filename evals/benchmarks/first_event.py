"""``python -m evals.benchmarks.first_event``: how soon an answer begins to arrive while others ask too.

In: the sample articles, served from a temporary folder by a service that has just started. Out: a Markdown table, then
machine and versions. Eight readers ask over HTTP, each the next question as soon as the last answer has ended, which is
more than readers do; then one does. Times are from sending the question until the line of the event has arrived. A
missed goal is marked and is no error.
"""

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import anyio
import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.speed import questions
from evals.benchmarks.table import Row, at_most, exactly, markdown

READERS = 8
TERMINAL = ("message.end", "error")


class Streamed(msgspec.Struct, frozen=True):
    """One answer: its first event, the first of its text, its last; milliseconds after the question was sent."""

    first_ms: float
    text_ms: float
    last_ms: float
    is_whole: bool
    """Exactly one terminal event came, at the end, and it was no error."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kilde-first-event-") as scratch:
        data_dir = Path(scratch)
        kilde(data_dir, "ingest", str(ARTICLES), "--json")
        with served(data_dir) as service:
            alone, together = anyio.run(_measured, service.url)
    print(markdown([*_rows("1 reader", alone), *_rows(f"{READERS} readers", together, goal_ms=100)]))
    print(f"\n{describe()}", flush=True)


async def _measured(url: str) -> tuple[list[Streamed], list[Streamed]]:
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        articles = (await client.get("/v1/articles")).json()
        asked = questions([article["title"] for article in articles])
        together = await _ask_all(client, asked, READERS)
        return await _ask_all(client, asked[::4], 1), together


async def _ask_all(client: httpx.AsyncClient, asked: Sequence[str], readers: int) -> list[Streamed]:
    found: list[Streamed] = []
    waiting = iter(asked)

    async def read() -> None:
        for question in waiting:
            found.append(await _ask(client, question))

    async with anyio.create_task_group() as tasks:
        for _ in range(readers):
            tasks.start_soon(read)
    return found


async def _ask(client: httpx.AsyncClient, question: str) -> Streamed:
    began = time.perf_counter()
    body = {"question": question, "stream": True}
    async with client.stream("POST", "/v1/chat", json=body) as response:
        came = [(event, 1000 * (time.perf_counter() - began)) async for event in _events(response)]
    names = [event for event, _ in came]
    return Streamed(
        first_ms=came[0][1] if came else float("inf"),
        text_ms=next((at_ms for event, at_ms in came if event == "text.delta"), float("inf")),
        last_ms=came[-1][1] if came else float("inf"),
        is_whole=names[-1:] == ["message.end"] and sum(names.count(event) for event in TERMINAL) == 1,
    )


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            yield line.removeprefix("event: ")


def _rows(who: str, streamed: Sequence[Streamed], goal_ms: float | None = None) -> list[Row]:
    first = [one.first_ms for one in streamed]
    what = f"{who}, {len(streamed)} answers: first event"
    p95_ms = _p95(first)
    return [
        Row(f"{what}, p50", f"{statistics.median(first):.0f} ms"),
        Row(f"{what}, p95", f"{p95_ms:.0f} ms") if goal_ms is None else at_most(f"{what}, p95", p95_ms, goal_ms, "ms"),
        _to_be_read(f"{who}: first text", [one.text_ms for one in streamed]),
        _to_be_read(f"{who}: last event", [one.last_ms for one in streamed]),
        exactly(f"{who}: answers without exactly one end", sum(not one.is_whole for one in streamed)),
    ]


def _to_be_read(what: str, times_ms: Sequence[float]) -> Row:
    return Row(f"{what}, p50 and p95", f"{statistics.median(times_ms):.0f} and {_p95(times_ms):.0f} ms")


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[18]


if __name__ == "__main__":
    main()
