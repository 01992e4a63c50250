"""How long a question takes that was asked before, through the proxy.

In: a running stack, what was asked. Out: a row. One reader; of ten tries of each question the quickest counts, so
that the figure is the service's and not that of others who want the same cores.
"""

import socket
import statistics
import time
from collections.abc import Iterator

from evals.benchmarks.table import Row, at_most
from evals.stack.reading import Said, ask
from evals.stack.sending import Log, Reader
from evals.stack.service import Stack

QUESTIONS, TRIES = 20, 10
GOAL_MS = 10.0


def forget(stack: Stack) -> None:
    """No answer is kept any more."""
    host, _, port = stack.cache.partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        if connection.recv(16) != b"+OK\r\n":
            raise RuntimeError("the cache was not emptied")


def rows(stack: Stack, said: Said) -> Iterator[Row]:
    reader = Reader(stack.proxy, "10.8.0.1", Log())
    asked = said.questions[:QUESTIONS]
    for question in asked:
        ask(reader, question)
    reader.close()
    took_ms = [_quickest_ms(stack, question, f"10.8.1.{at + 1}") for at, question in enumerate(asked)]
    yield at_most("a repeated question at the reader, quickest of ten, p50", statistics.median(took_ms), GOAL_MS, "ms")
    yield Row("the same, p95", f"{statistics.quantiles(took_ms, n=20)[18]:.1f} ms")


def _quickest_ms(stack: Stack, question: str, visitor: str) -> float:
    return min(_asked_ms(stack, question, visitor) for _ in range(TRIES))


def _asked_ms(stack: Stack, question: str, visitor: str) -> float:
    reader = Reader(stack.proxy, visitor, Log())
    reader.send("GET", "/health/live")  # opens the connection
    began = time.perf_counter()
    ask(reader, question)
    took_ms = 1000 * (time.perf_counter() - began)
    reader.close()
    return took_ms
