"""The widget on a publisher's page: one script tag, any origin, a strict policy, the page's language and colours."""

import pytest
from browsing import Visit, needs_chromium, script_tag, visit
from fake_backend import ANSWER, QUOTE, FakeBackend
from playwright.sync_api import Browser, expect
from widget_states import failed

from rag.records import MessageStart, TextDelta

pytestmark = needs_chromium
START = MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question=ANSWER.question)
UNFINISHED = (START, TextDelta(text="Laut"), 30.0)
LAUNCHER = script_tag("")
INLINE = f'{script_tag("", "")}<kilde-chat mode="inline"></kilde-chat>'


def test_one_tag_on_a_page_of_another_origin_under_a_strict_policy_is_enough(browser: Browser) -> None:
    with visit(browser, sites="press={origin}") as opened:
        service = opened.address
        policy = f"default-src 'none'; script-src {service}; connect-src {service}; require-trusted-types-for 'script'"
        opened.host(script_tag(service), policy=policy, elsewhere=True)
        with opened.page.expect_request("**/v1/chat") as asked:
            opened.page.get_by_role("button", name="Ask the articles").click()
            opened.answered()
        assert asked.value.headers["x-kilde-site"] == "press"
        assert "cookie" not in asked.value.headers
        opened.page.locator(".marker").click()
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)
        assert opened.page.locator(".send").evaluate("e => getComputedStyle(e).borderRadius") == "50%"
        assert opened.errors == []
        assert {url for url in opened.requested if not url.startswith(service)} == {f"{opened.elsewhere}/host.html"}


@pytest.mark.parametrize(
    ("sites", "told"),
    [(None, "There is no site 'press'"), ("press=https://press.example", "is no origin of the site 'press'")],
)
def test_a_page_that_may_not_ask_is_told_who_can_allow_it(sites: str | None, told: str, browser: Browser) -> None:
    with visit(browser, sites=sites) as opened:
        opened.host(script_tag(opened.address), elsewhere=True)
        opened.page.get_by_role("button", name="Ask the articles").click()
        opened.ask()
        problem = opened.page.locator(".problem")
        expect(problem).to_contain_text("This page may not ask here yet. Whoever runs it can allow that.")
        expect(problem.locator(".about")).to_contain_text(told)
        expect(problem.locator(".about")).to_contain_text("KILDE_SITES")


