"""Iterators that run ahead give what they would have given, stay near, and end with their block."""

import threading
from collections.abc import Generator, Iterator

import pytest

from index.ahead import Ahead


def counting(count: int, seen: list[int] | None = None) -> Generator[int, None, None]:
    for number in range(count):
        if seen is not None:
            seen.append(number)
        yield number


def doubled(numbers: Iterator[int]) -> Generator[int, None, None]:
    for number in numbers:
        yield 2 * number


def failing(good: int, error: Exception) -> Generator[int, None, None]:
    yield from range(good)
    raise error


def test_items_come_in_order_through_several_threads() -> None:
    with Ahead() as ahead:
        numbers = ahead.iterate(counting(100), 2)
        assert list(ahead.iterate(doubled(numbers), 1)) == list(range(0, 200, 2))


def test_an_iterator_starts_before_its_first_item_is_wanted() -> None:
    started = threading.Event()

    def waited_for() -> Generator[int, None, None]:
        started.set()
        yield 1

    with Ahead() as ahead:
        ahead.iterate(waited_for(), 1)
        assert started.wait(10)


def test_an_iterator_is_never_further_ahead_than_it_may_be() -> None:
    seen: list[int] = []
    with Ahead() as ahead:
        numbers = ahead.iterate(counting(100, seen), 3)
        for number in numbers:
            # Three wait, and one more is in the thread's hand.
            assert len(seen) <= number + 1 + 3 + 1


def test_what_is_raised_comes_after_the_items_before_it() -> None:
    error = MemoryError("the model")
    with Ahead() as ahead:
        numbers = ahead.iterate(failing(2, error), 8)
        assert [next(numbers), next(numbers)] == [0, 1]
        with pytest.raises(MemoryError) as raised:
            next(numbers)
    assert raised.value is error


def test_what_is_raised_passes_through_the_iterators_that_read_from_it() -> None:
    with Ahead() as ahead:
        numbers = ahead.iterate(failing(1, OSError("the disk")), 1)
        with pytest.raises(OSError, match="the disk"):
            list(ahead.iterate(doubled(numbers), 1))


def test_leaving_the_block_ends_every_thread_and_closes_every_iterator() -> None:
    before = set(threading.enumerate())
    closed: list[str] = []

    def endless(name: str, source: Iterator[int] | None = None) -> Generator[int, None, None]:
        try:
            while True:
                yield next(source) if source else 0
        finally:
            closed.append(name)

    with Ahead() as ahead:
        first = ahead.iterate(endless("first"), 1)
        assert next(ahead.iterate(endless("second", first), 1)) == 0
    assert sorted(closed) == ["first", "second"]
    assert set(threading.enumerate()) <= before


def test_a_block_that_fails_ends_its_threads_too() -> None:
    before = set(threading.enumerate())

    def broken() -> None:
        with Ahead() as ahead:
            next(ahead.iterate(counting(100), 1))
            raise ValueError("of the block itself")

    with pytest.raises(ValueError, match="of the block itself"):
        broken()
    assert set(threading.enumerate()) <= before
