"""docs/embedding.md: what it tells publishers to write works as it stands there, at another service's address."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Visit, needs_chromium, visit
from fake_backend import CITATION, QUOTE
from playwright.sync_api import Browser, expect

from rag.api.widget import widget_modules

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "embedding.md").read_text("utf-8")
SERVICE = "https://kilde.example.org"
MODULES = Path(__file__).parent / "browser" / "node_modules"
SITES = re.findall(r"export KILDE_SITES='(.+)'", PAGE)[0]
CODE = {name: content.decode() for name, content in widget_modules().items()}
needs_hugo = pytest.mark.skipif(shutil.which("hugo") is None, reason="needs Hugo: apt-get install hugo")
needs_react = pytest.mark.skipif(
    not (MODULES / "react").is_dir(), reason="needs React: npm install --prefix tests/browser --no-package-lock"
)


def blocks(kind: str, address: str = SERVICE) -> list[str]:
    """The page's examples in that language, for the service at ``address``."""
    return [block.replace(SERVICE, address) for block in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)]


@pytest.fixture
def press(browser: Browser) -> Iterator[Visit]:
    """A publisher's page is about to be opened, on another origin than the service's."""
    with visit(browser, sites=SITES.replace("https://www.example.org", "{origin}")) as opened:
        yield opened
        assert opened.errors == []


@needs_chromium
def test_one_line_in_a_page_adds_the_launcher(press: Visit) -> None:
    press.host(f"<h1>News</h1>{blocks('html', press.address)[0]}", elsewhere=True)
    press.page.get_by_role("button", name="Ask the articles").click()
    press.answered()
    expect(press.page.locator(".answer .quote")).to_have_text(QUOTE)


@needs_chromium
def test_the_element_stands_in_the_page_with_its_questions(press: Visit) -> None:
    press.host(f"<main><h1>News</h1>{blocks('html', press.address)[1]}</main>", elsewhere=True)
    expect(press.page.get_by_role("heading", name="Ask the newsroom")).to_be_visible()
    with press.page.expect_request("**/v1/chat") as asked:
        press.page.get_by_role("button", name="Wann wurde die Brücke eröffnet?").click()
    assert asked.value.headers["x-kilde-site"] == "my-site"
    expect(press.page.locator(".answer .quote")).to_have_text(QUOTE)


@needs_chromium
def test_the_policy_that_is_told_is_enough(press: Visit) -> None:
    policy = f"default-src 'none'; {blocks('text', press.address)[0].strip()}; require-trusted-types-for 'script'"
    press.host(blocks("html", press.address)[0], policy=policy, elsewhere=True)
    press.page.get_by_role("button", name="Ask the articles").click()
    press.answered()


@needs_chromium
def test_the_style_that_is_told_takes_effect(press: Visit) -> None:
    press.host(f"<style>{blocks('css')[0]}</style>{blocks('html', press.address)[0]}", elsewhere=True)
    shown = press.page.locator("button.launcher").evaluate(
        "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.textTransform] }"
    )
    assert shown == ["rgb(138, 21, 56)", "uppercase"]


@needs_chromium
@needs_hugo
def test_the_hugo_partial_adds_the_launcher_in_the_language_of_each_page(press: Visit, tmp_path: Path) -> None:
    files = {
        "hugo.toml": 'baseURL = "http://localhost/"\ndisableKinds = ["taxonomy", "term", "RSS", "sitemap"]\n'
        "[languages.en]\n[languages.de]\n" + blocks("toml", press.address)[0],
        "layouts/index.html": '<!doctype html><html lang="{{ .Language.Lang }}"><title>x</title><body>{{ .Content }}'
        '{{ partial "kilde.html" . }}</body></html>',
        "layouts/partials/kilde.html": blocks("go-html-template")[0],
        "content/_index.md": "The bridge.",
        "content/_index.de.md": "Die Brücke.",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["hugo", "--quiet", "--source", tmp_path], check=True)
    for path, words in (("public/index.html", "Show quote"), ("public/de/index.html", "Zitat zeigen")):
        press.pages["/host.html"] = ((tmp_path / path).read_text("utf-8"), "")
        press.page.goto(f"{press.elsewhere}/host.html")
        press.page.get_by_role("button", name="Ask the newsroom").click()
        press.answered()
        expect(press.page.get_by_role("button", name=words).first).to_be_visible()
        expect(press.page.locator(".sources a").first).to_have_attribute("href", CITATION.source.url or "")


APP = """
import { createRoot } from "react-dom/client";
import { Kilde } from "./kilde.jsx";
const answered = ({ status }) => document.title = status;
const root = createRoot(document.getElementById("app"));
window.show = (key, mode) => root.render(<Kilde key={key} siteId="my-site" mode={mode} onAnswer={answered} />);
show("first");
"""


@pytest.fixture
def react(press: Visit, tmp_path: Path) -> Visit:
    """The component of the guide, on a page."""
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "kilde.jsx").write_text(blocks("jsx", press.address)[0], encoding="utf-8")
    (tmp_path / "app.jsx").write_text(APP, encoding="utf-8")
    bundler = [MODULES / ".bin" / "esbuild", "app.jsx", "--bundle", "--format=esm", "--jsx=automatic"]
    subprocess.run([*bundler, "--outfile=app.js"], cwd=tmp_path, check=True, capture_output=True)
    bundle = (tmp_path / "app.js").read_text("utf-8").replace("</script", "<\\/script")
    press.host(f'<div id="app"></div><script type="module">{bundle}</script>', elsewhere=True)
    return press


@needs_chromium
@needs_react
def test_the_react_component_shows_the_widget_and_hears_its_events(react: Visit) -> None:
    with react.page.expect_request("**/v1/chat") as asked:
        react.answered()
    assert asked.value.headers["x-kilde-site"] == "my-site"
    expect(react.page).to_have_title("answered")


@needs_chromium
@needs_react
def test_the_react_component_can_be_mounted_again_and_change_its_mode(react: Visit) -> None:
    react.page.evaluate("show('second')")
    expect(react.page.locator(".as-inline")).to_have_count(1)
    react.page.evaluate("show('second', 'page')")
    expect(react.page.locator(".as-page")).to_have_count(1)


def test_every_language_property_part_and_event_is_told() -> None:
    told = set(re.findall(r"`([^`\n]+)`", PAGE))
    languages = re.findall(r'"(\w\w)"', re.findall(r"LANGUAGES = \[(.*?)\]", CODE["language.js"])[0])
    assert set(languages) <= told
    assert set(re.findall(r"var\((--kilde-[\w-]+)", CODE["style.js"])) == {t for t in told if t.startswith("--kilde-")}
    parts = {part for text in CODE.values() for part in re.findall(r'part: "([\w-]+)"', text)}
    assert parts == set(re.findall(r"`([\w-]+)`", PAGE.split("\nParts: ")[1].split("\n\n")[0]))
    events = {f"kilde:{event}" for text in CODE.values() for event in re.findall(r'tell\("([\w-]+)"', text)}
    assert events == {t for t in told if re.fullmatch(r"kilde:[\w-]+", t)}


def test_every_picture_is_there_and_light() -> None:
    pictures = re.findall(r"!\[.+\]\((.+)\)", PAGE)
    assert len(pictures) >= 3
    assert all((DOCS / picture).stat().st_size < 150_000 for picture in pictures)
