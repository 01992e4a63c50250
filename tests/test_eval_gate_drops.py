"""Drops: how a run is held against the baseline, and what counts as lost."""

import msgspec
import pytest
from made_gates import RIGHT, WRONG, drop, floor, held, outcomes
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run

from evals.baseline import load_baselines
from evals.gate import load_gate
from evals.golden import Expect
from evals.measures import scores
from evals.records import Outcome
from evals.suite import load_suite
from rag.errors import ConfigurationError, KildeError
from rag.records import Answer


@pytest.mark.parametrize(("at_most", "holds"), [(0.25, True), (0.24, False)])
def test_a_drop_is_measured_against_the_baseline(at_most: float, holds: bool) -> None:
    _, check = held(drop(at_most=at_most), run(outcomes(2, 4)), run(outcomes(3, 4)))
    assert (check.measured, check.questions, check.holds) == (0.25, 4, holds)


def test_a_gain_is_no_drop() -> None:
    _, check = held(drop(at_most=0), run(outcomes(4, 4)), run(outcomes(1, 4)))
    assert (check.measured, check.holds) == (-0.75, True)


def test_more_of_what_should_be_low_is_a_drop() -> None:
    before, now = run([outcome(case("a-en"), RIGHT)]), run([outcome(case("a-en"))])
    _, check = held(drop(measure="errors", at_most=0), now, before)
    assert (check.measured, check.holds) == (1.0, False)


def test_only_questions_that_both_asked_alike_are_compared() -> None:
    reworded = msgspec.structs.replace(case("1-en"), question="Otherwise?")
    now = run([*outcomes(1, 1), outcome(reworded, WRONG), outcome(case("new-en"), WRONG)])
    _, check = held(drop(at_most=0), now, run(outcomes(3, 3)))
    assert (check.questions, check.measured) == (1, 0.0)


def test_drops_without_a_baseline_or_over_other_articles_are_refused() -> None:
    now = run(outcomes(1, 1))
    with pytest.raises(KildeError, match="made has none"):
        held(drop(at_most=0), now)
    with pytest.raises(KildeError, match="was made over other articles"):
        held(drop(at_most=0), now, run(outcomes(1, 1), corpus="decaf"))


@pytest.mark.parametrize("rule", [{"measure": "rigth"}, {"slice": "tag:none"}, {"min_questions": 9}])
def test_a_drop_of_what_was_never_produced_is_an_error(rule: dict[str, object]) -> None:
    now = run(outcomes(1, 1))
    with pytest.raises(ConfigurationError, match="did not produce"):
        held(drop(at_most=0, **rule), now, now)


def test_a_drop_of_what_the_baseline_never_scored_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="or its baseline did not produce"):
        held(drop(at_most=0), run(outcomes(1, 1)), run([outcome(case("other-en"), RIGHT)]))


FORBIDS = tuple(
    case(f"{n}-en", expect=Expect(status="answered", works=("w",), forbidden=("Heron",))) for n in range(20)
)


def test_refusals_that_become_answers_with_what_is_forbidden_are_a_drop() -> None:
    sound, bad = answer(citation("the Merlin")), answer(citation("the Heron"))
    before = run([outcome(one, sound if n < 10 else REFUSAL) for n, one in enumerate(FORBIDS)])
    now = run([outcome(one, sound if n < 10 else bad) for n, one in enumerate(FORBIDS)])
    _, check = held(drop(measure="forbidden", at_most=0.05), now, before)
    assert (check.measured, check.questions, check.holds) == (0.5, 20, False)


def test_answers_that_worsen_behind_answers_that_are_won_are_a_drop() -> None:
    sound, bad = answer(citation("the Merlin")), answer(citation("the Heron"))
    before = run([outcome(one, (sound, sound, bad, REFUSAL)[n % 4]) for n, one in enumerate(FORBIDS)])
    now = run([outcome(one, (sound, bad, REFUSAL, sound)[n % 4]) for n, one in enumerate(FORBIDS)])
    _, check = held(drop(measure="forbidden", at_most=0.05), now, before)
    assert (check.measured, check.holds) == (0.5, False)  # a third of what each scored, before and now


def test_refusals_of_what_can_be_answered_are_a_drop_of_their_precision() -> None:
    unanswerable = case("none-en", expect=Expect(status="not_found"))
    before = run([outcome(unanswerable, REFUSAL), outcome(case("0-en"), RIGHT)])
    now = run([outcome(unanswerable, REFUSAL), outcome(case("0-en"), REFUSAL)])
    _, check = held(drop(measure="refusal_precision", at_most=0.1), now, before)
    assert (check.measured, check.holds) == (0.5, False)


@pytest.mark.parametrize(("added", "holds"), [(1, True), (2, False)])
def test_a_comparison_over_less_than_nine_tenths_of_the_suite_does_not_hold(added: int, holds: bool) -> None:
    before, new = outcomes(9, 9), [outcome(case(f"new-{n}-en"), RIGHT) for n in range(added)]
    for first, second in ((before, [*before, *new]), ([*before, *new], before)):
        compared, check = held(drop(at_most=0), run(second), run(first))
        assert (compared.measured, compared.holds) == (pytest.approx(9 / (9 + added)), holds)
        assert (compared.questions, check.questions) == (9, 9)


