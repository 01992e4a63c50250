"""Passes run side by side, each on its share of the cores, and every other thread on one."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from index.passes import MAX_PASSES, Passes


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(Passes(2).map(lambda number: number * number, [3, 1, 2])) == [9, 1, 4]


def test_as_many_run_at_once_as_there_are_cores() -> None:
    together = threading.Barrier(3)
    assert sorted(Passes(3).map(lambda _: together.wait(10), range(3))) == [0, 1, 2]


def test_each_pass_has_its_share_of_the_cores() -> None:
    assert set(Passes(2).map(lambda _: torch.get_num_threads(), range(4))) == {1}
    assert set(Passes(2 * MAX_PASSES).map(lambda _: torch.get_num_threads(), range(4))) == {2}


def test_a_thread_that_comes_later_has_one_core() -> None:
    torch.set_num_threads(2)
    Passes(3)
    with ThreadPoolExecutor(1) as later:
        assert later.submit(torch.get_num_threads).result() == 1


def test_what_a_pass_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(Passes(2).map(lambda number: 1 // number, [1, 0]))


def squares(numbers: Sequence[int]) -> NDArray[np.float32]:
    return np.array([[number * number] for number in numbers], np.float32)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("numbers", [[3], [3, 1], [3, 1, 2]])
def test_halves_are_joined_in_order(threads: int, numbers: list[int]) -> None:
    assert Passes(threads).halved(squares, numbers).tolist() == squares(numbers).tolist()


def test_both_halves_run_at_once_where_a_core_is_free() -> None:
    together = threading.Barrier(2)

    def work(numbers: Sequence[int]) -> NDArray[np.float32]:
        together.wait(10)
        return squares(numbers)

    assert Passes(2).halved(work, [1, 2, 3]).tolist() == [[1], [4], [9]]


def test_nobody_waits_for_a_core_that_is_busy_with_another_question() -> None:
    passes, busy, done = Passes(2), threading.Event(), threading.Event()

    def slow(numbers: Sequence[int]) -> NDArray[np.float32]:
        if threading.current_thread() is not other:
            busy.set()
            done.wait(10)
        return squares(numbers)

    other = threading.Thread(target=passes.halved, args=(slow, [1, 2]))
    other.start()
    assert busy.wait(10)
    assert passes.halved(squares, [1, 2, 3]).tolist() == [[1], [4], [9]]
    done.set()
    other.join(10)
    assert not other.is_alive()


def test_what_the_other_half_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="of one"):
        Passes(2).halved(lambda numbers: squares(numbers) if len(numbers) > 1 else _refuse(), [1, 2, 3])


def _refuse() -> NDArray[np.float32]:
    raise ValueError("of one")
