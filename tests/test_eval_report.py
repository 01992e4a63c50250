"""The HTML report: whole in itself, every wrong answer in it, every text shown as text, figures as they are."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import lxml.html
import msgspec
import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run
from small_suite import write_suite

from evals import cli
from evals.baseline import make_baseline, save
from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.gate import Floor, Gate
from evals.golden import Expect
from evals.measures import ReliabilityBin, scores
from evals.records import Outcome, Run
from evals.report import to_html
from evals.report.calibration import calibration
from evals.report.drawing import nice_step
from evals.report.heatmap import heatmap
from evals.report.kinds import KINDS, kinds
from evals.report.markup import element, serialise
from evals.report.spans import Span, find_form, marked
from evals.suite import load_suite
from evals.verdicts import reasons

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> & \'"\x00\x1b\ud800'
SHOWN = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")
NUMBER = Expect(status="answered", works=(WORK,), facts=(("43,866", "43.866"),), forbidden=("12,345",))
RIGHT = outcome(case("right-en"), answer(citation("It stands there."), text="It stands there. [1]"), hits=found(WORK))
WRONG = outcome(
    case("wrong-de", lang="de", expect=NUMBER, tags=("number", "table")),
    answer(citation("Es waren 12.345 Autos.", lang="de"), text="Es waren 12.345 Autos. [1]", lang="de", confidence=0.4),
    hits=found("news/other.md", WORK),
)
RIGHT_TOO = outcome(case("too-en"), answer(citation("x")))
REFUSED = outcome(case("refused-ar", lang="ar", tags=("table",)), msgspec.structs.replace(REFUSAL, lang="ar"))
GONE = outcome(case("gone-en"))
MADE = run([RIGHT, WRONG, REFUSED, GONE], latencies_ms=((40.0,), (100.0,), (60.0,), ()))


def page(made: Run, **evaluated: Any) -> Any:
    return parsed(to_html(evaluate(made, **evaluated)))


def parsed(written: bytes) -> Any:
    return lxml.html.document_fromstring(written.decode())


def text_of(found: Any) -> str:
    """Words of all elements, apart."""
    return " ".join(" ".join(found.itertext()).split())


def by_id(document: Any, name: str) -> Any:
    (one,) = document.xpath("//*[@id=$name]", name=name)
    return one


def kept(made: Run, name: str = "spring", saved: str = "2025-03-01T00:00:00+00:00") -> Any:
    return msgspec.structs.replace(make_baseline(name, made, scores(made)), saved=saved)


# The page


def test_the_page_opens_with_what_it_comes_to_and_leads_to_every_section() -> None:
    document = page(MADE)
    (title,) = document.xpath("//h1")
    assert text_of(title) == "1 of 4 questions are answered right"
    links = [link.get("href").removeprefix("#") for link in document.xpath("//nav/a")]
    assert links == [section.get("id") for section in document.xpath("//section")]
    assert links == ["measures", "languages", "slices", "confidence", "speed", "history", "questions"]


def test_ids_are_unique() -> None:
    ids = page(MADE, baseline=kept(MADE), history=(kept(MADE),)).xpath("//@id")
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded_from_anywhere() -> None:
    written = to_html(evaluate(MADE)).decode()
    document = parsed(written.encode())
    assert document.xpath("//@src | //@srcset | //@data | //@action | //@style | //link | //iframe | //object") == []
    assert [link for link in document.xpath("//@href") if not link.startswith("#")] == []
    assert re.findall(r"https?://|@import|url\(", written) == []


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() -> None:
    document = page(MADE)
    (policy,) = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    digests = {
        tag: base64.b64encode(hashlib.sha256(document.xpath(f"//{tag}")[0].text.encode()).digest()).decode()
        for tag in ("style", "script")
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digests['style']}'; script-src 'sha256-{digests['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_same_run_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    made = run([WRONG, *MADE.outcomes[2:]], latencies_ms=((1.0,), (2.0,), ()))
    (tmp_path / "x.json").write_bytes(to_json(evaluate(made)))
    code = (
        "import sys; from pathlib import Path; from evals.evaluation import evaluate; from evals.report import to_html;"
        "from evals.formats.json import read_run; sys.stdout.buffer.write(to_html(evaluate(read_run(Path('x.json')))))"
    )
    pages = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert pages[0] == pages[1] == to_html(evaluate(made))


def test_the_golden_suite_with_long_answers_stays_under_3_mb() -> None:
    quote = citation("A sentence that is quoted in full, as long as such sentences are. " * 4)
    wordy = answer(quote, quote, quote, text="The same sentences once more, and what is said around them. " * 20)
    golden = load_suite("golden").cases
    hits = found(*(f"some/folder/of/articles/{place}.md" for place in range(10)))
    made = run([outcome(one, wordy, hits=hits) for one in golden])
    assert len(golden) >= 240
    assert len(to_html(evaluate(made))) < 3_000_000


# Texts


def test_hostile_texts_are_shown_as_they_are() -> None:
    asked = msgspec.structs.replace(
        case("x-en", lang='"><b>', tags=('"onload=alert(3)',)), question=HOSTILE, turns=(HOSTILE,), standalone=HOSTILE
    )
    quoted = citation(HOSTILE, f"{HOSTILE}.md", title=HOSTILE, lang="</style>", published=HOSTILE)
    told = answer(quoted, text=HOSTILE, lang='"><b>')
    document = page(
        msgspec.structs.replace(
            run([outcome(asked, told, hits=found(HOSTILE), false_quotes=(HOSTILE,))]),
            suite=HOSTILE,
            system={"model": HOSTILE},
        )
    )
    assert len(document.xpath("//script")) == len(document.xpath("//style")) == 1
    assert document.xpath("//img | //@onerror | //@onload | //b/b") == []
    (title,), (told_as,), (source,) = (
        document.xpath(f"//article//{tag}") for tag in ("h3", "p[@class='text']", "cite")
    )
    assert [title.text_content(), source.text_content(), told_as.text_content()] == [SHOWN, SHOWN, SHOWN]


def test_an_id_with_spaces_and_signs_can_be_linked_to() -> None:
    document = page(run([outcome(case('a "b" <c>'), REFUSAL)]))
    (link,) = document.xpath("//article/header/a")
    assert link.get("href") == '#q-a_"b"_<c>'
    assert text_of(by_id(document, 'q-a_"b"_<c>').xpath("header/a")[0]) == 'a "b" <c>'


@pytest.mark.parametrize(
    ("url", "links"), [("https://x.org/a#b", 1), ("javascript:alert(1)", 0), ("data:text/html,x", 0), (None, 0)]
)
def test_only_addresses_of_pages_are_links(url: str | None, links: int) -> None:
    given = citation("x")
    given = msgspec.structs.replace(given, source=msgspec.structs.replace(given.source, url=url))
    document = page(run([outcome(case(), answer(given))]))
    assert len(document.xpath("//a[@class='source']")) == links


def test_texts_say_their_language_and_direction() -> None:
    asked = msgspec.structs.replace(case("x-ar", lang="ar"), question="كم سيارة؟")
    told = answer(citation("Es waren 12.", lang="de"), text="Es waren 12. [1]", lang="ar")
    (article,) = page(run([outcome(asked, told)])).xpath("//article")
    shown = {tag: article.xpath(f".//{tag}")[0] for tag in ("h3", "p[@class='text']", "mark", "blockquote")}
    assert [(one.get("lang"), one.get("dir")) for one in shown.values()] == [
        ("ar", "rtl"),
        ("ar", "rtl"),
        ("de", "ltr"),
        ("de", "ltr"),
    ]


# Questions


def test_every_wrong_question_is_there_with_every_reason() -> None:
    document = page(MADE)
    articles = document.xpath("//article[contains(@class, 'wrong')]")
    assert [one.get("id") for one in articles] == ["q-wrong-de", "q-refused-ar", "q-gone-en"]
    for article, one in zip(articles, MADE.outcomes[1:], strict=True):
        assert [text_of(reason) for reason in article.xpath("ul[@class='reasons']/li")] == list(reasons(one))
        assert text_of(article.xpath(".//h3")[0]) == one.case.question


def test_right_answers_are_listed_too_and_folded() -> None:
    folded = by_id(page(MADE), "right-answers")
    assert folded.get("open") is None
    assert text_of(folded.xpath("summary")[0]) == "Right answers: 1"
    assert folded.xpath(".//article/@id") == ["q-right-en"]


def test_expected_and_answer_stand_side_by_side() -> None:
    article = by_id(page(MADE), "q-wrong-de")
    expected, given = (text_of(side) for side in article.xpath("div[@class='sides']/div"))
    assert expected == "Expected Status answered Fact ✗ 43,866 or 43.866 From news/harbour.md Must not quote 12,345"
    assert given.startswith("Answer answered, German, sure to 40 % Es waren 12.345 Autos. [1]")
    assert text_of(article.xpath("details/summary")[0]) == "Search found the expected article at place 2 of 2"


def test_quotes_are_marked_in_the_answer_and_forms_in_the_quotes() -> None:
    marks = by_id(page(MADE), "q-wrong-de").xpath(".//mark")
    assert [(mark.get("class"), mark.text) for mark in marks] == [
        ("quoted", "Es waren 12.345 Autos."),
        ("forbidden", "12.345"),
    ]


def test_an_error_stands_where_the_answer_would() -> None:
    (given,) = by_id(page(MADE), "q-gone-en").xpath(".//div[@class='side given']")
    assert text_of(given) == "Answer the service is gone"


def test_questions_carry_what_the_filters_go_by() -> None:
    article = by_id(page(MADE), "q-wrong-de")
    assert article.get("data-lang") == "de"
    assert article.get("data-tags").split("\n") == ["number", "table"]
    assert article.get("data-kinds").split("\n") == ["fact", "forbidden"]


def test_filters_offer_what_there_is_with_its_number() -> None:
    document = page(MADE)
    offered = {
        name: [text_of(option) for option in by_id(document, f"filter-{name}")] for name in ("kinds", "lang", "tags")
    }
    assert offered == {
        "kinds": [
            "any",
            "ended in an error: 1",
            "not answered, though the articles say it: 1",
            "fact missing: 1",
            "quotes what it must not: 1",
        ],
        "lang": ["any", "Arabic (ar): 1", "English (en): 2", "German (de): 1"],
        "tags": ["any", "number: 1", "table: 2"],
    }
    (filters,) = document.xpath("//div[@class='filters']")
    assert filters.get("hidden") is not None


EVERYTHING = Expect(
    status="answered", works=(WORK,), quotes=("a",), facts=(("b",),), forbidden=("c",), answer_lang="de", as_of="2024"
)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (GONE, ["error"]),
        (REFUSED, ["unanswered"]),
        (outcome(case(expect=Expect(status="not_found")), answer()), ["invented"]),
        (outcome(case(expect=Expect(status="out_of_scope")), REFUSAL), ["status"]),
        (outcome(case(expect=Expect(status="not_found")), answer(citation("x"), status="not_found")), ["status"]),
        (outcome(case(), answer()), ["work"]),
        (outcome(case(), answer(citation("x", "news/bridge.md"))), ["work"]),
        (
            outcome(case(expect=EVERYTHING), answer(citation("c")), false_quotes=("c",)),
            ["fact", "quote", "forbidden", "language", "date", "exactness"],
        ),
        (RIGHT, []),
    ],
)
def test_every_reason_has_its_kind(one: Outcome, expected: list[str]) -> None:
    assert list(kinds(one, reasons(one))) == expected
    assert set(expected) < KINDS.keys()


# Marks


@pytest.mark.parametrize(
    ("text", "form", "place"),
    [
        ("Es waren 43.866 Autos.", "43,866", "43.866"),
        ("Es waren 43 866 Autos.", "43,866", "43 866"),
        ("48.5 kW und 48 kW", "48", "48"),
        ("Groß ist die BRÜCKE.", "brücke", "BRÜCKE"),
        ("بنسبة ١٦٫٤ في المئة", "16.4", "١٦٫٤"),
        ("価格は240ユーロです", "240ユーロ", "240ユーロ"),
        ("two  words", "two words", "two  words"),
        ("1,048 kW", "48", None),
        ("none", "other", None),
    ],
)
def test_a_form_is_found_as_it_is_written(text: str, form: str, place: str | None) -> None:
    found_at = find_form(text, form)
    assert (None if found_at is None else text[slice(*found_at)]) == place


def test_a_number_within_another_is_not_where_it_stands() -> None:
    assert find_form("48.5 kW und 48 kW", "48") == (12, 14)


def test_marks_do_not_overlap_and_the_text_stays_whole() -> None:
    spans = [Span(2, 5, "b"), Span(0, 3, "a"), Span(4, 99, "c"), Span(7, 7, "d")]
    into = marked(element("p"), "0123456789", spans)
    assert [(mark.get("class"), mark.text) for mark in into] == [("a", "012"), ("c", "456789")]
    assert "".join(into.itertext()) == "0123456789"


# Figures


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


# The command


def test_the_report_of_a_kept_run_has_the_history_of_its_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = msgspec.structs.replace(MADE, suite="small")
    suite = load_suite(str(write_suite(tmp_path)))
    save(kept(made, "winter"), suite.baselines)
    (tmp_path / "run.json").write_bytes(to_json(evaluate(made)))
    assert cli.run(["eval", "report", str(tmp_path / "run.json"), "--suite", str(tmp_path / "small.toml")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "run.html")
    section = by_id(parsed((tmp_path / "run.html").read_bytes()), "history")
    assert [text_of(row) for row in section.xpath(".//tbody/tr/th")] == ["this run", "winter"]


def test_a_run_of_another_suite_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run.json").write_bytes(to_json(evaluate(MADE)))
    assert cli.run(["eval", "report", str(tmp_path / "run.json")]) == 3
    assert "This run is of made, not of golden" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run.html").exists()


# The script, in a browser

_USE = """
const counts = () => [document.getElementById("shown").textContent, document.getElementById("right-shown").textContent];
const set = (id, value, event) => {
  document.getElementById(id).value = value;
  document.getElementById(id).dispatchEvent(new Event(event));
};
const seen = {filters: !document.querySelector(".filters").hidden, start: counts()};
set("filter-lang", "de", "change"); seen.lang = counts();
set("filter-tags", "table", "change"); seen.langAndTag = counts();
document.getElementById("filter-reset").click(); seen.reset = counts();
set("filter-kinds", "error", "change"); seen.kind = counts();
set("filter-kinds", "", "change"); set("filter-text", "  AUTOS 12.345", "input"); seen.text = counts();
location.hash = "#q-right-en";
setTimeout(() => {
  seen.linked = [...counts(), document.getElementById("right-answers").open];
  document.body.append(Object.assign(document.createElement("pre"), {id: "seen", textContent: JSON.stringify(seen)}));
}, 50);
"""
needs_browser = pytest.mark.skipif(shutil.which("chromium") is None, reason="the script of the page runs in chromium")


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a reader sees step by step, the page opened from a file."""
    folder = tmp_path_factory.mktemp("report")
    written = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", to_html(evaluate(MADE)).decode())
    (folder / "x.html").write_text(written.replace("</body>", f"<script>{_USE}</script></body>"), encoding="utf-8")
    shown = subprocess.run(
        [
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
            *(
                f"--user-data-dir={folder}/profile",
                "--virtual-time-budget=2000",
                "--dump-dom",
                f"file://{folder}/x.html",
            ),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    ).stdout.decode()
    (told,) = re.findall(r'<pre id="seen">(.*?)</pre>', shown)
    given: dict[str, Any] = json.loads(html.unescape(told))
    return given


@needs_browser
def test_filters_appear_where_there_is_a_script(seen: dict[str, Any]) -> None:
    assert seen["filters"] is True
    assert seen["start"] == seen["reset"] == ["Wrong answers: 3", "Right answers: 1"]


@needs_browser
@pytest.mark.parametrize(
    ("filtered", "wrong"),
    [
        ("lang", "Wrong answers: 1 of 3"),
        ("langAndTag", "Wrong answers: 1 of 3"),
        ("kind", "Wrong answers: 1 of 3"),
        ("text", "Wrong answers: 1 of 3"),
    ],
)
def test_filters_leave_what_is_wanted(seen: dict[str, Any], filtered: str, wrong: str) -> None:
    assert seen[filtered] == [wrong, "Right answers: 0 of 1"]


@needs_browser
def test_a_link_shows_its_question_whatever_is_filtered(seen: dict[str, Any]) -> None:
    assert seen["linked"] == ["Wrong answers: 3", "Right answers: 1", True]
