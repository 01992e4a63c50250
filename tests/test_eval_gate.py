"""The gate: what lets a run pass, what stops it, and that a gate which checks nothing is refused."""

from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec
import pytest
from fake_backend import ANSWER, CITATION, QUOTE
from made_gates import RIGHT, floor, held, outcomes
from made_runs import answer, case, outcome, run
from small_suite import SmallSystem, small_suite

from evals.baseline import Baseline, make_baseline
from evals.gate import Check, hold, load_gate
from evals.golden import Expect
from evals.measures import scores
from evals.records import Run
from evals.run import ask_system
from rag.errors import ConfigurationError
from rag.records import Answer, TextRange


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


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no rule"),
        ("[[floor]]\nmeasure = 'right'", "needs at_least or at_most"),
        ("[[floor]]\nmeasure = 'right'\nat_least = 0.5\nat_most = 0.7", "needs at_least or at_most"),
        ("[[floor]]\nmeasure = 'right'\nminimum = 0.5", "is no gate"),
        ("[[drop]]\nmeasure = 'right'", "is no gate"),
        ("floor", "is no gate"),
        ("[[floor]]\nmeasure = 'right'\nat_least = -inf", "at_least = -inf would let everything pass"),
        ("[[floor]]\nmeasure = 'right'\nat_least = 0", "at_least = 0 would"),
        ("[[floor]]\nmeasure = 'tokens'\nat_most = inf", "at_most = inf would"),
        ("[[floor]]\nmeasure = 'errors'\nat_most = nan", "at_most = nan would"),
        ("[[floor]]\nmeasure = 'errors'\nat_most = 1.0", "at_most = 1 would"),
        ("[[drop]]\nmeasure = 'right'\nat_most = inf", "at_most = inf would"),
        ("[[drop]]\nmeasure = 'auroc'\nat_most = 1", "at_most = 1 would"),
        ("least_compared = 0\n[[drop]]\nmeasure = 'right'\nat_most = 0.1", "least_compared is a share above 0"),
        ("least_compared = nan\n[[drop]]\nmeasure = 'right'\nat_most = 0.1", "least_compared is a share above 0"),
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
    _, checks = judged(tmp_path / "broken", without(ANSWER), make_baseline("before", sound, scores(sound)))
    assert "quote_exactness of all ≥ 1" in {check.rule for check in checks if not check.holds}
