"""Readers side by side before the proxy while one process is killed and started again.

In: a running stack, what one process said, how many requests. Out: rows. The readers go on until the process answers
again and has done its share, at least until the requests are spent.
"""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from evals.benchmarks.table import Row, at_least, exactly, none_of
from evals.stack.reading import Said, visit
from evals.stack.sending import Failure, Log, Reader
from evals.stack.service import Process, Stack

READERS = 6
KILLED_AT = 0.3
"""Of the requests."""
SHARE = 20
"""Requests that the process must have answered after its return."""
SECOND_S = 1.0
_ANSWERED = re.compile(r'^kilde_http_requests_total\{.*route="/v1.*status="200"\} (\S+)$', re.MULTILINE)


def rows(stack: Stack, said: Said, requests: int) -> Iterator[Row]:
    log = Log()
    over = threading.Event()
    began = time.monotonic()
    with ThreadPoolExecutor(READERS) as pool:
        readers = [pool.submit(_read, stack.proxy, said, log, number, over) for number in range(READERS)]
        try:
            killed_at, back_s = _kill_and_restart(stack.b, log, requests)
            while log.requests < requests or answered(stack.b) < SHARE:
                time.sleep(0.1)
        finally:
            over.set()
        for reader in readers:
            reader.result()
    took_s = time.monotonic() - began
    yield Row(f"{log.requests} mixed requests by {READERS} readers", f"{log.requests / took_s:.1f}/s")
    yield none_of("answers, hits, articles or conversations that differ", len(log.wrong), log.requests)
    yield from (Row("wrong", what, "none", False) for what in log.wrong[:10])
    yield from _failures(log.failures, killed_at)
    yield Row("the killed process is ready again after", f"{back_s:.1f} s")
    yield at_least("requests that it has answered since", answered(stack.b), SHARE, "")
    yield at_least("answers stopped by whichever process was asked", log.stopped, 1, "")


def answered(process: Process) -> float:
    return sum(float(number) for number in _ANSWERED.findall(process.metrics()))


def _read(url: str, said: Said, log: Log, number: int, over: threading.Event) -> None:
    """Visit after visit, each from an address of its own, as limits count visitors."""
    for turn in count():
        if over.is_set():
            return
        at = turn * READERS + number
        reader = Reader(url, f"10.0.{at // 250}.{at % 250 + 1}", log)
        visit(reader, said, at)
        reader.close()


def _kill_and_restart(process: Process, log: Log, requests: int) -> tuple[float, float]:
    """When it was killed, and how many seconds later it was ready again."""
    while log.requests < KILLED_AT * requests:
        time.sleep(0.02)
    process.program.kill()
    killed_at = time.monotonic()
    process.program.start()
    process.wait_until_ready()
    return killed_at, time.monotonic() - killed_at


def _failures(failures: list[Failure], killed_at: float) -> Iterator[Row]:
    """In the second of the kill fails what was under way then, or was sent before the proxy knew."""
    late = [one for one in failures if not -SECOND_S < one.at - killed_at < SECOND_S]
    kinds = sorted({one.what.rpartition(": ")[2] for one in failures})
    yield Row("failures that a reader may repeat", f"{len(failures)} ({', '.join(kinds) or 'none'})")
    yield exactly("of them outside the second of the kill", len(late))
    yield from (Row("late", f"{one.what} after {one.at - killed_at:.2f} s", "none", False) for one in late[:10])
