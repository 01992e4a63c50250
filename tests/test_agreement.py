"""Translations of the passage that answers come with it, and works without translations lose nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.agreement import AGREEMENT, Places, agreed


def scored(*candidates: tuple[float, int, int, float, float]) -> list[float]:
    """From score, work, article, start and end of each candidate."""
    scores, works, articles, starts, ends = zip(*candidates, strict=True)
    places = Places(
        works=np.array(works, np.int32),
        articles=np.array(articles, np.int32),
        starts=np.array(starts, np.float32),
        ends=np.array(ends, np.float32),
    )
    found: list[float] = agreed(np.array(scores, np.float32), places).tolist()
    return found


def test_a_translation_at_the_same_place_is_raised_towards_the_better_version() -> None:
    assert scored((4, 1, 1, 0, 0.5), (-6, 1, 2, 0, 0.4)) == pytest.approx([4, -6 + AGREEMENT * 10])


def test_another_place_of_a_translation_is_not() -> None:
    assert scored((4, 1, 1, 0, 0.5), (-6, 1, 2, 0.6, 1)) == [4, -6]


def test_the_next_passage_of_the_same_article_is_not() -> None:
    assert scored((4, 1, 1, 0, 0.5), (-6, 1, 1, 0, 0.5)) == [4, -6]


def test_no_candidates_are_no_scores() -> None:
    empty = np.zeros(0)
    assert agreed(empty, Places(works=empty, articles=empty, starts=empty, ends=empty)).tolist() == []


@given(st.lists(st.tuples(st.floats(-20, 20, width=32), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=12))
def test_no_works_best_passage_gains_or_loses(candidates: list[tuple[float, int, int]]) -> None:
    found = scored(*((score, work, article, 0, 1) for score, work, article in candidates))
    for work in {work for _, work, _ in candidates}:
        before = max(score for score, own, _ in candidates if own == work)
        after = max(score for score, (_, own, _) in zip(found, candidates, strict=True) if own == work)
        assert after == before
