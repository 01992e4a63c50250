"""What each figure does to a candidate's score."""

import numpy as np
import pytest

from index.ranking import MATCH_POWER, Figures, columns, commonness, log_odds, matched


def figures(**given: float) -> Figures:
    known = {"matched": 0.5, "cosines": 0.1, "coverages": 0.2, "common": 0.3} | given
    told = {name: np.array([bool(known.pop(name, 0))]) for name in ("foreign", "untranslated")}
    return Figures(**told, **{name: np.array([value], np.float32) for name, value in known.items()})


@pytest.mark.parametrize("figure", ["matched", "cosines", "coverages"])
def test_more_of_a_figure_is_better(figure: str) -> None:
    assert log_odds(figures(**{figure: 0.9}))[0] > log_odds(figures())[0]


def test_a_passage_near_every_question_is_held_back() -> None:
    assert log_odds(figures(common=0.5))[0] < log_odds(figures())[0]


def test_terms_of_a_foreign_candidate_have_a_weight_of_their_own() -> None:
    assert columns(figures(foreign=1))[0].tolist() == pytest.approx([0.5, 0.1, 0, 0.2, 0, 0.3])
    assert columns(figures())[0].tolist() == pytest.approx([0.5, 0.1, 0.2, 0, 0, 0.3])


def test_what_exists_in_another_language_only_is_credited_for_it() -> None:
    assert log_odds(figures(foreign=1, untranslated=1))[0] > log_odds(figures(foreign=1))[0] + 1


def test_a_token_that_all_candidates_match_alike_counts_less_than_one_that_tells_them_apart() -> None:
    best = np.array([[0.6] * 40, [0.9] * 20 + [0.1] * 20], np.float32)
    found = matched(best, np.array([0.5, 0.5], np.float32))
    alike, telling = 0.6**MATCH_POWER, 0.9**MATCH_POWER
    assert alike < (alike + telling) / 2 < found[0] < telling


def test_of_a_single_candidate_each_token_counts_by_its_weight() -> None:
    found = matched(np.array([[1.0], [0.0]], np.float32), np.array([0.75, 0.25], np.float32))
    assert found.tolist() == pytest.approx([0.75])


def test_no_candidates_and_no_tokens_are_no_scores() -> None:
    assert matched(np.zeros((0, 2), np.float32), np.zeros(0, np.float32)).tolist() == [0, 0]
    assert commonness(np.zeros((0, 2), np.float32)).tolist() == [0, 0]
