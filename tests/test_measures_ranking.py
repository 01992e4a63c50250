"""Ranking measures, held against ir_measures, and how hits become a ranking of works."""

import random

import ir_measures
import pytest
from ir_measures import RR, Success, nDCG
from made_runs import WORK, case, found, outcome

from evals.golden import Expect
from evals.measures import MEASURES
from evals.measures.ranking import hit, ndcg, reciprocal_rank, works_found

CUTOFFS = (1, 3, 5, 10)
POOL = [f"d{number:02}" for number in range(30)]


def random_rankings(count: int, seed: int) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Grades (0 to 3, at least one above 0) and scores without ties, by question."""
    chance = random.Random(seed)
    grades = {f"q{number}": {one: chance.randint(0, 3) for one in chance.sample(POOL, 8)} for number in range(count)}
    for judged in grades.values():
        judged[min(judged)] = chance.randint(1, 3)
    retrieved = [chance.sample(POOL, chance.randint(1, 20)) for _ in grades]
    scores = {
        question: dict(zip(ids, chance.sample([number / 1000 for number in range(1000)], len(ids)), strict=True))
        for question, ids in zip(grades, retrieved, strict=True)
    }
    return grades, scores


def test_ranking_measures_equal_those_of_ir_measures() -> None:
    grades, scores = random_rankings(count=400, seed=7)
    ours = {}
    for question, scored in scores.items():
        ranking, judged = sorted(scored, key=scored.__getitem__, reverse=True), grades[question]
        ours[question, RR] = reciprocal_rank(ranking, judged)
        for k in CUTOFFS:
            ours[question, Success @ k] = hit(ranking, judged, k)
            ours[question, nDCG @ k] = ndcg(ranking, judged, k)
    wanted = [RR, *(Success @ k for k in CUTOFFS), *(nDCG @ k for k in CUTOFFS)]
    theirs = {(one.query_id, one.measure): one.value for one in ir_measures.iter_calc(wanted, grades, scores)}
    assert len(theirs) == len(ours) == 400 * 9
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert len({round(value, 6) for value in ours.values()}) > 100


def test_a_work_stands_where_its_first_hit_puts_it_among_the_works() -> None:
    assert works_found(found("a", "b", "a", "a", "c")) == ("a", "b", "c")


def test_the_second_work_after_many_passages_of_the_first_is_second() -> None:
    asked = outcome(hits=found(*["other"] * 6, WORK))
    scored = {name: MEASURES[name].score(asked, None) for name in ("hit@1", "hit@3", "mrr", "ndcg@10")}
    assert scored == {"hit@1": 0.0, "hit@3": 1.0, "mrr": 0.5, "ndcg@10": pytest.approx(0.6309297535714575)}


@pytest.mark.parametrize("name", ["hit@1", "hit@3", "hit@5", "hit@10", "mrr", "ndcg@10"])
def test_search_is_unscored_where_no_work_is_expected_and_zero_where_nothing_was_found(name: str) -> None:
    without = outcome(case(expect=Expect(status="not_found")), hits=found("a"))
    assert MEASURES[name].score(without, None) is None
    assert MEASURES[name].score(outcome(hits=()), None) == 0.0


def test_without_a_relevant_id_there_is_nothing_to_find() -> None:
    assert (hit(["a"], {"a": 0}, 1), reciprocal_rank(["a"], {}), ndcg(["a"], {"a": 0}, 10)) == (0.0, 0.0, 0.0)
