"""The gate: what lets a run pass, what stops it, and that a gate which checks nothing is refused."""

from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest
from fake_backend import ANSWER, CITATION, QUOTE
from made_runs import answer, case, citation, found, outcome, run
from small_suite import REFUSAL, SmallSystem, small_suite

from evals.baseline import Baseline, find_baseline, load_baselines, make_baseline, save
from evals.evaluation import evaluate
from evals.gate import Check, Drop, Floor, Gate, hold, load_gate
from evals.golden import Case, Expect
from evals.measures import scores
from evals.records import Outcome, Run
from evals.run import ask_system
from rag.errors import ConfigurationError, InputError, KildeError
from rag.records import Answer, TextRange

RIGHT = answer(citation("x"))
WRONG = answer(citation("x", "news/bridge.md"))


def outcomes(right: int, of: int, lang: str = "en") -> list[Outcome]:
    """So many right ones first."""
    cases = [case(f"{number}-{lang}", lang=lang) for number in range(of)]
    return [outcome(each, in_language(RIGHT if place < right else WRONG, lang)) for place, each in enumerate(cases)]


def in_language(given: Answer, lang: str) -> Answer:
    return msgspec.structs.replace(given, lang=lang)


def held(gate: Gate, now: Run, before: Run | None = None) -> tuple[Check, ...]:
    baseline = None if before is None else make_baseline("before", before, scores(before))
    return hold(gate, now, scores(now), baseline)


def floor(**values: object) -> Gate:
    return Gate(floor=(msgspec.convert({"measure": "right", **values}, Floor),))


def drop(**values: object) -> Gate:
    return Gate(drop=(msgspec.convert({"measure": "right", **values}, Drop),))


@pytest.mark.parametrize(("at_least", "holds"), [(0.5, True), (0.75, True), (0.76, False)])
def test_a_floor_holds_from_its_value_on(at_least: float, holds: bool) -> None:
    (check,) = held(floor(at_least=at_least), run(outcomes(3, 4)))
    assert (check.measured, check.questions, check.holds) == (0.75, 4, holds)


def test_a_floor_of_what_is_better_when_lower_is_a_ceiling() -> None:
    gone = run([outcome(case("a-en"), RIGHT), outcome(case("b-en"))])
    (check,) = held(floor(measure="errors", at_most=0), gone)
    assert (check.measured, check.holds) == (0.5, False)


def test_a_pattern_is_checked_on_every_slice_that_it_matches() -> None:
    checks = held(floor(slice="lang:*", at_least=0.6), run([*outcomes(1, 2, "de"), *outcomes(2, 2, "nl")]))
    assert [(check.rule, check.holds) for check in checks] == [
        ("right of lang:de ≥ 0.6", False),
        ("right of lang:nl ≥ 0.6", True),
    ]


def test_slices_with_too_few_questions_are_left_out() -> None:
    checks = held(
        floor(slice="lang:*", at_least=1, min_questions=3), run([*outcomes(0, 2, "de"), *outcomes(3, 3, "nl")])
    )
    assert [check.rule for check in checks] == ["right of lang:nl ≥ 1"]


def test_a_figure_of_the_whole_run_can_have_a_floor() -> None:
    sure = [
        outcome(case("a-en"), msgspec.structs.replace(RIGHT, confidence=0.9)),
        outcome(
            case("b-en", expect=Expect(status="not_found")),
            msgspec.structs.replace(answer(status="not_found"), confidence=0.1),
        ),
    ]
    (check,) = held(floor(measure="auroc", at_least=0.9), run(sure))
    assert (check.measured, check.holds) == (1.0, True)


@pytest.mark.parametrize(
    "rule",
    [
        {"measure": "rigth", "at_least": 0.5},
        {"measure": "followup_loss", "at_most": 0.5},
        {"measure": "latency", "at_most": 100},
        {"measure": "auroc", "at_least": 0.5},
        {"slice": "lang:xx", "at_least": 0.5},
        {"min_questions": 5, "at_least": 0.5},
    ],
)
def test_a_floor_on_what_was_never_produced_is_an_error(rule: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="did not produce"):
        held(floor(**rule), run(outcomes(4, 4)))


@pytest.mark.parametrize(("at_most", "holds"), [(0.25, True), (0.24, False)])
def test_a_drop_is_measured_against_the_baseline(at_most: float, holds: bool) -> None:
    (check,) = held(drop(at_most=at_most), run(outcomes(2, 4)), run(outcomes(3, 4)))
    assert (check.measured, check.questions, check.holds) == (0.25, 4, holds)


