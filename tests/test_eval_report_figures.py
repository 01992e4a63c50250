"""The figures in the HTML report: intervals, tables and drawings, history, differences and the gate."""

import msgspec
import pytest
from made_runs import REFUSAL, answer, case, citation, outcome, run
from report_pages import GONE, MADE, RIGHT, RIGHT_TOO, WRONG, by_id, kept, page, parsed, text_of

from evals.evaluation import evaluate
from evals.gate import Floor, Gate
from evals.golden import Expect
from evals.measures import ReliabilityBin
from evals.report import to_html
from evals.report.calibration import calibration
from evals.report.drawing import nice_step
from evals.report.heatmap import heatmap
from evals.report.markup import serialise


def test_headline_figures_have_their_intervals() -> None:
    every = [
        outcome(case(f"{work}-en", expect=Expect(status="answered", works=(work,))), answer(citation("x", "w/1.md")))
        for work in ("w/1.md", "w/2.md", "w/3.md", "w/4.md")
    ]
    judged = evaluate(run(every))
    (mean,) = [each for each in judged.means if (each.slice, each.measure) == ("all", "right")]
    (tile,) = parsed(to_html(judged)).xpath("//div[@class='tile main']")
    between = f"{100 * mean.low:.1f} % to {100 * mean.high:.1f} %"
    assert text_of(tile) == f"Right answers 25.0 % {between}, 4 questions"
    assert mean.low < 0.25 < mean.high


def test_what_is_not_scored_is_no_zero() -> None:
    document = page(run([outcome(case(expect=Expect(status="not_found")), REFUSAL)]))
    tiles = {tile[0].text: tile[1].text for tile in document.xpath("//div[@class='tile']")}
    assert tiles["Answerable questions that are answered"] == "–"
    assert tiles["Unanswerable questions that are refused"] == "100.0 %"
    assert "Not scored in this run: Answerable questions that are answered;" in text_of(by_id(document, "measures"))


def test_the_heat_map_says_share_and_number_in_every_cell() -> None:
    asked = [
        *(outcome(case(f"{place}-de", lang="de"), answer(citation("x", lang="en"))) for place in range(5)),
        outcome(case("nl-de", lang="de"), answer(citation("x", lang="nl"))),
        outcome(case("none-en"), REFUSAL),
    ]
    table = heatmap(asked, [True, True, True, True, False, False, False])
    document = parsed(serialise(table))
    rows = [[text_of(cell) for cell in row] for row in document.xpath("//tr")]
    assert rows == [
        ["asked in", "en", "nl", "no source", "all"],
        ["de German", "80 % n = 5", "0 % n = 1", "none", "67 % n = 6"],
        ["en English", "none", "none", "0 % n = 1", "0 % n = 1"],
        ["all", "80 % n = 5", "0 % n = 1", "0 % n = 1", "57 % n = 7"],
    ]
    shades = [cell.get("class").split() for cell in document.xpath("//tbody/tr[1]/td")]
    assert shades == [["shade4"], ["shade0", "few"], ["empty"], ["total", "shade3"]]


def test_the_calibration_curve_draws_and_tells_every_bin() -> None:
    bins = (
        ReliabilityBin(low=0.2, high=0.3, questions=4, confidence=0.25, answerable=0.5),
        ReliabilityBin(low=0.9, high=1.0, questions=1, confidence=0.95, answerable=1.0),
    )
    document = parsed(serialise(calibration(bins)))
    (picture,) = document.xpath("//svg")
    assert picture.xpath("title/text()") == ["Calibration of confidence"]
    assert picture.xpath("desc")[0].text.startswith("5 questions in 2 bins by confidence.")
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in picture.xpath("circle")]
    assert dots == [(42 + 240 * 0.25, 24 + 240 * 0.5), (42 + 240 * 0.95, 24)]
    rows = [[text_of(cell) for cell in row] for row in document.xpath("//tbody/tr")]
    assert rows == [["20 to 30 %", "4", "25.0 %", "50.0 %"], ["90 to 100 %", "1", "95.0 %", "100.0 %"]]


def test_without_any_confidence_there_is_no_curve() -> None:
    section = by_id(page(run([GONE])), "confidence")
    assert section.xpath(".//svg") == []
    assert "nothing to calibrate" in text_of(section)


