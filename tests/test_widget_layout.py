"""Where the widget stands: nothing moves when it comes, all can be read, and readers see what they are at."""

import re
from pathlib import Path

import msgspec
import pytest
from browsing import Visit, needs_chromium, script_tag, visit
from contrast import CONTRAST
from fake_backend import ANSWER, QUOTE, FakeBackend
from playwright.sync_api import Browser, expect

from evals.benchmarks.widget import WATCH

pytestmark = needs_chromium
GUIDE = Path(__file__).parent.parent / "docs" / "embedding.md"
ORIGIN = "https://kilde.example.org"
SNIPPETS = re.findall(r"```html\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
BELOW = "<p>What stands below.</p>" * 30
PAGE = f'{script_tag("", "")}<kilde-chat mode="page"></kilde-chat>'
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LONG = msgspec.structs.replace(
    ANSWER, text=f"{ANSWER.text}\n\n" + "Und noch ein langer Satz dazu, der hier steht. " * 40
)
BOX = "e => { const {left, right, top, bottom} = e.getBoundingClientRect(); return [left, right, top, bottom] }"


def shift(opened: Visit) -> float:
    opened.page.wait_for_timeout(500)
    return float(opened.page.evaluate("window.seen.shift"))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["launcher", "inline"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_on_the_page_moves_when_the_widget_comes(
    snippet: str, viewport: dict[str, int], browser: Browser
) -> None:
    with visit(browser, sites="my-site={origin}", viewport=viewport) as opened:
        opened.page.add_init_script(WATCH)
        opened.host(f"<h1>News</h1>{snippet.replace(ORIGIN, opened.address)}{BELOW}", elsewhere=True)
        assert shift(opened) == 0
        assert opened.page.evaluate("window.seen.ready > 0")


def test_a_page_that_moves_is_noticed(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.page.add_init_script(WATCH)
        opened.host(f'{script_tag("", "")}<kilde-chat mode="inline"></kilde-chat>{BELOW}')
        assert shift(opened) > 0


@pytest.mark.parametrize("colours", ["background: #111; color: #eee", "background: #fff", "color-scheme: dark"])
@pytest.mark.parametrize("mode", ["inline", "page"])
def test_it_can_be_read_whatever_the_colours_of_the_page(mode: str, colours: str, browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(f"<style>:root {{ {colours} }}</style>{PAGE.replace('page', mode)}")
        opened.answered()
        opened.page.get_by_role("button", name="Helpful", exact=True).click()
        expect(opened.page.locator(".state")).to_have_text("Thank you.")
        for part in (".asked", ".answer > span", ".quote", ".sources .about", ".state", "#disclosure"):
            assert opened.page.locator(part).first.evaluate(CONTRAST) >= 4.5, part


def test_the_composer_of_a_page_of_its_own_stands_on_the_colour_around_it(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(f"<style>:root {{ background: #fff }}</style>{PAGE}")
        opened.answered()
        colours = {
            opened.page.locator(part).evaluate("e => getComputedStyle(e).backgroundColor") for part in (".chat", ".box")
        }
        assert colours == {"rgb(250, 248, 244)", "rgb(255, 255, 255)"}
        chat, composer = (opened.page.locator(part).evaluate(BOX) for part in (".chat", ".ask"))
        assert chat[0] < composer[0] < composer[1] < chat[1]


@pytest.mark.parametrize("question", ["Wie viele Radfahrer trägt die Brücke an einem Tag im Mai?", "كم عدد الدراجات؟"])
@pytest.mark.parametrize("locale", ["en-US", "ar-EG"])
def test_the_bin_of_a_page_of_its_own_covers_no_letter(locale: str, question: str, browser: Browser) -> None:
    with visit(browser, locale=locale, viewport=PHONE) as opened:
        opened.open()
        opened.answered(question)
        covered = opened.page.locator(".asked").evaluate(
            "e => { const range = document.createRange(); range.selectNodeContents(e);"
            " const bin = e.getRootNode().querySelector('.chat > header button').getBoundingClientRect();"
            " return [...range.getClientRects()].some((r) => r.left < bin.right && bin.left < r.right"
            " && r.top < bin.bottom && bin.top < r.bottom) }"
        )
        assert covered is False


@pytest.mark.parametrize("mode", ["inline", "page"])
def test_a_conversation_that_was_kept_opens_at_its_last_question(mode: str, browser: Browser) -> None:
    with visit(browser, FakeBackend(answer=LONG), viewport=DESKTOP) as opened:
        opened.host(PAGE.replace("page", mode))
        opened.answered()
        before = msgspec.structs.replace(LONG, message_id="m0", question="Zuerst?")
        opened.backend.conversations["c1"] = (before, LONG)
        opened.host(PAGE.replace("page", mode))
        expect(opened.page.locator(".asked")).to_have_count(2)
        expect(opened.page.locator(".asked").last).to_be_in_viewport()
        top = opened.page.locator(".asked").last.evaluate(BOX)[2]
        assert top < 200
        expect(opened.page.locator(".asked").first).not_to_be_in_viewport()


def test_a_new_language_leaves_its_reader_at_the_same_place(browser: Browser) -> None:
    with visit(browser, FakeBackend(answer=LONG)) as opened:
        opened.host(PAGE.replace("page", "inline"))
        opened.answered()
        opened.page.locator(".thread").evaluate("e => { e.scrollTop = 77 }")
        opened.change("lang", "nl")
        expect(opened.page.get_by_role("button", name="Citaat tonen")).to_be_attached()
        assert opened.page.locator(".thread").evaluate("e => e.scrollTop") == 77


@pytest.mark.parametrize("mode", ["launcher", "inline"])
def test_a_widget_that_becomes_a_page_of_its_own_leaves_the_publishers_page_where_it_is(
    mode: str, browser: Browser
) -> None:
    with visit(browser, viewport=DESKTOP) as opened:
        opened.host(f"{BELOW * 2}{PAGE.replace('page', mode)}")
        opened.page.evaluate("scrollTo(0, 300)")
        opened.change("mode", "page")
        expect(opened.page.locator(".surface.as-page")).to_be_attached()
        assert opened.page.evaluate("scrollY") == 300


def test_a_page_of_its_own_that_is_put_in_a_box_begins_at_the_top(browser: Browser) -> None:
    with visit(browser, FakeBackend(answer=LONG), viewport=DESKTOP) as opened:
        opened.host(BELOW + PAGE)
        opened.answered()
        opened.page.evaluate("scrollTo(0, 77)")
        opened.change("mode", "inline")
        expect(opened.page.locator(".surface.as-inline")).to_be_attached()
        assert opened.page.locator(".thread").evaluate("e => e.scrollTop") == 0


@pytest.mark.parametrize("mode", ["launcher", "inline", "page"])
def test_what_a_thumb_down_asks_comes_in_sight_and_is_said(mode: str, browser: Browser) -> None:
    with visit(browser, FakeBackend(answer=LONG), viewport=DESKTOP) as opened:
        opened.host(PAGE.replace("page", mode))
        opened.page.evaluate("document.querySelector('kilde-chat').open()")
        opened.answered()
        thumb = opened.page.get_by_role("button", name="Not helpful")
        assert thumb.get_attribute("aria-expanded") == "false"
        thumb.click()
        send = opened.page.get_by_role("button", name="Send")
        expect(send).to_be_in_viewport(ratio=1)
        assert send.evaluate(
            "e => { const b = e.getBoundingClientRect(); return e.getRootNode().elementFromPoint("
            "b.left + b.width / 2, b.bottom - 2) === e }"
        )
        assert thumb.get_attribute("aria-expanded") == "true"
        form = thumb.get_attribute("aria-controls")
        assert opened.page.locator(f"#{form}").get_by_role("group", name="What is the matter with it?").count() == 1
        expect(opened.page.locator("[role=log] p").last).to_have_text("What is the matter with it?")


def test_what_a_thumb_down_asked_is_there_on_the_next_page_until_it_is_answered(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(PAGE)
        opened.answered()
        opened.page.get_by_role("button", name="Not helpful").click()
        expect(opened.page.locator(".details")).to_be_visible()
        opened.host(PAGE)
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)
        expect(opened.page.locator(".details")).to_be_visible()
        opened.page.get_by_label("It is wrong").check()
        opened.page.get_by_role("button", name="Send").click()
        expect(opened.page.locator(".details")).to_be_hidden()
        opened.host(PAGE)
        expect(opened.page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
        expect(opened.page.locator(".details")).to_be_hidden()


def test_a_phone_held_sideways_leaves_most_of_its_height_to_the_answer(browser: Browser) -> None:
    with visit(browser, viewport={"width": 844, "height": 390}) as opened:
        opened.host(script_tag(""))
        opened.page.get_by_role("button", name="Ask the articles").click()
        expect(opened.page.locator("#disclosure")).to_be_in_viewport(ratio=1)
        opened.answered()
        assert opened.page.locator(".thread").evaluate("e => e.clientHeight") > 0.65 * 390


def test_on_a_phone_a_source_has_most_of_the_width(browser: Browser) -> None:
    with visit(browser, viewport=PHONE) as opened:
        opened.host(PAGE.replace("page", "inline"))
        opened.answered()
        words, row = (opened.page.locator(part).evaluate(BOX) for part in (".sources .words", ".sources li"))
        assert (words[1] - words[0]) / (row[1] - row[0]) > 0.7
        expect(opened.page.get_by_role("button", name="Show quote: The harbour bridge")).to_have_text("Show quote")