def test_a_gain_is_no_drop() -> None:
    (check,) = held(drop(at_most=0), run(outcomes(4, 4)), run(outcomes(1, 4)))
    assert (check.measured, check.holds) == (-0.75, True)


def test_more_of_what_should_be_low_is_a_drop() -> None:
    before, now = run([outcome(case("a-en"), RIGHT)]), run([outcome(case("a-en"))])
    (check,) = held(drop(measure="errors", at_most=0), now, before)
    assert (check.measured, check.holds) == (1.0, False)


def test_only_questions_that_both_asked_alike_are_compared() -> None:
    reworded = msgspec.structs.replace(case("1-en"), question="Otherwise?")
    now = run([*outcomes(1, 1), outcome(reworded, WRONG), outcome(case("new-en"), WRONG)])
    (check,) = held(drop(at_most=0), now, run(outcomes(3, 3)))
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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no rule"),
        ("[[floor]]\nmeasure = 'right'", "needs at_least or at_most"),
        ("[[floor]]\nmeasure = 'right'\nat_least = 0.5\nat_most = 0.7", "needs at_least or at_most"),
        ("[[floor]]\nmeasure = 'right'\nminimum = 0.5", "is no gate"),
        ("[[drop]]\nmeasure = 'right'", "is no gate"),
        ("floor", "is no gate"),
    ],
)
def test_an_ill_formed_gate_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=complaint):
        load_gate(tmp_path / "gate.toml")


def test_a_gate_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no gate"):
        load_gate(tmp_path / "gate.toml")


# Breaking the citation code


def shifted(given: Answer) -> Answer:
    """As if offsets into the article were off by one."""
    moved = [
        msgspec.structs.replace(
            one, source=msgspec.structs.replace(one.source, start=one.source.start + 1, end=one.source.end + 1)
        )
        for one in given.citations
    ]
    return msgspec.structs.replace(given, citations=tuple(moved))


def misplaced(given: Answer) -> Answer:
    """As if offsets into the answer were off by one."""
    places = [TextRange(start=one.answer.start - 1, end=one.answer.end - 1) for one in given.citations]
    moved = [msgspec.structs.replace(one, answer=place) for one, place in zip(given.citations, places, strict=True)]
    return msgspec.structs.replace(given, citations=tuple(moved))


def mismarked(given: Answer) -> Answer:
    """As if markers were counted from another number."""
    return msgspec.structs.replace(given, text=given.text.replace("[1]", "[2]"))


def cut(given: Answer) -> Answer:
    """As if the end of a quote were lost, everywhere alike: exact still, but without the figure asked for."""
    quote = QUOTE.partition("4,200")[0]
    source = msgspec.structs.replace(CITATION.source, end=CITATION.source.start + len(quote))
    place = TextRange(start=CITATION.answer.start, end=CITATION.answer.start + len(quote))
    short = msgspec.structs.replace(CITATION, quote=quote, source=source, answer=place)
    return msgspec.structs.replace(given, citations=(short,), text=given.text.replace(QUOTE, quote))


def without(given: Answer) -> Answer:
    """As if the citations were lost."""
    return msgspec.structs.replace(given, citations=())


def judged(folder: Path, answered: Answer, baseline: Baseline | None = None) -> tuple[Run, tuple[Check, ...]]:
    suite, system = small_suite(folder), SmallSystem()
    system.answered = answered
    finished = anyio.run(ask_system, suite, system)
    gate = load_gate(suite.gate)
    if baseline is None:
        baseline = make_baseline("before", finished.run, scores(finished.run))
    return finished.run, hold(gate, finished.run, scores(finished.run), baseline)


@pytest.mark.parametrize(
    ("broken", "failing"),
    [
        (shifted, {"quote_exactness of all ≥ 1", "right of lang:de ≥ 0.9"}),
        (misplaced, {"quote_exactness of all ≥ 1", "right of lang:de ≥ 0.9"}),
        (mismarked, {"quote_exactness of all ≥ 1", "right of lang:de ≥ 0.9"}),
        (cut, {"right of lang:de ≥ 0.9", "citation_recall of all at most 0.1 worse than in before"}),
    ],
)
def test_breaking_the_citation_code_fails_the_gate(
    broken: Callable[[Answer], Answer], failing: set[str], tmp_path: Path
) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "broken").mkdir()
    sound, checks = judged(tmp_path / "sound", ANSWER)
    assert all(check.holds for check in checks)
    _, checks = judged(tmp_path / "broken", broken(ANSWER), make_baseline("before", sound, scores(sound)))
    assert {check.rule for check in checks if not check.holds} == failing