def test_the_latency_of_every_answer_is_drawn() -> None:
    section = by_id(page(run([RIGHT, WRONG], latencies_ms=((10.0, 20.0, 30.0), (40.0,)))), "speed")
    assert (
        text_of(section.xpath(".//figcaption")[0])
        == "4 answers: half within 20 ms, 95 % within 40 ms, the slowest 40 ms."
    )
    heights = [float(bar.get("height")) for bar in section.xpath(".//rect")]
    assert heights == [150.0] * 4


def test_answers_far_slower_than_the_others_share_the_last_bar() -> None:
    times = (*(10.0 for _ in range(39)), 500.0)
    section = by_id(page(run([RIGHT], latencies_ms=(times,))), "speed")
    bars = [(bar.get("class"), float(bar.get("height"))) for bar in section.xpath(".//rect")]
    assert bars == [("bar", 150.0), ("bar tail", round(150 / 39, 2))]
    assert "and more" in text_of(section)


def test_a_run_in_bulk_has_no_latencies() -> None:
    assert "No latencies were taken" in text_of(by_id(page(run([RIGHT])), "speed"))


@pytest.mark.parametrize(("span", "most", "step"), [(100, 10, 10), (101, 10, 20), (7, 10, 1), (0.9, 3, 0.5), (0, 4, 1)])
def test_steps_of_axes_are_round(span: float, most: int, step: float) -> None:
    assert nice_step(span, most) == pytest.approx(step)


def test_the_history_ends_with_this_run_and_marks_what_does_not_compare() -> None:
    other = msgspec.structs.replace(MADE, corpus_sha256="beef")
    past = (kept(other, "winter", "2025-01-01T00:00:00+00:00"), kept(run([RIGHT, RIGHT_TOO]), "spring"))
    section = by_id(page(MADE, history=past), "history")
    rows = [[text_of(cell) for cell in row][:4] for row in section.xpath(".//tbody/tr")]
    assert rows == [
        ["this run", "2026-01-01 00:00", "4", "25.0 %"],
        ["spring", "2025-03-01 00:00", "2", "100.0 %"],
        ["winter", "2025-01-01 00:00", "4", "25.0 %"],
    ]
    (first, *_) = section.xpath(".//svg")
    assert first.xpath("desc/text()") == ["winter 25.0 %; spring 100.0 %; this run 25.0 %"]
    assert first.xpath("circle/@class") == ["point hollow", "point", "point"]


def test_without_a_baseline_the_history_says_how_to_begin_one() -> None:
    assert "kilde eval baseline save NAME RUN.json" in text_of(by_id(page(MADE), "history"))


def test_what_turned_since_the_baseline_is_linked() -> None:
    before = run([outcome(WRONG.case, answer(citation("43,866"))), *(one for one in MADE.outcomes if one != WRONG)])
    (since,) = page(MADE, baseline=kept(before)).xpath("//div[@class='since']")
    assert text_of(since) == "Right in spring, wrong now (1): wrong-de"
    assert since.xpath(".//a/@href") == ["#q-wrong-de"]


def test_differences_from_the_baseline_say_which_way_is_better() -> None:
    before = run([outcome(one.case, answer(citation("x"))) for one in (RIGHT, GONE)])
    now = run([RIGHT, GONE])
    rows = {row[0].text: text_of(row[-1]) for row in page(now, baseline=kept(before)).xpath("//*[@id='measures']//tr")}
    assert rows["Right answers"] == "−50.0 %, worse"
    assert rows["Questions that ended in an error"] == "+50.0 %, worse"
    assert rows["Exact quotes"] == ""


def test_a_gate_that_does_not_hold_is_told_at_the_head() -> None:
    gate = Gate(floor=(Floor(measure="right", at_least=0.9), Floor(measure="errors", at_most=0.5)))
    (told,) = page(MADE, gate=gate).xpath("//div[@class='gate fails']")
    assert text_of(told).startswith("✗ The gate does not hold: 1 of 2 checks fail.")
    assert [text_of(line) for line in told.xpath("ul/li")] == ["right of all ≥ 0.9: 0.2500 over 4 questions"]


def test_no_gate_is_told_of_where_none_was_held() -> None:
    assert page(MADE).xpath("//*[contains(@class, 'gate')]") == []
