"""Baselines: what is kept of a run, and what is refused."""

from pathlib import Path

import msgspec
import pytest
from made_gates import RIGHT, WRONG, outcomes
from made_runs import answer, case, citation, found, outcome, run
from small_suite import REFUSAL

from evals.baseline import find_baseline, load_baselines, make_baseline, save
from evals.evaluation import evaluate
from evals.gate import Drop, Gate
from evals.golden import Case, Expect
from evals.measures import scores
from evals.records import RANKED
from rag.errors import ConfigurationError, InputError


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


def test_a_baseline_that_ranked_otherwise_is_refused_where_a_drop_of_the_ranking_is_held() -> None:
    before = run([outcome(case("a-en"), answer(citation("x")), hits=found("news/harbour.md"))])
    old = make_baseline("old", before, scores(before))
    now = msgspec.structs.replace(before, system=RANKED)
    for measure in ("right", "hit@5"):
        gate = Gate(drop=(Drop(measure=measure, at_most=0.1),))
        assert not evaluate(before, gate, old).failed
    assert not evaluate(now, Gate(drop=(Drop(measure="right", at_most=0.1),)), old).failed
    with pytest.raises(ConfigurationError, match="save a new baseline"):
        evaluate(now, gate, old)
    assert evaluate(now, None, old, (old,)).history[0].mean("ndcg@10") is None
