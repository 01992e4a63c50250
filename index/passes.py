"""Forward passes side by side, each with its share of the processor's cores, rather than one after another with all.

In: functions that run a model. Out: what they return, in order. One pass over two cores waits for the slower core after
every product of matrices; two passes on a core each never wait for one another, and little for what else is running.
For the same reason every other thread takes one core: on two that were also wanted elsewhere, a question took 2,494 ms
over both and 203 ms on one (median; 485 and 25 ms of processor time).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")

MAX_PASSES = 8
"""Each holds the activations of a batch in memory."""


class Passes:
    """Threads that wait for passes as long as this is in use."""

    def __init__(self, threads: int) -> None:
        """``threads``: cores to use in all."""
        import torch

        count = min(threads, MAX_PASSES)
        ready = threading.Barrier(count + 1)

        def start() -> None:
            torch.set_num_threads(threads // count)
            # A thread takes over the number that was set last when it first asks; from then on it keeps its own.
            torch.get_num_threads()
            ready.wait()

        self._pool = ThreadPoolExecutor(count, thread_name_prefix="pass", initializer=start)
        for _ in range(count):
            self._pool.submit(int)
        ready.wait()
        # All other threads: a question is one short pass, and many are asked at a time.
        torch.set_num_threads(1)
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="beside") if threads > 1 else None

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """The largest items should come first: then all threads end at about the same time."""
        return self._pool.map(work, items)

    def halved(self, work: Callable[[Sequence[T]], NDArray[np.float32]], items: Sequence[T]) -> NDArray[np.float32]:
        """``work`` over all items, whose rows do not depend on one another: the second half on another core, unless
        that is still busy when this thread is through with the first."""
        if self._beside is None or len(items) < 2:
            return work(items)
        middle = -(-len(items) // 2)
        rest = self._beside.submit(work, items[middle:])
        first = work(items[:middle])
        return np.concatenate([first, work(items[middle:]) if rest.cancel() else rest.result()])
