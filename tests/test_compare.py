"""Two runs side by side: what is listed, what is refused, and when there is an alarm."""

from collections.abc import Container, Sequence

import msgspec
import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run

from evals.compare import Comparison, compare
from evals.differences import Difference
from evals.golden import Case, Expect
from evals.measures import MEASURES, RANKING, scores
from evals.records import RANKED, Outcome, Run
from evals.summary import means
from rag.errors import InputError

CASES = tuple(
    case(f"{number}-en", expect=Expect(status="answered", works=(f"work-{number % 40}.md",))) for number in range(240)
)


def answered(one: Case, *, right: bool) -> Outcome:
    return outcome(one, answer(citation("q", path=one.expect.works[0])) if right else REFUSAL)


def suite(*, wrong: Container[int], cases: Sequence[Case] = CASES) -> Run:
    return run([answered(one, right=number not in wrong) for number, one in enumerate(cases)])


def headline(comparison: Comparison) -> Difference:
    return next(one for one in comparison.differences if (one.slice, one.measure) == ("all", "right"))


def test_equal_runs_differ_in_nothing_and_raise_no_alarm() -> None:
    comparison = compare(suite(wrong={3, 4}), suite(wrong={3, 4}))
    assert (comparison.regressions, comparison.improvements, comparison.shifts) == ((), (), ())
    assert {(one.before - one.after, one.low, one.high, one.verdict) for one in comparison.differences} == {
        (0.0, 0.0, 0.0, "same")
    }
    assert not comparison.alarm


def test_questions_that_turned_wrong_come_with_their_reasons_and_apart_from_those_that_turned_right() -> None:
    comparison = compare(suite(wrong={1}), suite(wrong={2}))
    assert [one.case_id for one in comparison.regressions] == ["2-en"]
    assert comparison.regressions[0].reasons == ("status is not_found, expected answered",)
    assert [one.case_id for one in comparison.improvements] == ["1-en"]
    assert comparison.improvements[0].reasons == ()
    assert ("right", 1.0, 0.0) in [(one.measure, one.before, one.after) for one in comparison.regressions[0].changes]


def test_a_question_that_is_as_right_as_before_but_cites_less_is_a_shift() -> None:
    one = CASES[0]
    more = outcome(one, answer(citation("q", path="work-0.md"), citation("r", path="other.md")))
    comparison = compare(run([answered(one, right=True)]), run([more]))
    assert [change.measure for change in comparison.shifts[0].changes] == ["citation_precision"]
    assert (comparison.regressions, comparison.improvements) == ((), ())


def test_five_of_240_right_answers_lost_are_an_alarm_and_five_won_are_none() -> None:
    before, after = suite(wrong={60, 61}), suite(wrong={60, 61, 100, 101, 102, 103, 104})
    lost, won = compare(before, after), compare(after, before)
    assert (headline(lost).before, headline(lost).after) == pytest.approx((238 / 240, 233 / 240))
    assert (headline(lost).verdict, headline(won).verdict) == ("loss", "gain")
    assert (lost.alarm, won.alarm) == (True, False)
    assert headline(lost).low < headline(lost).high <= 0


def test_five_lost_in_one_work_are_one_piece_of_bad_luck() -> None:
    assert not compare(suite(wrong=()), suite(wrong={0, 40, 80, 120, 160})).alarm


def test_as_many_won_as_lost_are_no_alarm_in_any_slice() -> None:
    assert not compare(suite(wrong=set(range(10))), suite(wrong=set(range(20, 30)))).alarm


def test_a_loss_that_right_answers_do_not_show_is_found_in_its_own_measure() -> None:
    worse = run(
        [
            outcome(
                one, answer(citation("q", path=one.expect.works[0]), *[citation("r", path="other.md")] * (number < 40))
            )
            for number, one in enumerate(CASES)
        ]
    )
    comparison = compare(suite(wrong=()), worse)
    assert headline(comparison).verdict == "same"
    assert "citation_precision" in {one.measure for one in comparison.losses if one.slice == "all"}


def test_refusals_that_become_answers_with_what_is_forbidden_are_an_alarm() -> None:
    forbids = [
        msgspec.structs.replace(one, expect=msgspec.structs.replace(one.expect, forbidden=("Heron",))) for one in CASES
    ]
    sound, bad = (
        [outcome(one, answer(citation(quote, path=one.expect.works[0]))) for one in forbids]
        for quote in ("the Merlin", "the Heron")
    )
    refused = [outcome(one, REFUSAL) for one in forbids]
    comparison = compare(run([*sound[:180], *refused[180:]]), run([*sound[:180], *bad[180:]]))
    rise = next(one for one in comparison.losses if (one.slice, one.measure) == ("all", "forbidden"))
    assert (rise.questions, rise.before, rise.after) == (240, 0.0, 0.25)
    assert 0 < rise.low < 0.25 < rise.high
    assert comparison.alarm


