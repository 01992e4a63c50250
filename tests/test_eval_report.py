"""The HTML report: whole in itself, the same for the same run, every text shown as text."""

import base64
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run
from report_pages import MADE, WRONG, by_id, kept, page, parsed, text_of
from small_suite import write_suite

from evals import cli
from evals.baseline import save
from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.gate import Floor, Gate
from evals.report import to_html
from evals.suite import load_suite

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)"> & \'"\x00\x1b\ud800'
SHOWN = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd").replace("\ud800", "\ufffd")


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
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
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


def test_thousands_of_wrong_answers_stay_under_3_mb_and_those_left_out_are_counted() -> None:
    quote = citation("A sentence that is quoted in full, as long as such sentences are. " * 4, "news/other.md")
    wordy = answer(quote, quote, text="The same sentences once more, and what is said around them. " * 10)
    cases = [case(f"{number}-{'de' if number < 2000 else 'en'}") for number in range(4000)]
    written = to_html(evaluate(run([outcome(one, wordy, hits=found(WORK)) for one in cases])))
    assert len(written) < 3_000_000
    document = parsed(written)
    listed = [int(one.get("id").removeprefix("q-").split("-")[0]) for one in document.xpath("//article")]
    assert text_of(by_id(document, "shown")) == (
        f"Wrong answers: 4000, {len(listed)} of them listed; the other {4000 - len(listed)} are in the run's JSON"
    )
    assert len(listed) > 400
    assert sum(number < 2000 for number in listed) == pytest.approx(len(listed) / 2, abs=2)


def test_questions_that_turned_since_the_baseline_are_named_up_to_a_number() -> None:
    cases = [case(f"{number}-en") for number in range(250)]
    before = run([outcome(one, answer(citation("x"))) for one in cases])
    now = run([outcome(one, REFUSAL) for one in cases])
    (since,) = page(now, baseline=kept(before)).xpath("//*[@class='since']")
    assert len(since.xpath(".//a")) == 200
    assert text_of(since).endswith("and 50 more")


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


# The command


def test_the_report_of_a_kept_run_has_the_history_of_its_suite_until_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = msgspec.structs.replace(MADE, suite="small")
    suite = load_suite(str(write_suite(tmp_path)))
    save(kept(made, "winter"), suite.baselines)
    save(kept(made, "after-it", saved="2026-01-01T00:00:01+00:00"), suite.baselines)
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


@pytest.fixture
def written_run(tmp_path: Path) -> Path:
    """A run of the small suite on which a gate did not hold."""
    write_suite(tmp_path)
    gate = Gate(floor=(Floor(measure="right", at_least=0.9),))
    file = tmp_path / "run.json"
    file.write_bytes(to_json(evaluate(msgspec.structs.replace(MADE, suite="small"), gate)))
    return file


def report(file: Path, *args: str) -> int:
    return cli.run(["eval", "report", str(file), "--suite", str(file.parent / "small.toml"), *args])


def test_a_report_says_what_the_gate_said_of_the_run(written_run: Path) -> None:
    assert report(written_run) == 0
    (gate,) = parsed(written_run.with_suffix(".html").read_bytes()).xpath("//*[contains(@class, 'gate')]")
    assert text_of(gate).startswith("✗ The gate does not hold: 1 of 1 checks fail.")


def test_a_report_is_never_written_over_its_run(written_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = written_run.read_bytes()
    assert report(written_run, "-o", str(written_run)) == 3
    assert "is the run itself" in capsys.readouterr().err
    assert written_run.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "start"), [("x.qrels", b"right-en 0 "), ("x.md", b"## small: 1 of 4"), ("x.html", b"<!doctype html>")]
)
def test_a_report_has_the_format_of_its_ending(written_run: Path, name: str, start: bytes) -> None:
    assert report(written_run, "-o", str(written_run.with_name(name))) == 0
    assert written_run.with_name(name).read_bytes().startswith(start)
