"""``python -m evals.stack.answer_cache``: how long a question takes that was asked before.

In: the sample articles, served from a temporary folder beside a Redis or Valkey that this starts. Out: a Markdown
table, then machine and versions. One reader asks questions over HTTP twice, whole and streamed. The server's own times
are those of its metrics, from the request's head until the last byte was sent, with the turn stored. A missed goal is
marked and is no error.
"""

import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.speed import questions
from evals.benchmarks.table import Row, at_least, exactly, markdown
from evals.stack.engines import redis
from evals.stack.reading import meaning
from rag.records import Answer

QUESTIONS = 60
GOAL = 95
"""Per cent of repeated questions."""
_COUNTED = re.compile(r'^kilde_http_request_seconds_(count|sum|bucket)\{(.*route="/v1/chat".*)\} (\S+)$', re.MULTILINE)


class Asked(msgspec.Struct, frozen=True):
    """One answer, and the milliseconds until its reader had it whole."""

    answer: Answer
    reader_ms: float


class Served(msgspec.Struct, frozen=True):
    """What the server has counted so far of its answers."""

    all: float
    fast: float
    """Within 10 ms."""
    seconds: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kilde-answer-cache-") as scratch, redis(Path(scratch)) as cache:
        data_dir = Path(scratch) / "data"
        kilde(data_dir, "ingest", str(ARTICLES), "--json")
        with (
            served(data_dir, {"KILDE_CACHE_URL": f"redis://{cache}/0"}) as service,
            httpx.Client(base_url=service.url) as client,
        ):
            asked = questions([article["title"] for article in client.get("/v1/articles").json()])[:QUESTIONS]
            rows = [row for manner in ("whole", "streamed") for row in _rows(manner, client, asked)]
    print(markdown(rows))
    print(f"\n{describe()}", flush=True)


def _rows(manner: str, client: httpx.Client, asked: Sequence[str]) -> Iterator[Row]:
    start = _served(client)
    first = [_ask(client, question, manner) for question in asked]
    between = _served(client)
    again = [_ask(client, question, manner) for question in asked]
    end = _served(client)
    what = f"{manner}, {len(asked)} questions"
    yield Row(f"{what}: at the server the first time, mean", f"{_mean_ms(start, between):.0f} ms")
    yield Row(f"{what}: at the server again, mean", f"{_mean_ms(between, end):.1f} ms")
    found_ms = [one.answer.timings_ms["total"] for one in again]
    yield Row(f"{what}: at the server again, until stored, p50 and p95", _p50_and_p95(found_ms))
    fast = 100 * (end.fast - between.fast) / len(asked)
    yield at_least(f"{what}: at the server again, within 10 ms", fast, GOAL, "%")
    yield Row(f"{what}: at the reader again, p50 and p95", _p50_and_p95([one.reader_ms for one in again]))
    differ = sum(meaning(one.answer) != meaning(other.answer) for one, other in zip(first, again, strict=True))
    yield exactly(f"{what}: answers that differ the second time", differ)
    ids = {one.answer.message_id for one in (*first, *again)}
    yield exactly(f"{what}: message ids given twice", 2 * len(asked) - len(ids))


def _p50_and_p95(times_ms: Sequence[float]) -> str:
    return f"{statistics.median(times_ms):.1f} and {statistics.quantiles(times_ms, n=20)[18]:.1f} ms"


def _served(client: httpx.Client) -> Served:
    found = {"count": 0.0, "sum": 0.0, "bucket": 0.0}
    for kind, labels, value in _COUNTED.findall(client.get("/metrics").text):
        if kind != "bucket" or 'le="0.01"' in labels:
            found[kind] = float(value)
    return Served(all=found["count"], fast=found["bucket"], seconds=found["sum"])


def _mean_ms(before: Served, after: Served) -> float:
    return 1000 * (after.seconds - before.seconds) / (after.all - before.all)


def _ask(client: httpx.Client, question: str, manner: str) -> Asked:
    began = time.perf_counter()
    response = client.post("/v1/chat", json={"question": question, "stream": manner == "streamed"}, timeout=60)
    took_ms = 1000 * (time.perf_counter() - began)
    content = response.content.rpartition(b"data: ")[2] if manner == "streamed" else response.content
    answer = msgspec.json.decode(content, type=Answer)
    return Asked(answer, took_ms)


if __name__ == "__main__":
    main()
