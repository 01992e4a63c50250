"""Answers a second of two processes against one, each with one core to itself.

In: a running stack, questions. Out: rows. Every question is asked in words that nobody has used, so that no answer is
kept. A process left to itself takes all cores; pinned to one it shows what a further machine would add. The readers and
the engines need cores too: with fewer than four the ratio is printed without its goal.
"""

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from evals.benchmarks.table import Row, at_least
from evals.stack.reading import ask
from evals.stack.sending import Log, Reader
from evals.stack.service import Process, Stack

READERS = 3
"""Of each process."""
ROUNDS = 2
GOAL = 1.6
CORES = 4


def rows(stack: Stack, questions: Sequence[str]) -> Iterator[Row]:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        yield Row("throughput with two processes", "not measured: there is one core")
        return
    for process, core in zip((stack.a, stack.b), cores, strict=False):
        _pin(process, core)
    alone, both = [], []
    for _ in range(ROUNDS):  # by turns, so that a busy moment meets either
        alone.append(_rate([stack.a], questions))
        both.append(_rate([stack.a, stack.b], questions))
    one, two = max(alone), max(both)
    yield Row("new questions, one process on one core", f"{one:.1f}/s")
    yield Row("two processes, a core each", f"{two:.1f}/s")
    if len(cores) >= CORES:
        yield at_least("two against one", two / one, GOAL, "×")
    else:
        why = f"the readers and the engines take theirs from the same {len(cores)} cores"
        yield Row("two against one", f"{two / one:.2f} × (the goal of {GOAL} × needs {CORES} cores: {why})")


def _pin(process: Process, core: int) -> None:
    """All threads that it has; those to come inherit it."""
    for thread in Path(f"/proc/{process.program.pid}/task").iterdir():
        with suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(int(thread.name), {core})


def _rate(processes: Sequence[Process], questions: Sequence[str]) -> float:
    """Each process is asked every question once."""
    shares = [(process, questions[at::READERS]) for process in processes for at in range(READERS)]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(_ask_all, *zip(*shares, strict=True)))
    return len(processes) * len(questions) / (time.perf_counter() - began)


def _ask_all(process: Process, questions: Sequence[str]) -> None:
    for question in questions:
        reader = Reader(process.url, f"10.6.{uuid.uuid4().int % 250}.{uuid.uuid4().int % 250}", Log())
        ask(reader, f"{question} ({uuid.uuid4().hex[:6]})")
        reader.close()