def test_without_a_site_id_the_header_is_left_out(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        with opened.page.expect_request("**/v1/chat") as asked:
            opened.answered()
        assert "x-kilde-site" not in asked.value.headers


def test_a_script_tag_that_can_show_nothing_says_what_it_lacks(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.pages["/bare.html"] = (f"<!doctype html><title>Host</title>{script_tag('', '')}", "")
        with opened.page.expect_console_message() as said:
            opened.page.goto(f"{opened.address}/bare.html")
        assert said.value.type == "error"
        assert 'data-site-id="…"' in said.value.text
        opened.host(INLINE)
        assert opened.errors == [said.value.text]


def test_a_page_with_the_element_gets_no_launcher_besides(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER + '<kilde-chat mode="inline"></kilde-chat>')
        expect(opened.page.locator("kilde-chat")).to_have_count(1)
        expect(opened.page.locator(".launcher")).to_have_count(0)


def open_launcher(opened: Visit) -> None:
    opened.page.get_by_role("button", name="Ask the articles").press("Enter")
    expect(opened.page.locator("dialog.panel")).to_be_visible()


def test_the_launcher_opens_a_dialog_with_the_focus_in_its_field(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        assert opened.focused() == "textarea"
        expect(opened.page.get_by_role("dialog", name="Ask the articles")).to_be_visible()


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_tab_stays_inside_the_dialog(key: str, browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host('<a href="#out">Outside</a>' + LAUNCHER)
        open_launcher(opened)
        opened.answered()
        seen = set()
        for _ in range(20):
            opened.page.keyboard.press(key)
            assert opened.page.evaluate("document.activeElement.localName") == "kilde-chat"
            seen.add(opened.focused())
        assert {"textarea", "bare", "marker", "quiet", "send"} <= seen


def test_escape_closes_what_is_on_top_and_gives_the_focus_back(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        opened.answered()
        opened.page.locator(".marker").press("Enter")
        expect(opened.page.locator("dialog.passage")).to_be_visible()
        opened.page.keyboard.press("Escape")
        expect(opened.page.locator("dialog.passage")).to_be_hidden()
        expect(opened.page.locator("dialog.panel")).to_be_visible()
        assert opened.focused() == "marker"
        opened.page.keyboard.press("Escape")
        expect(opened.page.locator("dialog.panel")).to_be_hidden()
        assert opened.focused() == "launcher"


def test_a_press_beside_the_dialog_closes_it(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        opened.page.mouse.click(20, 20)
        expect(opened.page.locator("dialog.panel")).to_be_hidden()


def test_the_conversation_is_there_again_in_the_launcher_of_the_next_page(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        opened.answered()
        opened.host(LAUNCHER)
        open_launcher(opened)
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


@pytest.mark.parametrize(
    ("attribute", "page", "reader", "words", "direction"),
    [
        ("de", "fr", "en-US", "Fragen Sie die Artikel", "ltr"),
        ("auto", "fr", "en-US", "Interrogez les articles", "ltr"),
        ("", "ar", "en-US", "اسأل المقالات", "rtl"),
        ("auto", "cy", "he-IL", "שאלו את הכתבות", "rtl"),
        ("", "cy", "el-GR", "Ask the articles", "ltr"),
    ],
)
def test_its_language_is_that_of_the_attribute_the_page_or_the_browser(
    attribute: str, page: str, reader: str, words: str, direction: str, browser: Browser
) -> None:
    with visit(browser, locale=reader) as opened:
        opened.host(script_tag("", f'data-site-id="press" data-lang="{attribute}"'), lang=page)
        expect(opened.page.locator(".launcher").first).to_have_text(words)
        assert opened.page.locator(".surface").get_attribute("dir") == direction


def test_the_language_can_change_while_an_answer_is_there(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.get_by_label("Try it in").select_option("nl")
        expect(opened.page.get_by_role("button", name="Citaat tonen")).to_be_visible()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


def test_a_new_heading_leaves_the_open_dialog_and_the_running_answer_alone(browser: Browser) -> None:
    with visit(browser, FakeBackend(UNFINISHED)) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        opened.ask()
        expect(opened.page.locator(".answer")).to_have_text("Laut")
        opened.change("heading", "Ask us")
        opened.change("lang", "en")
        expect(opened.page.get_by_role("dialog", name="Ask us")).to_be_visible()
        expect(opened.page.locator(".phase")).to_be_visible()
        assert [url for url in opened.requested if url.endswith("/stop")] == []


def test_a_new_language_leaves_the_dialog_open_and_its_answer_coming(browser: Browser) -> None:
    with visit(browser, FakeBackend((START, TextDelta(text="Laut"), 2.0, TextDelta(text=" ihr"), 30.0))) as opened:
        opened.host(LAUNCHER)
        open_launcher(opened)
        opened.ask("Wie viele?")
        opened.field.fill("Und dann?")
        expect(opened.page.locator(".answer")).to_have_text("Laut")
        opened.change("lang", "de")
        expect(opened.page.get_by_role("dialog", name="Fragen Sie die Artikel")).to_be_visible()
        expect(opened.page.locator(".asked")).to_have_text("Wie viele?")
        assert opened.field.input_value() == "Und dann?"
        expect(opened.page.locator(".answer")).to_have_text("Laut ihr")
        opened.page.get_by_role("button", name="Anhalten").click()
        expect(opened.page.locator(".turn")).to_contain_text("Angehalten.")


def test_a_draft_that_is_too_long_is_told_in_a_new_language_too(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(INLINE)
        opened.field.fill("x" * 2001)
        opened.change("lang", "nl")
        expect(opened.page.locator("#too-long")).to_have_text(
            "Dat is te lang: hoogstens 2.000 tekens, dit zijn er 2.001."
        )
        assert len(opened.field.input_value()) == 2001


@pytest.mark.parametrize(("attribute", "value"), [("lang", "de"), ("mode", "page"), ("site-id", "another")])
def test_what_failed_stays_with_its_question_whatever_changes(attribute: str, value: str, browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(INLINE)
        failed(opened)
        opened.page.unroute("**/v1/chat")
        opened.change(attribute, value)
        expect(opened.page.locator(f".surface{'.as-page' if value == 'page' else ''}")).to_be_visible()
        expect(opened.page.locator(".asked")).to_have_text(ANSWER.question)
        opened.page.locator(".problem button").click()
        expect(opened.page.locator(".problem")).to_have_count(0)
        expect(opened.page.locator(".turn")).to_have_count(1)


def test_it_follows_the_language_of_the_page_until_it_has_one_of_its_own(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(LAUNCHER, lang="fr")
        for page, words in (("de", "Fragen Sie die Artikel"), ("nl", "Vraag het de artikelen")):
            opened.page.evaluate(f"document.documentElement.lang = '{page}'")
            expect(opened.page.locator(".launcher")).to_have_text(words)
        opened.change("lang", "en")
        expect(opened.page.locator(".launcher")).to_have_text("Ask the articles")
        opened.page.evaluate("document.documentElement.lang = 'de'")
        opened.page.wait_for_timeout(200)
        expect(opened.page.locator(".launcher")).to_have_text("Ask the articles")


def test_where_a_language_cannot_be_loaded_its_words_are_english_and_say_so(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.page.route("**/strings/ar.js", lambda route: route.abort("connectionrefused"))
        opened.host(script_tag(""), lang="ar")
        expect(opened.page.locator(".launcher")).to_have_text("Ask the articles")
        surface = opened.page.locator(".surface")
        assert (surface.get_attribute("lang"), surface.get_attribute("dir")) == ("en", "ltr")


def test_it_says_that_an_ai_answers_before_the_first_message_and_its_log_is_a_log(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(INLINE)
        expect(opened.page.get_by_text("Answers are put together by an AI system")).to_be_visible()
        expect(opened.page.get_by_role("textbox", name="Your question")).to_be_visible()
        assert opened.page.locator("[role=log]").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize(
    ("theme", "page", "paper"),
    [
        ("", "normal", "rgb(250, 248, 244)"),
        ("auto", "light dark", "rgb(21, 23, 25)"),
        ("light", "light dark", "rgb(250, 248, 244)"),
        ("dark", "normal", "rgb(21, 23, 25)"),
    ],
)
def test_its_colours_follow_the_attribute_or_else_the_page(theme: str, page: str, paper: str, browser: Browser) -> None:
    with visit(browser, color_scheme="dark") as opened:
        opened.host(
            f"<style>:root {{ color-scheme: {page} }}</style>" + INLINE.replace("mode=", f'theme="{theme}" mode=')
        )
        assert opened.page.locator(".chat").evaluate("e => getComputedStyle(e).backgroundColor") == paper


def test_the_page_sets_colours_and_parts_and_nothing_else_reaches_in(browser: Browser) -> None:
    css = (
        "html { font-size: 62.5% } p, button { color: red !important; letter-spacing: 9px }"
        " kilde-chat { --kilde-accent: rgb(1, 2, 3) } kilde-chat::part(send) { border-radius: 3px }"
    )
    with visit(browser) as opened:
        opened.host(f"<style>{css}</style>{INLINE}")
        style = opened.page.locator(".send").evaluate(
            "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderRadius, s.color] }"
        )
        assert style == ["rgb(1, 2, 3)", "3px", "rgb(255, 255, 255)"]
        plain = opened.page.locator("#disclosure").evaluate(
            "e => [getComputedStyle(e).letterSpacing, getComputedStyle(e).fontSize]"
        )
        assert plain == ["normal", "13.26px"]


def test_list_items_in_the_element_are_questions_to_begin_with(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.host(INLINE.replace("</kilde-chat>", '<ul hidden><li lang="de">Wie viele?</li></ul></kilde-chat>'))
        example = opened.page.get_by_role("button", name="Wie viele?")
        assert example.get_attribute("lang") == "de"
        example.click()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


def test_a_page_may_ask_before_the_widget_is_there(browser: Browser) -> None:
    ask = (
        "<script type='module'>await customElements.whenDefined('kilde-chat');"
        "document.querySelector('kilde-chat').ask('Wie viele?')</script>"
    )
    with visit(browser) as opened:
        opened.host(f"{script_tag('')}{ask}", lang="de")
        expect(opened.page.locator("dialog.panel .answer .quote")).to_have_text(QUOTE)


def test_it_works_where_the_page_may_store_nothing(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.page.add_init_script(
            "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no') } })"
        )
        opened.open()
        opened.answered()
        opened.answered()
        asked = [getattr(call, "conversation_id", None) for call in opened.backend.calls]
        assert asked == [None, "c1"]