def test_wrong_refusals_are_a_loss_of_their_precision() -> None:
    unanswerable = [outcome(case(f"none-{n}-en", expect=Expect(status="not_found")), REFUSAL) for n in range(20)]
    before, after = suite(wrong=()), suite(wrong=set(range(40)))
    comparison = compare(run([*before.outcomes, *unanswerable]), run([*after.outcomes, *unanswerable]))
    fall = next(one for one in comparison.differences if (one.slice, one.measure) == ("all", "refusal_precision"))
    assert (fall.before, fall.after, fall.verdict) == (1.0, pytest.approx(1 / 3), "loss")


def test_more_errors_are_a_loss_although_the_figure_rises() -> None:
    failed = run([outcome(one, None) if number < 40 else answered(one, right=True) for number, one in enumerate(CASES)])
    rise = next(one for one in compare(suite(wrong=()), failed).differences if one.measure == "errors")
    assert (rise.before, rise.after, rise.verdict) == (0.0, pytest.approx(1 / 6), "loss")


def test_runs_over_other_articles_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"different articles \(one and two\)\. Ask the earlier system again"):
        compare(run([answered(CASES[0], right=True)], corpus="one"), run([], corpus="two"))


def test_questions_of_one_run_alone_and_reworded_ones_are_listed_and_not_compared() -> None:
    other = msgspec.structs.replace(CASES[2], question="Another question?")
    before = suite(wrong=(), cases=[CASES[0], CASES[1], CASES[2]])
    after = suite(wrong={1}, cases=[CASES[1], other, CASES[3]])
    comparison = compare(before, after)
    assert (comparison.only_before, comparison.only_after, comparison.reworded) == (("0-en",), ("3-en",), ("2-en",))
    assert (comparison.compared, comparison.regressions) == (1, ())


def test_runs_without_a_common_question_are_refused() -> None:
    with pytest.raises(InputError, match="no question in common"):
        compare(suite(wrong=(), cases=CASES[:1]), suite(wrong=(), cases=CASES[1:2]))


def test_means_are_over_scored_questions_with_an_interval_around_them() -> None:
    refused = case("none-en", expect=Expect(status="not_found"))
    made = run([*suite(wrong=set(range(0, 240, 6)), cases=CASES).outcomes, outcome(refused, REFUSAL)])
    summary = {(one.slice, one.measure): one for one in means(made, scores(made))}
    recall = summary["all", "citation_recall"]
    assert (recall.questions, recall.mean) == (240, pytest.approx(200 / 240))
    assert recall.low < recall.mean < recall.high
    assert summary["all", "refusal_precision"].mean == pytest.approx(1 / 41)
    assert not {("all", "tokens"), ("all", "latency"), ("answerable:no", "hit@1")} & summary.keys()


def test_scores_of_another_run_are_refused() -> None:
    with pytest.raises(InputError, match="belong to another run"):
        means(suite(wrong=()), scores(suite(wrong=(), cases=CASES[:1])))


def test_the_same_two_runs_give_the_same_bytes() -> None:
    one, other = (msgspec.json.encode(compare(suite(wrong={1}), suite(wrong={2, 3, 4}))) for _ in range(2))
    assert one == other


def test_every_direction_is_the_one_that_its_title_means() -> None:
    lower = {name for name, measure in MEASURES.items() if measure.direction == "lower"}
    assert lower == {"forbidden", "brier", "followup_loss", "errors", "tokens", "cost", "latency"}


def test_a_question_with_another_tag_is_compared_and_in_the_slices_of_both() -> None:
    tagged = [msgspec.structs.replace(one, tags=("new",)) for one in CASES]
    comparison = compare(suite(wrong=()), suite(wrong=set(range(40)), cases=tagged))
    assert (comparison.compared, comparison.reworded) == (240, ())
    assert len(comparison.regressions) == 40
    assert {"tag:new"} <= {one.slice for one in comparison.differences}


def test_runs_that_ranked_otherwise_are_not_compared_by_how_they_ranked() -> None:
    asked = [case(f"{n}-en") for n in range(40)]
    before = run([outcome(one, answer(citation("x")), hits=found(WORK)) for one in asked])
    after = run([outcome(one, answer(citation("x"))) for one in asked])
    assert len(compare(before, after).shifts) == 40
    ranked = msgspec.structs.replace(after, system=RANKED)
    comparison = compare(before, ranked)
    assert comparison.losses == comparison.shifts == ()
    assert not {one.measure for one in comparison.differences} & RANKING
    assert "followup_kept" not in {one.figure for one in comparison.figures}