def test_a_question_with_another_tag_is_still_compared() -> None:
    tagged = [
        msgspec.structs.replace(one, case=msgspec.structs.replace(one.case, tags=("new",))) for one in outcomes(3, 4)
    ]
    _, check = held(drop(at_most=0), run(tagged), run(outcomes(4, 4)))
    assert (check.questions, check.measured, check.holds) == (4, 0.25, False)


def test_what_the_baseline_has_and_the_run_lost_does_not_hold() -> None:
    before, now = run(outcomes(4, 4)), run([outcome(one.case, REFUSAL) for one in outcomes(4, 4)])
    _, lost = held(drop(measure="citation_precision", at_most=0.5), now, before)
    assert (lost.measured, lost.questions, lost.holds) == (None, 0, False)
    (lost,) = held(floor(measure="citation_precision", at_least=0.5), now, before)
    assert str(lost) == "citation_precision of all ≥ 0.5: lost, with 0 scored questions"
    assert not lost.holds


def test_too_few_scored_questions_where_the_baseline_has_enough_are_lost() -> None:
    before = run(outcomes(4, 4))
    now = run([*outcomes(1, 1), *(outcome(one.case, REFUSAL) for one in outcomes(4, 4)[1:])])
    (check,) = held(floor(measure="quote_exactness", at_least=1, min_questions=3), now, before)
    assert (check.questions, check.holds) == (1, False)


def test_a_language_pair_is_compared_over_the_questions_of_either_run() -> None:
    german = answer(citation("x", lang="de"))
    elsewhere = answer(citation("x", "news/bridge.md", lang="nl"))
    cases = [case(f"{n}-en") for n in range(4)]
    before = run([outcome(one, german) for one in cases])
    now = run([outcome(one, german if n < 2 else elsewhere) for n, one in enumerate(cases)])
    _, check = held(drop(slice="pair:en>de", at_most=0.1), now, before)
    assert (check.measured, check.questions, check.holds) == (0.5, 4, False)


def sure(confidences: tuple[float, float]) -> list[Outcome]:
    expected = (case("a-en"), case("b-en", expect=Expect(status="not_found")))
    given: list[Answer] = [msgspec.structs.replace(RIGHT, confidence=one) for one in confidences]
    return [outcome(asked, each) for asked, each in zip(expected, given, strict=True)]


def test_a_figure_of_the_whole_run_can_drop() -> None:
    _, check = held(drop(measure="auroc", at_most=0.1), run(sure((0.1, 0.9))), run(sure((0.9, 0.1))))
    assert (check.measured, check.holds) == (1.0, False)


def test_a_figure_that_is_better_when_lower_drops_when_it_rises() -> None:
    _, check = held(drop(measure="calibration_error", at_most=0.1), run(sure((0.5, 0.25))), run(sure((1.0, 0.0))))
    assert (check.measured, check.holds) == (pytest.approx(0.375), False)


def test_a_figure_drops_over_the_questions_that_both_asked_alike_alone() -> None:
    before = run([*sure((0.9, 0.1)), *(outcome(one.case, RIGHT) for one in outcomes(18, 18))])
    added = outcome(case("new-en", expect=Expect(status="not_found")), msgspec.structs.replace(RIGHT, confidence=1.0))
    now = run([*before.outcomes, added])
    assert scores(now).figures["auroc"] == 0.5
    _, check = held(drop(measure="auroc", at_most=0), now, before)
    assert (check.measured, check.questions, check.holds) == (0.0, 20, True)


def test_follow_ups_that_one_run_alone_asked_change_nothing_of_what_is_kept() -> None:
    asked, new = (case(name, standalone="By itself?") for name in ("a-en", "b-en"))
    kept = outcome(asked, RIGHT, hits=found(WORK), standalone_hits=found(WORK))
    lost = outcome(new, RIGHT, standalone_hits=found(WORK))
    filling = outcomes(18, 18)
    _, check = held(drop(measure="followup_kept", at_most=0), run([kept, lost, *filling]), run([kept, *filling]))
    assert (check.measured, check.holds) == (0.0, True)
    missed = outcome(asked, RIGHT, standalone_hits=found(WORK))
    _, check = held(drop(measure="followup_kept", at_most=0.5), run([missed, *filling]), run([kept, lost, *filling]))
    assert (check.measured, check.holds) == (1.0, False)


def test_the_golden_gate_looks_at_what_must_not_be_lost() -> None:
    gate = load_gate(load_suite("golden").gate)
    floors = {rule.measure for rule in gate.floor}
    dropping = {(rule.measure, rule.slice) for rule in gate.drop}
    assert {"right", "forbidden", "citation_precision", "hit@5", "followup_kept", "cited_numbers", "auroc"} <= floors
    assert {("hit@5", "all"), ("followup_loss", "all"), ("right", "tag:followup"), ("cited_numbers", "all")} <= dropping


def test_the_newest_golden_baseline_reaches_every_floor() -> None:
    suite = load_suite("golden")
    newest = load_baselines(suite.baselines, suite.name)[-1]
    for rule in load_gate(suite.gate).floor:
        if rule.slice == "all":
            measured = newest.figures.get(rule.measure, newest.mean(rule.measure))
            assert measured is not None
            assert measured >= (rule.at_least if rule.at_least is not None else measured)
            assert measured <= (rule.at_most if rule.at_most is not None else measured)
