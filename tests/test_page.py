"""The demo page: what it may load, what it offers, and what it says."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from fake_backend import FakeBackend
from litestar.testing import TestClient

from index.reading import find_files
from rag.api.app import build_app
from rag.settings import Settings

PAGE = files("rag").joinpath("page")
PARTS = ("examples.js", "first.js", "page.js")
SOURCES = {name: PAGE.joinpath(name).read_text("utf-8") for name in (*PARTS, "index.html", "page.css")}
LANGUAGE_CODE = files("rag").joinpath("widget", "language.js").read_text("utf-8")

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="the page's own code runs in node: apt-get install nodejs"
)


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
    assert named == {
        "/page/icon.svg",
        "/page/first.js",
        "/page/page.css",
        "/page/page.js",
        "/schema",
        "/widget/v1/widget.js",
    }
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


def test_the_page_embeds_the_widget_as_a_page() -> None:
    assert re.search(r'<kilde-chat id="chat" mode="page" lang="auto"', SOURCES["index.html"])


@pytest.mark.parametrize(
    ("site_url", "hosts"), [(None, ""), ("https://www.press.example/articles/", "www.press.example")]
)
def test_articles_at_their_public_address_may_be_linked_to(site_url: str | None, hosts: str) -> None:
    with TestClient(build_app(FakeBackend(settings=Settings(site_url=site_url)))) as client:
        assert f'link-hosts="{hosts}"' in client.get("/").text


def examples(articles: list[dict[str, str]], langs: list[str]) -> Any:
    """The questions in each language."""
    script = f"import {{examplesFor}} from {json.dumps(str(PAGE.joinpath('examples.js')))};" + (
        f"const found = {json.dumps(langs)}.map((lang) => examplesFor({json.dumps(articles)}, lang));"
        "process.stdout.write(JSON.stringify(found))"
    )
    node = [shutil.which("node") or "node", "--no-warnings", "--input-type=module", "-e", script]
    return json.loads(subprocess.run(node, capture_output=True, check=True, text=True).stdout)


@needs_node
def test_the_sample_articles_have_questions_in_every_language_of_the_widget() -> None:
    sample = find_files(Path(__file__).parent.parent / "evals" / "corpus" / "content")[0]
    articles = [{"path": path, "work_id": path, "lang": "en", "title": path} for path in sample]
    languages = re.findall(r'"(\w\w)"', re.findall(r"LANGUAGES = \[(.*?)\]", LANGUAGE_CODE)[0])
    assert len(languages) >= 16
    for lang, asked in zip(languages, examples(articles, languages), strict=True):
        assert {example["lang"] for example in asked} == {lang}
        assert 2 <= len(asked) <= 3


@needs_node
def test_other_articles_are_asked_about_by_their_titles_once_a_work() -> None:
    articles = [
        {"path": "a.de.md", "work_id": "w1", "lang": "de", "title": "Die Brücke"},
        {"path": "a.md", "work_id": "w1", "lang": "en", "title": "The bridge"},
        {"path": "b.nl.md", "work_id": "w2", "lang": "nl", "title": "De haven"},
    ]
    told = [example["text"] for example in examples(articles, ["de"])[0]]
    assert told == ["What is “The bridge” about?", "What is “De haven” about?"]
