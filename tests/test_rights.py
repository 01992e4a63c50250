"""What the benchmarks over questions with expectations count as right, and as speaking of something else."""

import pytest
from made_runs import REFUSAL, answer, case, citation, outcome

from evals.ask import Asked
from evals.benchmarks.rights import is_about_another, measured, rows
from evals.golden import Case, Expect
from rag.records import Answer

BLUE = "cars/blue/_index.md"
SPEED = case(
    "speed-en", expect=Expect(status="answered", works=(BLUE,), facts=(("200",),), forbidden=("250",)), tags=("number",)
)
TOP = case("top-en", expect=Expect(status="answered", works=("blue.txt",), facts=(("200",),)))
PRICE = case("price-nl", lang="nl", expect=Expect(status="not_found"), tags=("other-entity",))


@pytest.mark.parametrize(
    ("asked", "given", "expected"),
    [
        (SPEED, answer(citation("It drives 200 km/h.", BLUE)), False),
        (SPEED, answer(citation("It drives 200 km/h.", "cars/blue/range.nl.md")), False),
        (SPEED, answer(citation("It drives 200 km/h.", "cars/red/_index.md")), True),
        (SPEED, answer(citation("It drives 200 km/h.", BLUE), citation("250 km/h", BLUE, n=2)), True),
        (SPEED, REFUSAL, False),
        (SPEED, None, False),
        (TOP, answer(citation("It drives 200 km/h.", "red.txt")), True),
        (PRICE, answer(citation("It costs 9.", BLUE)), True),
        (PRICE, REFUSAL, False),
    ],
)
def test_an_answer_from_another_folder_with_a_forbidden_form_or_about_nothing_known_is_about_another(
    asked: Case, given: Answer | None, expected: bool
) -> None:
    assert is_about_another(outcome(asked, given)) is expected


def test_a_row_holds_both_goals_and_misses_if_either_is_missed() -> None:
    right = outcome(SPEED, answer(citation("It drives 200 km/h.", BLUE)))
    wrong = outcome(PRICE, answer(citation("It costs 9.", BLUE)))
    table = {
        row.what: row
        for row in rows([Asked(outcome=right, latencies_ms=(10.0,)), Asked(outcome=wrong, latencies_ms=(30.0,))])
    }
    everything = table["all, 2 questions: right, about another"]
    assert (everything.measured, everything.goal, everything.met) == ("50.0 % [0, 100], 1", "≥ 85 %, 0", False)
    assert table["lang:en, 1 questions: right, about another"].met
    assert not table["tag:other-entity, 1 questions: right, about another"].met
    assert table["time to an answer, p50 and p95"].measured == "10 and 30 ms"


def test_without_questions_there_are_no_rows() -> None:
    assert list(rows([])) == []


def test_measures_are_means_over_what_is_scored_and_over_slices_of_some_size_alone() -> None:
    right = outcome(SPEED, answer(citation("It drives 200 km/h.", BLUE)))
    refused = outcome(SPEED, REFUSAL)
    table = measured([Asked(outcome=one, latencies_ms=()) for one in [right] * 15 + [refused] * 5 + [outcome(PRICE)]])
    by_slice = {row[0]: dict(zip(table[0], row, strict=True)) for row in table[1:]}
    assert by_slice.keys() == {"all, 21", "answerable:yes, 20", "lang:en, 20", "tag:number, 20"}
    assert by_slice["lang:en, 20"]["fact_recall"] == "75.0"
    assert by_slice["all, 21"]["fact_recall"] == "75.0"
    assert by_slice["all, 21"]["followup_loss"] == ""
