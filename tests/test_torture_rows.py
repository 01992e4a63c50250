"""What a torture prints of failures that did not happen: how many trials there were, and what that allows."""

from evals.benchmarks.table import Row, none_of


def test_no_failure_in_three_hundred_trials_leaves_one_percent() -> None:
    assert none_of("lost", 0, 300) == Row("lost", "0 of 300, so at most 1 %", "0", True)


def test_a_failure_is_missed_and_bounds_nothing() -> None:
    assert none_of("lost", 2, 300) == Row("lost", "2 of 300", "0", False)


def test_three_trials_bound_nothing_and_none_at_all_prove_nothing() -> None:
    assert none_of("lost", 0, 3) == Row("lost", "0 of 3", "0", True)
    assert not none_of("lost", 0, 0).met
