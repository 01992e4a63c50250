"""Alignment: passages of two versions in pairs, in their order."""

import numpy as np
import pytest

from index.alignment import aligned


def test_versions_that_say_the_same_go_side_by_side() -> None:
    assert aligned(np.eye(3, dtype=np.float32)) == [(0, 0), (1, 1), (2, 2)]


def test_a_passage_that_the_other_version_lacks_stays_alone() -> None:
    gains = np.array([[0.6, -0.2], [-0.2, -0.1], [-0.2, 0.6]], np.float32)
    assert aligned(gains) == [(0, 0), (2, 1)]


def test_pairs_never_cross_even_where_crossing_is_more_alike() -> None:
    gains = np.array([[0.5, 0.9], [0.6, 0.5]], np.float32)
    assert aligned(gains) == [(0, 0), (1, 1)]


def test_what_is_not_alike_has_no_counterpart() -> None:
    assert aligned(np.full((2, 2), -0.1, np.float32)) == []


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_a_version_without_passages_has_no_pairs(shape: tuple[int, int]) -> None:
    assert aligned(np.zeros(shape, np.float32)) == []
