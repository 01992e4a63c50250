"""``python -m evals.stack [--requests 1000] [--questions 60] [--untimed]``: the composed service, natively.

In: the sample articles; PostgreSQL, Redis or Valkey, and HAProxy, installed. Out: a table, exit code 1 where a goal is
missed. Everything runs on free ports of this machine, keeps its data in a temporary folder and is gone in the end.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, markdown
from evals.golden import QUESTIONS, load_cases
from evals.stack import crowd, limits, repeated, throughput
from evals.stack.engines import engines
from evals.stack.reading import FOLLOW_UP, Said, ask, meaning, search
from evals.stack.sending import Log, Reader
from evals.stack.service import Stack, stack

FOLLOW_UPS = 12
ARTICLES = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="evals.stack", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--untimed", action="store_true", help="leave out how quick it is, which other work spoils")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kilde-stack-") as scratch:
        Path(scratch).chmod(0o755)  # for the user that PostgreSQL runs as
        rows = list(_rows(Path(scratch), given.requests, given.questions, is_timed=not given.untimed))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)
    return 0 if all(row.met for row in rows) else 1


def _tell(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {step}", file=sys.stderr, flush=True)


def _rows(scratch: Path, requests: int, questions: int, *, is_timed: bool) -> Iterator[Row]:
    began = time.monotonic()
    _tell("starting PostgreSQL, Chroma, Redis, HAProxy and two processes, and reading the articles")
    with engines(scratch) as places, stack(scratch, places) as started:
        yield Row("engines, two processes and proxy ready, articles read", f"{time.monotonic() - began:.1f} s")
        _tell("asking one process")
        said = _said(started, [case.question for case in load_cases(QUESTIONS / "sample.jsonl")][:questions])
        repeated.forget(started)
        _tell("asking both through the proxy, and killing one")
        yield from crowd.rows(started, said, requests)
        _tell("asking as one visitor too often")
        yield from limits.rows(started)
        if is_timed:
            _tell("asking again, and new questions")
            yield from repeated.rows(started, said)
            yield from throughput.rows(started, said.questions)


def _said(started: Stack, questions: list[str]) -> Said:
    """By process a, asked without the proxy, as each visitor asks no more than the limit allows."""
    readers = [Reader(started.a.url, f"10.9.0.{number + 1}", Log()) for number in range(len(questions))]
    answers = [ask(reader, question) for reader, question in zip(readers, questions, strict=True)]
    follow_ups = [
        ask(reader, FOLLOW_UP, answer.conversation_id)
        for reader, answer in zip(readers[:FOLLOW_UPS], answers, strict=False)
    ]
    paths = [f"/v1/articles/{article['article_id']}" for article in readers[0].send("GET", "/v1/articles").json()]
    said = Said(
        questions=questions,
        answers=[meaning(answer) for answer in answers],
        follow_ups=[meaning(answer) for answer in follow_ups],
        searches=[search(reader, question) for reader, question in zip(readers, questions, strict=True)],
        articles=[(path, readers[1].send("GET", path).json()) for path in paths[:ARTICLES]],
    )
    for reader in readers:
        reader.close()
    return said


if __name__ == "__main__":
    sys.exit(main())
