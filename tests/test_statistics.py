"""How sure a mean is, worked by hand where that is possible."""

import numpy as np
import pytest
from made_runs import WORK, answer, case, citation, found, outcome
from scipy.stats import binom

from evals.golden import Expect
from evals.slices import cluster, slices, source_language
from evals.statistics import (
    Clustered,
    Floats,
    clustered,
    holm,
    least_probabilities,
    loss_probabilities,
    mean_intervals,
)

NAN = float("nan")


def column(*cluster_sums: float) -> Clustered:
    """One measure; every cluster holds one question."""
    sums = np.array(cluster_sums)[:, None]
    return Clustered(sums, np.ones_like(sums))


def only(values: Floats) -> float:
    assert values.shape == (1,)
    return float(values[0])


def test_sums_leave_out_the_unscored_and_keep_groups_side_by_side() -> None:
    values = np.array([[1.0, NAN], [2.0, 3.0], [4.0, 5.0]])
    data = clustered(values, ["b", "a", "b"], [(0, 1, 2), (2,)])
    assert data.sums.tolist() == [[2, 3, 0, 0], [5, 5, 4, 5]]
    assert data.counts.tolist() == [[1, 1, 0, 0], [2, 1, 1, 1]]


def test_a_mean_without_spread_has_no_width_and_a_mean_of_nothing_no_interval() -> None:
    low, high = mean_intervals(clustered(np.array([[0.5, NAN], [0.5, NAN]]), ["a", "b"], [(0, 1)]))
    assert (low[0], high[0]) == (0.5, 0.5)
    assert np.isnan([low[1], high[1]]).all()


def test_the_interval_of_independent_questions_is_that_of_the_binomial_distribution() -> None:
    low, high = mean_intervals(column(*[1.0] * 80, *[0.0] * 20))
    wanted = binom.ppf([0.025, 0.975], 100, 0.8) / 100
    assert (only(low), only(high)) == pytest.approx(tuple(wanted), abs=0.011)


def test_questions_of_one_work_widen_the_interval() -> None:
    values = np.array([[float(number < 80)] for number in range(100)])
    apart = mean_intervals(clustered(values, [str(number) for number in range(100)], [range(100)]))
    together = mean_intervals(clustered(values, [str(number // 10) for number in range(100)], [range(100)]))
    assert only(together.high - together.low) > 2.5 * only(apart.high - apart.low)


@pytest.mark.parametrize(
    ("sums", "p"),
    [
        ((-1.0,) * 5, 1 / 64),
        ((-1.0,) * 5 + (0.0,) * 200, 1 / 64),
        ((-1.0, -1.0, -1.0, 1.0), (1 + 4 / 2) / 16),
        ((1.0,) * 5, 1 - 1 / 64),
        ((-2.0, 1.0), 0.375),
        ((0.0, 0.0), 0.5),
    ],
    ids=["five lost", "among many equal", "three of four", "five won", "unequal", "nothing differs"],
)
def test_the_probability_of_a_loss_counts_smaller_totals_and_half_of_the_equal_ones(
    sums: tuple[float, ...], p: float
) -> None:
    assert only(loss_probabilities(column(*sums))) == pytest.approx(p, abs=0.01)


def test_the_least_probability_is_that_of_a_loss_in_every_cluster_that_differs() -> None:
    assert only(least_probabilities(column(-1.0, 1.0, 0.0, 2.0))) == 1 / 16


def test_chance_is_the_same_every_time() -> None:
    data = column(*np.random.default_rng(1).normal(size=40))
    for of in (loss_probabilities, mean_intervals):
        assert np.array_equal(of(data), of(data))


def test_holm_multiplies_by_how_many_are_left_and_keeps_the_order() -> None:
    assert holm(np.array([0.04, 0.01, 0.03, 0.9])).tolist() == pytest.approx([0.09, 0.04, 0.09, 0.9])
    assert holm(np.array([])).tolist() == []


# Which questions belong together


def test_a_case_without_a_work_belongs_with_the_same_question_in_other_languages() -> None:
    missing = Expect(status="not_found")
    assert cluster(case("ferry-price-de", lang="de", expect=missing)) == "id:ferry-price"
    assert cluster(case("ferry-price-nl", lang="nl", expect=missing)) == "id:ferry-price"
    assert cluster(case("x-en")) == WORK


def test_slices_are_by_language_pair_tag_and_answerability_and_all_comes_first() -> None:
    german = case("a-de", lang="de", tags=("table", "number"))
    missing = case("b-en", expect=Expect(status="not_found"), tags=("number",))
    outcomes = [outcome(german, answer(citation("q", lang="nl"))), outcome(missing, answer(status="not_found"))]
    assert slices(outcomes) == {
        "all": (0, 1),
        "answerable:no": (1,),
        "answerable:yes": (0,),
        "lang:de": (0,),
        "lang:en": (1,),
        "pair:de>nl": (0,),
        "tag:number": (0, 1),
        "tag:table": (0,),
    }
    assert next(iter(slices(outcomes))) == "all"


def test_without_a_citation_the_language_is_that_of_the_first_right_hit() -> None:
    hits = (*found("other", lang="fr"), *found(WORK, lang="nl"))
    assert source_language(outcome(hits=hits)) == "nl"
    assert source_language(outcome(hits=found("other"))) is None
