"""The report as a whole: the page around its sections, its style and its script.

In: an evaluation. Out: HTML, UTF-8. What is listed is bounded, so that the report of a suite of thousands can still be
opened.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from importlib.resources import files
from xml.etree import ElementTree as ET

from evals.evaluation import Evaluation
from evals.measures import HEADLINE
from evals.report.calibration import calibration
from evals.report.filters import filters
from evals.report.headline import measures_table, slices_table, tiles, unscored
from evals.report.heatmap import heatmap
from evals.report.history import history
from evals.report.languages import language_name
from evals.report.listing import Judged, listing
from evals.report.markup import Child, anchor, element, serialise
from evals.report.speed import speed
from evals.verdicts import reasons

TURNED_LISTED = 200
"""Ids listed at most of questions that turned right, or wrong, since the baseline."""
_SECTIONS = {
    "measures": "Measures",
    "languages": "Languages",
    "slices": "Kinds of question",
    "confidence": "Confidence",
    "speed": "Speed",
    "history": "History",
    "questions": "Questions",
}

_ANSWERABLE = {"yes": "hold the answer", "no": "do not hold it"}


def to_html(evaluation: Evaluation) -> bytes:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    title = f"{evaluation.run.suite}: evaluation of {_day(evaluation)}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", style),
    )
    judged = [(outcome, reasons(outcome)) for outcome in evaluation.run.outcomes]
    body = element("body", _header(evaluation, judged), _main(evaluation, judged), element("script", script))
    return serialise(element("html", head, body, lang="en"))


def _header(evaluation: Evaluation, judged: Sequence[Judged]) -> ET.Element:
    run = evaluation.run
    right = sum(not found for _, found in judged)
    told = [
        f"{run.timing.started[:16].replace('T', ' ')} UTC",
        *(f"{name} {value}" for name, value in run.system.items()),
        f"articles {run.corpus_sha256[:12]}",
        f"questions {run.questions_sha256[:12]}",
        run.timing.machine,
    ]
    links = [element("a", title, href=f"#{name}") for name, title in _SECTIONS.items()]
    return element(
        "header",
        element("p", "Evaluation of ", element("b", run.suite), class_="over"),
        element("h1", f"{right} of {len(judged)} questions are answered right"),
        element("ul", *(element("li", text) for text in told if text), class_="about"),
        _gate(evaluation),
        _since(evaluation),
        element("nav", *links, aria_label="Sections"),
        class_="page",
    )


def _main(evaluation: Evaluation, judged: Sequence[Judged]) -> ET.Element:
    run, scores = evaluation.run, evaluation.scores
    right = [scores.questions[outcome.case.id][HEADLINE] == 1.0 for outcome in run.outcomes]
    langs = {outcome.case.lang: language_name(outcome.case.lang) for outcome in run.outcomes}
    times_ms = [time for times in run.timing.latencies_ms for time in times]
    noted = "Questions about one article succeed and fail together, and intervals allow for that."
    if evaluation.baseline is not None:
        noted += " Whether a difference is more than chance is for a comparison of both runs to say."
    return element(
        "main",
        tiles(evaluation),
        _section("measures", element("p", f"{noted} {unscored(evaluation)}"), measures_table(evaluation)),
        _section("languages", heatmap(run.outcomes, right)),
        _section(
            "slices",
            element("p", "Right answers, most questions first."),
            element(
                "div",
                slices_table(evaluation, "tag", "By tag", {}),
                element(
                    "div",
                    slices_table(evaluation, "answerable", "By what the articles hold", _ANSWERABLE),
                    slices_table(evaluation, "lang", "By language of the question", langs),
                ),
                class_="beside slices",
            ),
        ),
        element(
            "div",
            _section("confidence", calibration(scores.calibration)),
            _section("speed", speed(times_ms, scores.timing)),
            class_="beside",
        ),
        _section("history", history(evaluation)),
        _section("questions", filters(judged), *listing(judged)),
    )


def _section(name: str, *children: Child) -> ET.Element:
    return element("section", element("h2", _SECTIONS[name]), *children, id=name)


def _gate(evaluation: Evaluation) -> ET.Element | None:
    """None where no gate was held."""
    if evaluation.checks is None:
        return None
    if not evaluation.failed:
        return element("p", f"✓ The gate holds: {len(evaluation.checks)} checks.", class_="gate holds")
    failed = [element("li", str(check)) for check in evaluation.failed]
    told = f"✗ The gate does not hold: {len(failed)} of {len(evaluation.checks)} checks fail."
    return element("div", element("p", told), element("ul", *failed), class_="gate fails")


def _since(evaluation: Evaluation) -> ET.Element | None:
    """What turned since the baseline; None without one, and where nothing did."""
    if evaluation.baseline is None:
        return None
    lines = [
        element("p", f"{title} in {evaluation.baseline.name}, {now} now ({len(ids)}): ", *_links(ids))
        for title, now, ids in (
            ("Right", "wrong", evaluation.regressions),
            ("Wrong", "right", evaluation.improvements),
        )
        if ids
    ]
    return element("div", *lines, class_="since") if lines else None


def _links(ids: Sequence[str]) -> Iterator[Child]:
    for number, case_id in enumerate(ids[:TURNED_LISTED]):
        yield ", " if number else None
        yield element("a", case_id, href=f"#{anchor(case_id)}")
    if len(ids) > TURNED_LISTED:
        yield f" and {len(ids) - TURNED_LISTED} more"


def _day(evaluation: Evaluation) -> str:
    return evaluation.run.timing.started[:10]


def _asset(name: str) -> str:
    return files("evals.report").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
