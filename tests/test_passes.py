"""Passes run side by side, each on its share of the cores, and every other thread on one."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

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
