"""The script of the HTML report, in a browser: filters and links."""

import html
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
from report_pages import MADE

from evals.evaluation import evaluate
from evals.report import to_html

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
