"""Iterators worked off ahead of their use: each in a thread of its own, in order, and never far ahead.

In: iterators, where a later one may read from an earlier one. Out: the same items, and what an iterator raises, in its
place. Leaving the ``with`` block, for whatever reason, ends all threads; each first finishes the item that it is at,
and closes its iterator.
"""

import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class _End(NamedTuple):
    """Comes after the last item."""

    error: BaseException | None


class _LeftError(Exception):
    """The block was left: nobody wants the rest."""


class Ahead:
    """A block in which iterators run ahead of it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._left = False

    def __enter__(self) -> "Ahead":
        return self

    def __exit__(self, *_error: object) -> None:
        with self._changed:
            self._left = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def iterate(self, source: Generator[T, None, None], size: int) -> Iterator[T]:
        """The items of ``source``, which starts at once; at most ``size`` of them wait to be taken."""
        waiting: deque[T | _End] = deque()
        # A daemon: a process that ends without leaving the block must not wait for it.
        thread = threading.Thread(target=self._work_off, args=(source, waiting, size), name="ahead", daemon=True)
        thread.start()
        self._threads.append(thread)
        return self._taken(waiting)

    def _work_off(self, source: Generator[T, None, None], waiting: deque[Any], size: int) -> None:
        with suppress(_LeftError):
            end = _End(None)
            try:
                with closing(source):
                    for item in source:
                        self._give(waiting, item, size)
            except _LeftError:
                raise
            except BaseException as exc:
                end = _End(exc)
            self._give(waiting, end, size + 1)

    def _give(self, waiting: deque[Any], item: object, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._left or len(waiting) < size)
            if self._left:
                raise _LeftError
            waiting.append(item)
            self._changed.notify_all()

    def _taken(self, waiting: deque[Any]) -> Iterator[Any]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._left or waiting)
                if self._left:
                    raise _LeftError
                item = waiting.popleft()
                self._changed.notify_all()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
