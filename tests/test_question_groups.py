"""Questions that mean the same fall together, by vectors that are made so that the answer can be read off."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from rag.question_groups import Group, centred, figures, group_questions, linked

NO_OTHERS = {lang: np.zeros(4, np.float32) for lang in ("en", "de")}


def matrix(*pairs: tuple[int, int, float], size: int) -> NDArray[np.float32]:
    """A symmetric matrix, zero but for the pairs."""
    made = np.eye(size, dtype=np.float32)
    for a, b, value in pairs:
        made[a, b] = made[b, a] = value
    return made


def vectors(*directions: tuple[float, ...]) -> NDArray[np.float32]:
    made = np.array(directions, np.float32)
    unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return unit


def test_pairs_above_the_threshold_are_joined_and_others_stay_alone() -> None:
    assert linked(matrix((0, 2, 0.9), (1, 3, 0.4), size=4), 0.5) == [[0, 2], [1], [3]]


def test_a_third_joins_by_its_mean_similarity_to_both() -> None:
    near = matrix((0, 1, 0.9), (0, 2, 0.8), (1, 2, 0.3), size=3)
    assert linked(near, 0.55) == [[0, 1, 2]]  # (0.8 + 0.3) / 2 = 0.55
    assert linked(near, 0.56) == [[0, 1], [2]]


def test_nothing_is_linked_to_nothing() -> None:
    assert linked(np.zeros((0, 0), np.float32), 0.5) == []


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(2, 25), threshold=st.floats(0.05, 0.95))
def test_linkage_is_that_of_scipy(seed: int, size: int, threshold: float) -> None:
    values = np.random.default_rng(seed).random((size, size))
    near = ((values + values.T) / 2).astype(np.float32)
    np.fill_diagonal(near, 1.0)
    theirs = fcluster(
        linkage(squareform(1 - near.astype(np.float64), checks=False), "average"), 1 - threshold, "distance"
    )
    expected = sorted([int(row) for row in np.flatnonzero(theirs == label)] for label in set(theirs))
    assert sorted(linked(near, threshold)) == expected


def test_the_most_central_question_comes_first() -> None:
    near = vectors((1, 0.3, 0, 0), (1, 0, 0, 0), (1, -0.3, 0, 0))
    groups = group_questions(["a", "b", "c"], ["en"] * 3, near, NO_OTHERS, threshold=0.5)
    assert groups == [Group((1, 0, 2))]


def test_questions_with_other_figures_are_never_the_same() -> None:
    same = vectors((1, 0, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0))
    texts = ["Sales in 2019?", "Sales in 2024?", "sales, 2019"]
    assert group_questions(texts, ["en"] * 3, same, NO_OTHERS) == [Group((0, 2)), Group((1,))]


def test_a_list_about_one_matter_alone_still_falls_together() -> None:
    alone = vectors((1, 0.1, 0, 0), (1, 0, 0.1, 0), (1, 0, 0, 0.1))
    assert len(group_questions(["a", "b", "c"], ["en"] * 3, alone, NO_OTHERS)) == 1


def test_what_a_language_alone_brings_does_not_count() -> None:
    # The first axis is the language's, the second and third are what is asked.
    near = vectors((3, 1, 0, 0), (3, 0, 1, 0), (-3, 1, 0, 0), (-3, 0, 1, 0))
    others = {"en": vectors((1, 0, 0, 0))[0] * 0.95, "de": vectors((-1, 0, 0, 0))[0] * 0.95}
    groups = group_questions(list("abcd"), ["en", "en", "de", "de"], near, others, threshold=0.5)
    assert groups == [Group((0, 2)), Group((1, 3))]


def test_with_very_many_questions_the_language_mean_is_their_own() -> None:
    many = np.tile(vectors((1, 2, 0, 0)), (100_000, 1))
    assert np.abs(centred(many, ["en"] * len(many), NO_OTHERS)).max() < 0.001


@pytest.mark.parametrize(
    ("text", "found"),
    [("Q8 and Q4, 43,866 in 2021?", {"q8", "q4", "43,866", "2021"}), ("Ｑ４", {"q4"}), ("How many?", set())],
)
def test_figures_are_numbers_with_the_letters_before_them(text: str, found: set[str]) -> None:
    assert figures(text) == found
