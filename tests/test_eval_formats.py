"""A run in the formats of others: JUnit, TREC, Markdown and JSON, each read back with what others read it with."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import ir_measures
import msgspec
import pytest
from ir_measures import RR, Success, nDCG
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run

from evals.baseline import make_baseline
from evals.compare import compare
from evals.evaluation import Evaluation, evaluate
from evals.figures import signed, written
from evals.formats.console import baseline_to_text, baselines_to_text, comparison_to_text, to_text
from evals.formats.json import read_run, to_json
from evals.formats.junit import to_junit
from evals.formats.markdown import comparison_to_markdown, to_markdown
from evals.formats.trec import to_qrels, to_trec_run
from evals.formats.write import check_files, write
from evals.gate import Floor, Gate
from evals.golden import Expect
from evals.measures import scores
from evals.records import Run
from rag.errors import InputError

RIGHT = outcome(case("right-en"), answer(citation("x")), hits=found(WORK))
WRONG = outcome(case("wrong-en"), answer(citation("x", "news/bridge.md"), text="Over <b>there</b>."))
GONE = outcome(case("gone-de", lang="de"))
GATE = Gate(floor=(Floor(measure="right", at_least=0.9), Floor(measure="errors", at_most=0.5)))


def made(*, latencies_ms: tuple[tuple[float, ...], ...] = ((40.0, 60.0), (100.0,), ())) -> Run:
    return run([RIGHT, WRONG, GONE], latencies_ms=latencies_ms)


def junit(judged: Run, failures: list[str] | None = None) -> ET.Element:
    return ET.fromstring(to_junit(judged, failures))


def test_junit_has_a_suite_for_each_language_and_counts_them_up() -> None:
    whole = junit(made())
    assert [suite.get("name") for suite in whole] == ["made.de", "made.en"]
    assert [(suite.get("tests"), suite.get("failures"), suite.get("errors")) for suite in whole] == [
        ("1", "0", "1"),
        ("2", "1", "0"),
    ]
    assert (whole.get("tests"), whole.get("failures"), whole.get("errors")) == ("3", "1", "1")


def test_junit_times_are_means_over_repetitions_in_seconds() -> None:
    times = {each.get("name"): each.get("time") for each in junit(made()).iter("testcase")}
    assert times == {"gone-de": "0.000", "right-en": "0.050", "wrong-en": "0.100"}


def test_junit_says_why_an_answer_is_wrong_and_what_it_was() -> None:
    (failure,) = junit(made()).iter("failure")
    assert failure.get("message") == f"cites news/bridge.md first, expected {WORK}"
    assert failure.text is not None
    assert "question: wrong-en?" in failure.text
    assert "answer (answered, en): Over <b>there</b>." in failure.text
    (error,) = junit(made()).iter("error")
    assert error.get("message") == "ended in an error: the service is gone"


def test_junit_tells_of_the_gate_where_one_was_held() -> None:
    assert [case.get("classname") for case in junit(made()).iter("testcase")].count("made.gate") == 0
    (held,) = [each for each in junit(made(), []).iter("testcase") if each.get("classname") == "made.gate"]
    assert held.find("failure") is None
    (failed,) = [each for each in junit(made(), ["right ≥ 1"]).iter("testcase") if each.get("classname") == "made.gate"]
    assert failed.findtext("failure") == "right ≥ 1"


def test_characters_that_xml_forbids_do_not_break_junit() -> None:
    odd = outcome(case("odd-en"), answer(citation("x", "news/bridge.md"), text="a\x00\x1b\ufffe\ud800b 🌉"))
    (failure,) = junit(run([odd], latencies_ms=((1.0,),))).iter("failure")
    assert failure.text is not None
    assert "a����b 🌉" in failure.text


RANKED = run(
    [
        outcome(case("a-en"), answer(), hits=found("w/other.md", WORK, WORK, "w/third.md")),
        outcome(case("b-en"), answer(), hits=found(WORK)),
        outcome(case("c-en"), answer(), hits=found(*(f"w/{n}.md" for n in range(9)))),
        outcome(
            case("d-en", expect=Expect(status="answered", works=(WORK, "w/with space.md"))),
            answer(),
            hits=found("w/1.md", "w/with space.md", "w/2.md", WORK),
        ),
        outcome(case("refused-en", expect=Expect(status="not_found")), REFUSAL, hits=found("w/1.md")),
    ]
)


def test_trec_files_give_ir_measures_what_our_own_measures_give(tmp_path: Path) -> None:
    (tmp_path / "x.run").write_bytes(to_trec_run(RANKED))
    (tmp_path / "x.qrels").write_bytes(to_qrels(RANKED))
    qrels = list(ir_measures.read_trec_qrels(str(tmp_path / "x.qrels")))
    ranking = list(ir_measures.read_trec_run(str(tmp_path / "x.run")))
    theirs: dict[str, dict[str, float]] = {}
    names = {nDCG @ 10: "ndcg@10", RR: "mrr", Success @ 1: "hit@1", Success @ 5: "hit@5"}
    for metric in ir_measures.iter_calc(names, qrels, ranking):
        theirs.setdefault(metric.query_id, {})[names[metric.measure]] = metric.value
    ours = {
        case_id: {name: each[name] for name in names.values()} for case_id, each in scores(RANKED).questions.items()
    }
    assert ours.pop("refused-en") == dict.fromkeys(names.values())
    assert theirs.keys() == ours.keys()
    for case_id, each in ours.items():
        assert theirs[case_id] == pytest.approx(each, abs=1e-9)


def test_trec_lines_are_as_the_conference_wants_them() -> None:
    assert to_trec_run(RANKED).decode().splitlines()[:3] == [
        "a-en Q0 w/other.md 1 3 made",
        "a-en Q0 news/harbour.md 2 2 made",
        "a-en Q0 w/third.md 3 1 made",
    ]
    assert to_qrels(RANKED).decode().splitlines()[-2:] == ["d-en 0 news/harbour.md 1", "d-en 0 w/with%20space.md 1"]


def judged(each: Run) -> Evaluation:
    return evaluate(each, GATE)


def test_json_comes_back_as_the_run_it_was(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(to_json(judged(made())))
    assert read_run(tmp_path / "x.json") == made()


def test_json_of_equal_runs_differs_under_timing_alone() -> None:
    slow = msgspec.structs.replace(made().timing, started="2027", seconds=9.0, machine="another", versions={"a": "1"})
    first, second = (
        json.loads(to_json(judged(each)))
        for each in (made(), msgspec.structs.replace(made(latencies_ms=((900.0,), (1.0,), ())), timing=slow))
    )
    assert first != second
    timings = [each.pop("timing") for each in (first, second)]
    assert json.dumps(first) == json.dumps(second)
    assert timings[0]["latency"]["p50_ms"] == 60.0


def test_json_holds_scores_means_figures_and_checks() -> None:
    document = json.loads(to_json(judged(made())))
    assert document["questions"]["wrong-en"]["right"] == 0.0
    (mean,) = [each for each in document["means"] if (each["slice"], each["measure"]) == ("all", "right")]
    assert (mean["questions"], mean["mean"]) == (3, pytest.approx(1 / 3))
    assert [check["holds"] for check in document["checks"]] == [False, True]


def test_what_is_no_run_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"suite": "golden"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.json is no run"):
        read_run(tmp_path / "x.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_run(tmp_path / "none.json")


def test_markdown_opens_with_the_rights_and_the_gate() -> None:
    lines = to_markdown(judged(made())).decode().splitlines()
    assert lines[0] == "## made: 1 of 3 questions right"
    assert "**The gate does not hold**: 1 of 2 checks fail." in lines
    assert "- right of all ≥ 0.9: 0.3333 over 3 questions" in lines


def test_markdown_shows_texts_as_text() -> None:
    asked = msgspec.structs.replace(case("x_y-en"), question="Is <img src=x> *this* | [it](http://x)?")
    lines = to_markdown(evaluate(run([outcome(asked, WRONG.answer)]))).decode().splitlines()
    (line,) = [line for line in lines if "src=x" in line]
    assert line == r"- **x\_y-en** Is &lt;img src=x\> \*this\* \| \[it\](http://x)?"


def test_a_comparison_shows_what_turned_wrong_first() -> None:
    before = run([RIGHT, outcome(case("b-en"), answer(citation("x")))])
    now = run([outcome(case("right-en"), WRONG.answer), outcome(case("b-en"), answer(citation("x")))])
    comparison = compare(before, now)
    shown = comparison_to_markdown(comparison).decode().splitlines()
    assert shown[0] == "## 2 questions compared: 1 newly wrong, 0 newly right"
    assert "- **right-en** right-en?" in shown
    told = comparison_to_text(comparison).splitlines()
    assert told[0] == "right before, wrong now: right-en: right-en?"
    assert told[-1] == "2 questions compared: 1 newly wrong, 0 newly right, no significant loss"


HELD = case("held-en")
NONE = case("none-en", expect=Expect(status="not_found"))
SURE, UNSURE = answer(citation("x"), confidence=0.75), answer(citation("x"), confidence=0.25)
REFUSED = msgspec.structs.replace(REFUSAL, confidence=0.5)
TWICE = msgspec.structs.replace(SURE, citations=(*SURE.citations, citation("y", "news/bridge.md")))


def test_a_comparison_shows_figures_before_and_after() -> None:
    # One answerable question and one that is not: the first is ranked above the second, or below.
    comparison = compare(
        run([outcome(HELD, SURE), outcome(NONE, REFUSED)]), run([outcome(HELD, UNSURE), outcome(NONE, REFUSED)])
    )
    (line,) = [line for line in comparison_to_text(comparison).splitlines() if line.startswith("auroc")]
    assert line.split()[:5] == ["auroc", "100.0", "%", "0.0", "%"]
    (row,) = [row for row in comparison_to_markdown(comparison).decode().splitlines() if "`auroc`" in row]
    assert row.endswith(" (`auroc`) | 100.0 % | 0.0 % |")


def test_a_comparison_shows_what_changed_in_questions_that_are_as_right_as_before() -> None:
    comparison = compare(run([outcome(HELD, SURE)]), run([outcome(HELD, TWICE)]))
    told = comparison_to_text(comparison)
    assert "otherwise changed: held-en: held-en?\n  citation_precision 100.0 % → 50.0 %\n" in told
    shown = comparison_to_markdown(comparison).decode()
    assert "- **held-en** held-en?\n  - citation\\_precision 100.0 % → 50.0 %\n" in shown


def test_the_console_ends_with_rights_and_gate() -> None:
    lines = to_text(judged(made())).splitlines()
    assert lines[-3:] == [
        "made: 1 of 3 questions right in 1.0 s",
        "gate: right of all ≥ 0.9: 0.3333 over 3 questions fails",
        "gate: 1 of 2 checks fail",
    ]
    assert "latency: median 60 ms, p95 100 ms" in lines


def test_the_console_names_what_changed_since_the_baseline() -> None:
    before = run([outcome(case(each.case.id, lang=each.case.lang), answer(citation("x"))) for each in made().outcomes])
    lines = to_text(evaluate(made(), None, make_baseline("first", before, scores(before)))).splitlines()
    assert "Right in first, wrong now (2): wrong-en, gone-de" in lines


def test_baselines_are_listed_with_what_they_came_to() -> None:
    kept = msgspec.structs.replace(make_baseline("first", made(), scores(made())), saved="2024-01-02T03:04:05+00:00")
    assert baselines_to_text([kept]).splitlines() == [
        "name   saved                      questions  right   articles",
        "first  2024-01-02T03:04:05+00:00  3          33.3 %  c0ffee",
    ]
    assert "right               33.3 %" in baseline_to_text(kept)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("right", 0.8125, "81.2 %"), ("latency", 45.4, "45 ms"), ("right", None, "–"), ("auroc", 1.0, "100.0 %")],
)
def test_values_are_written_in_their_unit(name: str, value: float | None, text: str) -> None:
    assert written(name, value) == text


def test_differences_are_written_with_their_sign() -> None:
    assert [signed("right", value) for value in (0.05, -0.05, 0.0)] == ["+5.0 %", "−5.0 %", "0.0 %"]


def test_a_file_has_the_format_of_its_ending(tmp_path: Path) -> None:
    names = ["a.json", "a.md", "a.xml", "a.run", "a.qrels"]
    files = check_files([tmp_path / name for name in names])
    for file, kind in files.items():
        write(judged(made()), file, kind)
    starts = [(tmp_path / name).read_bytes()[:8] for name in names]
    assert starts == [b'{"suite"', b"## made:", b"<?xml ve", b"right-en", b"right-en"]


def test_an_ending_without_a_format_and_a_folder_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"should end in one of \.json"):
        check_files([tmp_path / "a.pdf"])
    with pytest.raises(InputError, match="no folder"):
        check_files([tmp_path / "none" / "a.json"])
