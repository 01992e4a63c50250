"""Figures of whole runs, and the record of all scores."""

import random

import msgspec
import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run
from sklearn.metrics import roc_auc_score

from evals.golden import Expect
from evals.measures import FIGURES, MEASURES, Scores, scores
from evals.measures.confidence import confidence_of, reliability_bins
from evals.records import Outcome
from rag.errors import InputError

auroc, calibration_error, kept = (FIGURES[name].of for name in ("auroc", "calibration_error", "followup_kept"))
ANSWERABLE, UNANSWERABLE = case(), case(expect=Expect(status="not_found"))


def sure(*confidences: float, answerable: bool) -> list[Outcome]:
    return [outcome(ANSWERABLE if answerable else UNANSWERABLE, answer(confidence=one)) for one in confidences]


def test_auroc_counts_ordered_pairs_and_half_of_the_ties() -> None:
    assert auroc([*sure(0.9, 0.5, answerable=True), *sure(0.5, 0.1, answerable=False)]) == 3.5 / 4


def test_auroc_equals_that_of_scikit_learn() -> None:
    chance = random.Random(3)
    known = [(round(chance.random(), 2), chance.random() < 0.7) for _ in range(300)]
    ours = auroc([one for confidence, answerable in known for one in sure(confidence, answerable=answerable)])
    assert ours == pytest.approx(roc_auc_score([yes for _, yes in known], [value for value, _ in known]), abs=1e-12)


def test_auroc_needs_both_kinds_and_leaves_out_what_has_no_confidence() -> None:
    assert auroc(sure(0.9, answerable=True)) is None
    assert auroc([*sure(0.9, answerable=True), *sure(0.1, answerable=False), outcome(UNANSWERABLE, REFUSAL)]) == 1.0


def test_calibration_error_is_the_distance_of_confidence_and_share_weighed_by_bin() -> None:
    known = [*sure(0.12, 0.18, answerable=False), *sure(0.15, answerable=True), *sure(1.0, answerable=True)]
    bins = reliability_bins([part for one in known if (part := confidence_of(one))])
    assert [(one.low, one.questions) for one in bins] == [(0.1, 3), (0.9, 1)]
    assert (bins[0].confidence, bins[0].answerable) == (pytest.approx(0.15), pytest.approx(1 / 3))
    assert calibration_error(known) == pytest.approx(0.75 * (1 / 3 - 0.15))
    assert calibration_error([]) is None


def test_brier_is_the_squared_distance_of_confidence_from_what_is_so() -> None:
    assert MEASURES["brier"].score(sure(0.8, answerable=True)[0], None) == pytest.approx(0.04)
    assert MEASURES["brier"].score(sure(0.8, answerable=False)[0], None) == pytest.approx(0.64)


def test_follow_ups_keep_a_share_of_the_hits_of_their_standalone_questions() -> None:
    asked = case(standalone="By itself?")
    there, not_there = found(WORK), found("other")
    sides = [(there, there), (not_there, there), (there, there), (not_there, not_there)]
    outcomes = [outcome(asked, hits=hits, standalone_hits=alone) for hits, alone in sides]
    assert kept(outcomes) == pytest.approx(2 / 3)
    assert kept(outcomes[3:]) is None


def test_scores_name_every_untimed_measure_of_every_question_and_every_figure() -> None:
    made = scores(run([outcome(case("a-en"), answer(citation("x"))), outcome(case("b-en"))]))
    assert list(made.questions) == ["a-en", "b-en"]
    assert list(made.questions["a-en"]) == [name for name, measure in MEASURES.items() if not measure.timed]
    assert list(made.figures) == list(FIGURES)
    assert (made.questions["a-en"]["right"], made.questions["b-en"]["right"]) == (1.0, 0.0)


def test_equal_runs_have_equal_scores_in_every_byte_but_the_timing() -> None:
    outcomes = [outcome(case(f"{number}-en"), answer(citation("x"), confidence=number / 9)) for number in range(9)]
    one, other = (scores(run(outcomes, latencies_ms=((ms,),) * 9)) for ms in (1.0, 2.0))
    assert one != other
    no_time = one.timing
    assert msgspec.json.encode(one) == msgspec.json.encode(msgspec.structs.replace(other, timing=no_time))
    assert msgspec.json.decode(msgspec.json.encode(one), type=Scores) == one


def test_latency_is_the_median_of_a_question_and_the_nearest_rank_of_all() -> None:
    latencies = ((30.0, 10.0, 20.0), (40.0,), ())
    timing = scores(run([outcome(case(name), answer()) for name in "abc"], latencies_ms=latencies)).timing
    assert timing.latency_ms == {"a": 20.0, "b": 40.0}
    assert (timing.p50_ms, timing.p95_ms) == (20.0, 40.0)


def test_a_run_that_holds_a_question_twice_is_refused_by_its_id() -> None:
    with pytest.raises(InputError, match="a-en more than once"):
        scores(run([outcome(case("a-en")), outcome(case("a-en"))]))
