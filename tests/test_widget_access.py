"""Whoever reads with a keyboard, a screen reader, large print or forced colours: axe finds nothing, and more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from browsing import Visit, needs_chromium, script_tag, visit
from contrast import CONTRAST
from fake_backend import ANSWER, CITATION, SOURCE, TEXT, FakeBackend, turn
from playwright.sync_api import Browser, expect
from widget_states import failed, judged, launched, launcher, passage

from rag.records import MessageStart, PhaseStatus, TextDelta

AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = needs_chromium
needs_axe = pytest.mark.skipif(
    not AXE.exists(), reason="needs axe-core: npm install --prefix tests/browser --no-package-lock"
)
START = MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question="Wie viele?")
NOT_FOUND = msgspec.structs.replace(
    ANSWER, status="not_found", text="Die Artikel sagen dazu nichts.", citations=(), sources=(), nearest=(SOURCE,)
)
SECOND = msgspec.structs.replace(CITATION, n=2)
MARKER_REACH = """
e => {
  const box = e.getBoundingClientRect();
  const y = box.top + box.height / 2;
  const hits = (x) => e.getRootNode().elementFromPoint(x, y) === e;
  let [left, right] = [box.left + box.width / 2, box.left + box.width / 2];
  while (hits(left - 0.5)) left -= 0.5;
  while (hits(right + 0.5)) right += 0.5;
  return [left, right];
}
"""
"""From where to where, in px, a press on a marker is taken as one."""
INLINE = f'<main><h1>News</h1>{script_tag("", "")}<kilde-chat mode="inline"></kilde-chat></main>'


def demo(opened: Visit) -> None:
    opened.open()


def asked(opened: Visit) -> None:
    opened.open()
    opened.answered()


def searching(opened: Visit) -> None:
    opened.backend.script = (START, PhaseStatus(phase="searching"), TextDelta(text="Laut"), 30.0)
    opened.open()
    opened.ask()
    expect(opened.page.locator(".answer")).to_have_text("Laut")


def stopped(opened: Visit) -> None:
    searching(opened)
    opened.page.get_by_role("button", name="Stop").click()
    expect(opened.page.get_by_role("button", name="Try again")).to_be_visible()


def asked_passage(opened: Visit) -> None:
    asked(opened)
    passage(opened)


def nothing_found(opened: Visit) -> None:
    opened.backend.script = turn(NOT_FOUND)
    asked(opened)


def demo_failed(opened: Visit) -> None:
    demo(opened)
    failed(opened)


def offline(opened: Visit) -> None:
    asked(opened)
    opened.page.context.set_offline(True)
    expect(opened.page.locator(".ask .offline")).to_be_visible()


def asked_judged(opened: Visit) -> None:
    asked(opened)
    judged(opened)


def forgotten(opened: Visit) -> None:
    asked(opened)
    opened.forget()
    expect(opened.page.locator(".thread > .notice")).not_to_be_empty()


def asked_whether_to_forget(opened: Visit) -> None:
    asked(opened)
    opened.page.locator(".chat > header button").click()
    expect(opened.page.locator(".ask-again")).to_be_visible()


def too_long(opened: Visit) -> None:
    opened.open()
    opened.field.fill("x" * 2001)
    expect(opened.page.locator("#too-long")).not_to_be_empty()


def inline(opened: Visit) -> None:
    opened.host(INLINE)
    opened.answered()


def on_a_dark_page(opened: Visit) -> None:
    """Of its own, that says nothing of its colour scheme."""
    dark = "<style>body { background: #111; color: #eee }</style>"
    opened.host(dark + INLINE.replace('mode="inline"', 'mode="page"'))
    opened.answered()


def come_back(opened: Visit) -> None:
    asked_judged(opened)
    opened.open("/?another")
    expect(opened.page.locator(".details")).to_be_visible()


STATES: list[tuple[str, Callable[[Visit], None], dict[str, Any]]] = [
    ("welcome", demo, {}),
    ("searching", searching, {}),
    ("answered", asked, {}),
    ("stopped", stopped, {}),
    ("source panel", asked_passage, {}),
    ("not found", nothing_found, {}),
    ("failed", demo_failed, {}),
    ("offline", offline, {}),
    ("feedback form", asked_judged, {}),
    ("asked whether to forget", asked_whether_to_forget, {}),
    ("forgotten", forgotten, {}),
    ("too long", too_long, {}),
    ("launcher", launcher, {}),
    ("launcher open", launched, {}),
    ("inline", inline, {}),
    ("on a dark page", on_a_dark_page, {}),
    ("on the next page", come_back, {}),
    ("dark", asked, {"color_scheme": "dark"}),
    ("dark source panel", asked_passage, {"color_scheme": "dark"}),
    ("dark feedback form", asked_judged, {"color_scheme": "dark"}),
    ("arabic", asked, {"locale": "ar-EG"}),
    ("arabic source panel", asked_passage, {"locale": "ar-EG"}),
    ("phone", asked, {"viewport": {"width": 390, "height": 844}}),
    ("phone, launcher open", launched, {"viewport": {"width": 390, "height": 844}}),
    ("forced colours", asked, {"forced_colors": "active"}),
]


def last_of(node: dict[str, Any]) -> str:
    """A selector, which a locator finds through all shadow roots."""
    last = node["target"][-1]
    return str(last if isinstance(last, str) else last[-1])


def problems(rules: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(rule["id"], last_of(node)) for rule in rules for node in rule["nodes"]]


@needs_axe
@pytest.mark.parametrize(("reach", "context"), [s[1:] for s in STATES], ids=[s[0] for s in STATES])
def test_axe_finds_nothing(reach: Callable[[Visit], None], context: dict[str, Any], browser: Browser) -> None:
    with visit(browser, reduced_motion="reduce", **context) as opened:
        reach(opened)
        opened.page.evaluate(AXE.read_text("utf-8"))
        found = opened.page.evaluate("axe.run(document)")
        unsure = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
        partly_covered = [opened.page.locator(last_of(node)).first for rule in unsure for node in rule["nodes"]]
        if "forced_colors" not in context:  # which are the reader's own
            assert all(text.evaluate(CONTRAST) >= 4.5 for text in partly_covered)
    assert found["passes"] != []
    assert problems(found["violations"]) == []
    assert problems(found["incomplete"]) == problems(unsure)


@needs_axe
def test_axe_looks_into_the_widget(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.page.evaluate("document.querySelector('kilde-chat').shadowRoot.querySelector('.send').ariaLabel = ''")
        opened.page.locator(".send").evaluate("e => e.removeAttribute('title')")
        opened.page.evaluate(AXE.read_text("utf-8"))
        found = opened.page.evaluate("axe.run(document)")
    assert [rule["id"] for rule in found["violations"]] == ["button-name"]


def test_choosing_an_example_with_the_keyboard_leads_into_its_turn(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(INLINE.replace("</kilde-chat>", "<ul hidden><li>Wie viele?</li></ul></kilde-chat>"))
        opened.page.get_by_role("button", name="Wie viele?").press("Enter")
        expect(opened.page.locator(".actions")).to_be_visible()
        assert opened.focused() == "turn"


CITED_TWICE = msgspec.structs.replace(ANSWER, text=TEXT + " [2]", citations=(CITATION, SECOND))


def test_no_press_on_a_marker_reaches_the_one_beside_it(browser: Browser) -> None:
    with visit(browser, FakeBackend(answer=CITED_TWICE)) as opened:
        asked(opened)
        first, second = opened.page.locator(".marker").all()
        ends = [marker.evaluate(MARKER_REACH) for marker in (first, second)]
        assert ends[0][1] <= ends[1][0]
        assert all(right - left >= 24 for left, right in ends)


def test_each_sentence_is_announced_once_when_it_is_finished(browser: Browser) -> None:
    words = ["Sie öffnete 1931.", " [1] Sie trägt", " 4.200 Radfahrer am Tag. Heute", 30.0]
    script = (START, *(TextDelta(text=w) if isinstance(w, str) else w for w in words))
    with visit(browser, FakeBackend(script)) as opened:
        opened.open()
        opened.ask()
        said = opened.page.locator("[role=log] p")
        expect(said).to_have_text(["Sie öffnete 1931.", "Sie trägt 4.200 Radfahrer am Tag."])
        assert said.first.get_attribute("lang") == "de"
        expect(opened.page.locator(".answer")).to_contain_text("Heute")


def test_the_whole_answer_has_been_announced_at_its_end(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        assert " ".join(opened.page.locator("[role=log] p").all_text_contents()) == TEXT.removesuffix(" [1]")
        opened.open("/?again")
        expect(opened.page.locator(".answer")).to_be_visible()
        expect(opened.page.locator("[role=log] p")).to_have_count(0)


MISSED = """
(found) => found.filter((e) => {
  const label = e.closest("label");
  if (label) return label.getBoundingClientRect().height < 44;
  e.scrollIntoView({block: "center"});
  const box = e.getBoundingClientRect();
  const hits = ([dx, dy]) => e.contains(
    e.getRootNode().elementFromPoint(box.left + box.width / 2 + dx, box.top + box.height / 2 + dy));
  return ![[-21.5, 0], [21.5, 0], [0, -21.5], [0, 21.5]].every(hits);
}).map((e) => e.className || e.localName)
"""


@pytest.mark.parametrize("reach", [demo, asked_judged, asked_passage, launched, demo_failed])
def test_every_target_measures_44_pixels(reach: Callable[[Visit], None], browser: Browser) -> None:
    with visit(browser, reduced_motion="reduce", locale="en-US") as opened:
        reach(opened)
        inside = "dialog[open] :is(button, a, input)" if reach in (asked_passage, launched) else ":is(button, a, input)"
        targets = opened.page.locator(f"kilde-chat {inside}:visible")
        assert targets.count() >= 1
        assert targets.evaluate_all(MISSED) == []


@pytest.mark.parametrize(("width", "height"), [(640, 400), (320, 512)], ids=["200 %", "400 %"])
@pytest.mark.parametrize("reach", [asked, asked_judged, asked_passage, launched])
def test_nothing_is_cut_off_when_zoomed(
    reach: Callable[[Visit], None], width: int, height: int, browser: Browser
) -> None:
    with visit(browser, viewport={"width": width, "height": height}, device_scale_factor=2) as opened:
        reach(opened)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
        boxes = opened.page.locator("kilde-chat :is(button, a, p, h2, h3, textarea):visible").evaluate_all(
            "found => found.map((e) => e.getBoundingClientRect()).map(({left, right}) => [left, right])"
        )
        assert all(left >= -1 and right <= width + 1 for left, right in boxes)


@pytest.mark.parametrize(("motion", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_moves_for_those_who_want_no_motion(motion: Any, moves: bool, browser: Browser) -> None:
    with visit(browser, reduced_motion=motion) as opened:
        searching(opened)
        running = "document.querySelector('kilde-chat').shadowRoot.getAnimations().length"
        assert bool(opened.page.evaluate(running)) is moves


def test_forced_colours_leave_the_quote_and_the_buttons_visible(browser: Browser) -> None:
    with visit(browser, forced_colors="active") as opened:
        asked(opened)
        border = "e => getComputedStyle(e).borderTopStyle"
        assert opened.page.locator(".marker").evaluate(border) == "solid"
        assert opened.page.locator(".send").evaluate(border) == "solid"
        assert "underline" in opened.page.locator(".quote").evaluate("e => getComputedStyle(e).textDecorationLine")
