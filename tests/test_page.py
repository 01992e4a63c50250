"""The page: what it may load, and what its reading of events, offsets and links gives."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from fake_backend import ARTICLE_TEXT, CITATION, QUOTE, TEXT, FakeBackend, turn
from litestar.testing import TestClient

from rag.api.app import build_app
from rag.api.sse import Frames

PAGE = files("rag").joinpath("page")
PARTS = ("elements.js", "feedback.js", "page.js", "reading.js")
SOURCES = {name: PAGE.joinpath(name).read_text("utf-8") for name in (*PARTS, "index.html", "page.css")}


def read(expression: str) -> Any:
    """The value of an expression over the functions of reading.js, by way of JSON."""
    script = f"import * as r from {json.dumps(str(PAGE.joinpath('reading.js')))};" + (
        f"process.stdout.write(JSON.stringify({expression}))"
    )
    node = [shutil.which("node") or "node", "--no-warnings", "--input-type=module", "-e", script]
    return json.loads(subprocess.run(node, capture_output=True, check=True, text=True).stdout)


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="the page's own code runs in node")


def test_the_page_and_its_files_are_served_under_a_strict_policy() -> None:
    kinds = {"/": "text/html", "/page/page.css": "text/css", "/page/page.js": "text/javascript"}
    with TestClient(build_app(FakeBackend())) as client:
        for path, kind in kinds.items():
            response = client.get(path)
            assert response.headers["content-type"] == f"{kind}; charset=utf-8"
            assert response.headers["content-security-policy"].startswith(
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
            )
            assert "unsafe" not in response.headers["content-security-policy"]


def test_every_file_the_page_names_is_there() -> None:
    named = set(re.findall(r'(?:href|src)="(/[^"]+)"', SOURCES["index.html"]))
    assert named == {"/page/icon.svg", "/page/page.css", "/page/page.js"}
    with TestClient(build_app(FakeBackend())) as client:
        for path in (*named, *(f"/page/{part}" for part in PARTS)):
            assert client.get(path).status_code == 200


def test_nothing_in_the_page_is_inline_or_from_elsewhere() -> None:
    html = SOURCES["index.html"]
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html) == []
    assert [text for text in SOURCES.values() if re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text)] == []


def test_text_never_becomes_markup() -> None:
    code = "".join(SOURCES[part] for part in PARTS)
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", code) == []


def test_the_page_names_itself_automatic_and_its_log_a_log() -> None:
    html = SOURCES["index.html"]
    assert 'role="log"' in html
    assert 'aria-live="polite"' in html
    assert re.search(r'<label for="question"', html)
    assert "automatically" in html


@needs_node
@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_events_are_read_in_any_cut(size: int) -> None:
    frames = Frames()
    stream = ": keep-alive\n\n" + "".join(frames.frame(event).decode() for event in turn())
    parts = [stream[at : at + size] for at in range(0, len(stream), size)]
    events = read(
        f"(() => {{ const e = new r.EventReader(); return {json.dumps(parts)}.flatMap((p) => e.take(p)) }})()"
    )
    assert [event["event"] for event in events] == [event.event for event in turn()]
    assert events[-1]["data"]["text"] == TEXT


@needs_node
def test_quotes_and_markers_are_found_by_code_points() -> None:
    text = "🌉🌉 " + TEXT + " [7]"
    start = CITATION.answer.start + 3
    citation = json.loads(msgspec.json.encode(CITATION))
    citation["answer"] = {"start": start, "end": start + len(QUOTE)}
    pieces = read(f"r.answerPieces({json.dumps(text)}, {json.dumps([citation])})")
    assert "".join(piece.get("text", "[1]") for piece in pieces) == text
    assert [piece["text"] for piece in pieces if "citation" in piece and "text" in piece] == [QUOTE]
    assert [piece["marker"] for piece in pieces if "marker" in piece] == ["1"]


@needs_node
def test_the_short_answer_is_set_apart_by_code_points() -> None:
    assert read('r.highlightedParts("\U0001f697 545 km.", {start: 2, end: 8})') == ["\U0001f697 ", "545 km", "."]
    assert read('r.highlightedParts("545 km.", null)') == ["", "", "545 km."]


@needs_node
def test_a_marker_stands_for_the_quote_before_it() -> None:
    text = "aa [1] bb [1]"
    citations = [{"n": 1, "answer": {"start": 0, "end": 2}}, {"n": 1, "answer": {"start": 7, "end": 9}}]
    pieces = read(f"r.answerPieces({json.dumps(text)}, {json.dumps(citations)})")
    assert [piece["citation"]["answer"]["start"] for piece in pieces if "marker" in piece] == [0, 7]


@needs_node
def test_the_quote_is_marked_in_its_paragraph() -> None:
    source = json.loads(msgspec.json.encode(CITATION.source))
    shown = read(f"r.articleParagraphs({json.dumps(ARTICLE_TEXT)}, {json.dumps(source)}, {json.dumps(QUOTE)})")
    assert shown["exact"] is True
    assert shown["paragraphs"] == [
        [{"text": "The harbour bridge 🌉", "marked": False}],
        [
            {"text": "The harbour bridge opened in May 1931. ", "marked": False},
            {"text": QUOTE, "marked": True},
        ],
        [{"text": "Repairs began in 2019 and took eleven months.", "marked": False}],
    ]


@needs_node
def test_nothing_is_marked_where_the_article_says_something_else_now() -> None:
    source = json.dumps({"start": 0, "end": len(QUOTE)})
    shown = read(f"r.articleParagraphs({json.dumps(ARTICLE_TEXT)}, {source}, {json.dumps(QUOTE)})")
    assert shown["exact"] is False
    assert not any(run["marked"] for paragraph in shown["paragraphs"] for run in paragraph)


@needs_node
@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://news.example/a#:~:text=b", "https://news.example/a#:~:text=b"),
        ("http://news.example/", "http://news.example/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("/relative", None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, link: str | None) -> None:
    assert read(f"r.safeLink({json.dumps(url)})") == link


@needs_node
@pytest.mark.parametrize(
    ("date", "words"),
    [("2022", "2022"), ("2022-12", "December 2022"), ("2022-12-14", "December 14, 2022"), (None, None)],
)
def test_a_date_is_told_as_exactly_as_it_is_known(date: str | None, words: str | None) -> None:
    assert read(f"r.dateInWords({json.dumps(date)}, 'en')") == words


@needs_node
def test_arabic_and_hebrew_run_from_right_to_left() -> None:
    assert read("['ar', 'he-IL', 'de', 'zh'].map(r.directionOf)") == ["rtl", "rtl", "ltr", "ltr"]