def test_losing_all_citations_is_no_way_past_the_gate(tmp_path: Path) -> None:
    (tmp_path / "sound").mkdir()
    (tmp_path / "broken").mkdir()
    sound, _ = judged(tmp_path / "sound", ANSWER)
    with pytest.raises(ConfigurationError, match="quote_exactness of all, which this run or its baseline"):
        judged(tmp_path / "broken", without(ANSWER), make_baseline("before", sound, scores(sound)))


# Baselines


def test_a_baseline_that_was_saved_comes_back_as_it_was(tmp_path: Path) -> None:
    before = run([*outcomes(2, 3), outcome(case("refused-en", expect=Expect(status="not_found")), REFUSAL)])
    made = make_baseline("first", before, scores(before))
    save(made, tmp_path)
    assert load_baselines(tmp_path, "made") == (made,)
    assert find_baseline(tmp_path, "made", "first") == made


def test_a_baseline_holds_scores_and_no_texts(tmp_path: Path) -> None:
    before = run([outcome(case("a-en"), answer(citation("a secret quote"), text="A long text."), hits=found("w"))])
    content = save(make_baseline("first", before, scores(before)), tmp_path).read_text("utf-8")
    assert "secret" not in content
    assert "long text" not in content
    assert sum("a-en" in line for line in content.splitlines()) == 1


def test_means_and_scores_of_a_baseline_are_those_of_its_run() -> None:
    before = run([*outcomes(1, 2), outcome(case("refused-en", expect=Expect(status="not_found")), REFUSAL)])
    made = make_baseline("first", before, scores(before))
    assert made.mean("right") == pytest.approx(2 / 3, abs=1e-9)
    assert made.mean("citation_recall") == 0.5  # of the two answerable ones
    assert (made.mean("tokens"), made.mean("no such measure")) == (None, None)
    asked = [each.case for each in before.outcomes]
    assert [made.score(each, "right") for each in asked] == [1.0, 0.0, 1.0]


def test_a_case_that_was_changed_has_no_score_in_the_baseline() -> None:
    made = make_baseline("first", run(outcomes(1, 1)), scores(run(outcomes(1, 1))))
    same: Case = case("0-en")
    assert made.score(same, "right") == 1.0
    assert made.score(msgspec.structs.replace(same, question="Otherwise?"), "right") is None


def test_baselines_are_those_of_one_suite_oldest_first(tmp_path: Path) -> None:
    made = make_baseline("x", run(outcomes(1, 1)), scores(run(outcomes(1, 1))))
    for name, saved, suite in (("b", "2024-01-02", "made"), ("a", "2024-03-01", "made"), ("c", "2024-02-01", "other")):
        save(msgspec.structs.replace(made, name=name, saved=saved, suite=suite), tmp_path)
    assert [one.name for one in load_baselines(tmp_path, "made")] == ["b", "a"]
    assert load_baselines(tmp_path / "none", "made") == ()


def test_a_taken_name_a_bad_name_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    now = run(outcomes(1, 1))
    save(make_baseline("first", now, scores(now)), tmp_path)
    with pytest.raises(InputError, match="already"):
        save(make_baseline("first", now, scores(now)), tmp_path)
    for name in ("", "../up", ".hidden", "a b"):
        with pytest.raises(InputError, match="is no name"):
            make_baseline(name, now, scores(now))
    with pytest.raises(InputError, match="it has first"):
        find_baseline(tmp_path, "made", "second")


def test_a_file_that_is_no_baseline_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"odd\.json is no baseline"):
        load_baselines(tmp_path, "made")


def test_an_evaluation_names_what_changed_since_the_baseline() -> None:
    before = run([outcome(case(f"{n}-en"), RIGHT if n < 2 else WRONG) for n in range(3)])
    now = run([outcome(case(f"{n}-en"), RIGHT if n > 0 else WRONG) for n in range(3)])
    baseline = make_baseline("before", before, scores(before))
    judged_now = evaluate(now, None, baseline)
    assert (judged_now.regressions, judged_now.improvements) == (("0-en",), ("2-en",))
    assert evaluate(run(now.outcomes, corpus="decaf"), None, baseline).baseline is None
