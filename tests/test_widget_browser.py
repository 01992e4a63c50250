"""The widget in a browser: asking, reading on, judging, stopping, and coming back."""

import time
from collections.abc import Iterator

import msgspec
import pytest
from browsing import Visit, needs_chromium, visit
from fake_backend import ANSWER, ARTICLE_TEXT, CITATION, QUOTE, TEXT, FakeBackend, turn
from playwright.sync_api import Browser, expect

from rag.feedback_records import FeedbackRequest
from rag.records import CitationReady, MessageStart, PhaseStatus, Question, TextDelta, TextRange

pytestmark = needs_chromium
START = MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question=ANSWER.question)
UNFINISHED = (START, PhaseStatus(phase="writing"), TextDelta(text="Die Brücke öffnete 1931. Sie trägt"), 30.0)


@pytest.fixture
def demo(browser: Browser) -> Iterator[Visit]:
    with visit(browser) as opened:
        opened.open()
        yield opened
        assert opened.errors == []
        assert opened.dialogs == []


def test_an_answer_shows_its_quote_and_numbered_source(demo: Visit) -> None:
    demo.answered()
    expect(demo.page.locator(".answer")).to_have_text(TEXT.replace("[1]", "1"))
    quote = demo.page.locator(".answer .quote")
    expect(quote).to_have_text(QUOTE)
    assert (quote.get_attribute("lang"), quote.get_attribute("dir")) == ("en", "ltr")
    assert demo.page.locator(".answer").get_attribute("lang") == "de"
    expect(demo.page.get_by_role("button", name="Source 1: The harbour bridge. Show the quoted words")).to_be_visible()
    expect(demo.page.locator(".sources li")).to_contain_text("English · December 2022 · also in Dutch")


def test_a_marker_opens_the_passage_with_the_quote_marked_and_gives_the_focus_back(demo: Visit) -> None:
    demo.answered()
    demo.page.locator(".marker").press("Enter")
    panel = demo.page.get_by_role("dialog", name="The harbour bridge")
    expect(panel.locator("mark")).to_have_text(QUOTE)
    expect(panel.locator("p").filter(has=demo.page.locator("mark"))).to_have_text(
        "The harbour bridge opened in May 1931. It carries 4,200 cyclists a day."
    )
    expect(panel.locator("header")).to_contain_text("English · December 2022")
    assert demo.focused() == "text"
    demo.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert demo.focused() == "marker"


@pytest.mark.parametrize(("hosts", "link"), [("news.example", CITATION.source.url), ("other.example", None)])
def test_the_article_is_linked_with_its_text_fragment_where_its_host_is_allowed(
    browser: Browser, hosts: str, link: str | None
) -> None:
    with visit(browser) as opened:
        opened.host(
            f'<script type="module" src="/widget/v1/widget.js"></script>'
            f'<kilde-chat mode="inline" link-hosts="{hosts}"></kilde-chat>'
        )
        opened.answered()
        opened.page.get_by_role("button", name="Show quote").click()
        links = opened.page.locator("kilde-chat a").all()
        assert {found.get_attribute("href") for found in links} == ({link} if link else set())
        assert {found.get_attribute("rel") for found in links} == ({"noopener"} if link else set())


def test_a_suggestion_is_asked(demo: Visit) -> None:
    demo.answered()
    demo.page.get_by_role("button", name="Wann wurde die Brücke eröffnet?").click()
    expect(demo.page.locator(".turn")).to_have_count(2)
    expect(demo.page.locator(".turn").last.locator(".asked")).to_have_text("Wann wurde die Brücke eröffnet?")
    expect(demo.page.locator(".turn").last.locator(".actions")).to_be_visible()
    asked = [call for call in demo.backend.calls if isinstance(call, Question)]
    assert [question.conversation_id for question in asked] == [None, "c1"]


def test_text_and_citations_are_shown_as_they_come(browser: Browser) -> None:
    script = (START, TextDelta(text=TEXT), CitationReady(citation=CITATION), 30.0)
    with visit(browser, FakeBackend(script)) as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".marker")).to_have_text("1")
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)
        expect(opened.page.locator(".phase")).to_be_visible()


def test_a_sentence_of_a_language_model_is_no_quote_but_leads_to_it(browser: Browser) -> None:
    written = "Die Brücke trägt jeden Tag 4.200 Radfahrer."
    cited = msgspec.structs.replace(
        CITATION, answer=TextRange(start=0, end=len(written)), highlight=TextRange(start=11, end=25)
    )
    answer = msgspec.structs.replace(ANSWER, composer="llm", text=f"{written} [1]", citations=(cited,))
    with visit(browser, FakeBackend(answer=answer)) as opened:
        opened.open()
        opened.answered()
        expect(opened.page.locator(".answer")).to_have_text(f"{written} 1")
        expect(opened.page.locator(".answer :is(q, strong, [lang])")).to_have_count(0)
        opened.page.locator(".marker").click()
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)


def test_enter_while_an_answer_runs_does_not_stop_it(browser: Browser) -> None:
    with visit(browser, FakeBackend(UNFINISHED)) as opened:
        opened.open()
        opened.ask()
        opened.field.press("Enter")
        expect(opened.page.locator(".answer")).to_contain_text("Sie trägt")
        opened.field.press("Enter")
        expect(opened.page.locator(".phase")).to_be_visible()
        assert [url for url in opened.requested if url.endswith("/stop")] == []


def test_a_question_asked_while_an_answer_runs_takes_its_turn(browser: Browser) -> None:
    with visit(browser, FakeBackend(UNFINISHED)) as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".answer")).to_contain_text("Sie trägt")
        opened.backend.script = turn()
        opened.ask("Und die Katzen?")
        expect(opened.page.locator(".turn").first).to_contain_text("Stopped.")
        expect(opened.page.locator(".turn").last.locator(".answer .quote")).to_have_text(QUOTE)


@pytest.mark.parametrize("sign", ["isComposing: true", "keyCode: 229"])
def test_the_enter_that_accepts_a_suggested_word_does_not_ask(demo: Visit, sign: str) -> None:
    demo.field.fill("じてんしゃ")
    demo.field.evaluate(f"e => e.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', {sign}, bubbles: true}}))")
    expect(demo.page.locator(".turn")).to_have_count(0)
    assert demo.field.input_value() == "じてんしゃ"


def test_stopping_keeps_what_came_tells_the_service_and_offers_to_try_again(browser: Browser) -> None:
    with visit(browser, FakeBackend(UNFINISHED)) as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".answer")).to_contain_text("Sie trägt")
        with opened.page.expect_request("**/v1/messages/m1/stop") as stopped:
            opened.page.get_by_role("button", name="Stop").click()
        assert stopped.value.method == "POST"
        expect(opened.page.locator(".turn")).to_contain_text("Stopped.")
        expect(opened.page.locator(".answer")).to_contain_text("Sie trägt")
        opened.backend.script = turn()
        opened.page.get_by_role("button", name="Try again").click()
        expect(opened.page.locator(".answer")).to_contain_text(QUOTE)
        expect(opened.page.locator(".turn")).to_have_count(1)


def test_a_press_on_stop_counts_though_words_come_before_it_is_let_go(browser: Browser) -> None:
    words = (step for _ in range(50) for step in (TextDelta(text=" mehr"), 0.2))
    with visit(browser, FakeBackend((START, *words))) as opened:
        opened.open()
        opened.ask()
        answer = opened.page.locator(".answer")
        expect(answer).to_contain_text("mehr")
        opened.page.get_by_role("button", name="Stop").hover()
        opened.page.mouse.down()
        expect(answer).not_to_have_text(answer.text_content() or "")
        opened.page.mouse.up()
        expect(opened.page.locator(".turn")).to_contain_text("Stopped.")


def test_a_conversation_lasts_over_page_changes_until_it_is_forgotten(demo: Visit) -> None:
    demo.answered()
    demo.open("/?another")
    expect(demo.page.locator(".asked")).to_have_text(ANSWER.question)
    expect(demo.page.locator(".answer .quote")).to_have_text(QUOTE)
    demo.forget()
    expect(demo.page.get_by_text("The conversation is forgotten.")).to_be_visible()
    assert demo.backend.conversations == {}
    demo.open("/?again")
    expect(demo.page.locator(".turn")).to_have_count(0)


def test_a_stopped_turn_says_so_on_the_next_page_and_can_be_asked_again(demo: Visit) -> None:
    empty = msgspec.structs.replace(ANSWER, text="", citations=(), sources=(), followups=(), stopped=True)
    demo.answered()
    demo.backend.conversations["c1"] = (empty,)
    demo.open("/?another")
    expect(demo.page.locator(".turn > .notice")).to_contain_text("Stopped.")
    expect(demo.page.locator(".actions")).to_have_count(0)
    demo.page.get_by_role("button", name="Try again").click()
    expect(demo.page.locator(".answer .quote")).to_have_text(QUOTE)
    expect(demo.page.locator(".turn")).to_have_count(1)


def test_a_judgement_is_shown_on_the_next_page_until_the_conversation_is_forgotten(demo: Visit) -> None:
    demo.answered()
    demo.page.get_by_role("button", name="Helpful", exact=True).click()
    expect(demo.page.locator(".state")).to_have_text("Thank you.")
    demo.open("/?another")
    expect(demo.page.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")
    demo.forget()
    expect(demo.page.locator(".turn")).to_have_count(0)
    assert demo.page.evaluate("Object.keys(sessionStorage)") == []


def test_a_judgement_that_is_under_way_is_shown_on_the_next_page(demo: Visit) -> None:
    demo.answered()
    demo.page.route("**/feedback", lambda route: None)
    demo.page.get_by_role("button", name="Helpful", exact=True).click()
    demo.open("/?another")
    expect(demo.page.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "true")


def test_asking_on_the_next_page_keeps_the_turns_before(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        before = opened.backend.conversations["c1"]
        opened.backend.conversations["c1"] = (msgspec.structs.replace(before[0], message_id="m0", question="Zuerst?"),)
        opened.page.route("**/v1/conversations/c1", lambda route: (time.sleep(0.5), route.continue_()))
        opened.open("/?another")
        opened.answered("Und dann?")
        expect(opened.page.locator(".asked")).to_have_text(["Zuerst?", "Und dann?"])


def test_a_conversation_that_the_service_has_forgotten_begins_anew(demo: Visit) -> None:
    demo.answered()
    demo.backend.conversations.clear()
    demo.answered("Und die Katzen?")
    asked = [call for call in demo.backend.calls if isinstance(call, Question)]
    assert [question.conversation_id for question in asked] == [None, None]
    demo.errors.clear()  # the browser notes the 404


def test_an_answer_is_copied_with_its_sources(demo: Visit) -> None:
    demo.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    demo.answered()
    demo.page.get_by_role("button", name="Copy with sources").click()
    expect(demo.page.locator(".state")).to_have_text("Copied.")
    copied = demo.page.evaluate("navigator.clipboard.readText()")
    assert copied == (
        f"{TEXT}\n\n[1] The harbour bridge · English · December 2022 · "
        "https://news.example/bridge#:~:text=It%20carries,a%20day."
    )


def test_an_answer_is_copied_over_plain_http_too(demo: Visit) -> None:
    demo.page.context.grant_permissions(["clipboard-read"])
    demo.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})")
    demo.answered()
    demo.page.get_by_role("button", name="Copy with sources").click()
    expect(demo.page.locator(".state")).to_have_text("Copied.")
    demo.page.evaluate("delete navigator.clipboard")
    assert demo.page.evaluate("navigator.clipboard.readText()").startswith(TEXT)


def test_show_quote_marks_all_quotes_of_its_source_and_a_number_its_own(browser: Browser) -> None:
    first = "The harbour bridge opened in May 1931."
    text = f"{TEXT} Auch: “{first}” [1]"
    start = text.index(first)
    at = ARTICLE_TEXT.index(first)
    source = msgspec.structs.replace(CITATION.source, start=at, end=at + len(first))
    other = msgspec.structs.replace(
        CITATION, answer=TextRange(start=start, end=start + len(first)), source=source, quote=first
    )
    answer = msgspec.structs.replace(ANSWER, text=text, citations=(CITATION, other))
    with visit(browser, FakeBackend(answer=answer)) as opened:
        opened.open()
        opened.answered()
        for press, marked in ((".sources .quiet", [first, QUOTE]), (".marker >> nth=1", [first])):
            opened.page.locator(press).click()
            expect(opened.page.locator(".passage mark")).to_have_text(marked)
            opened.page.keyboard.press("Escape")


def test_nothing_of_a_long_paste_is_cut_off_and_it_is_not_asked(demo: Visit) -> None:
    demo.field.fill("🌉" * 2001)
    expect(
        demo.page.get_by_text("That is too long: 2,000 characters are the most, and these are 2,001.")
    ).to_be_visible()
    assert demo.field.get_attribute("aria-invalid") == "true"
    demo.field.press("Enter")
    expect(demo.page.locator(".turn")).to_have_count(0)
    demo.field.fill("🌉" * 2000)
    expect(demo.page.locator("#too-long")).to_be_empty()
    demo.field.press("Enter")
    expect(demo.page.locator(".turn")).to_have_count(1)


def test_a_thumb_down_takes_a_reason_and_a_comment(demo: Visit) -> None:
    demo.answered()
    demo.page.get_by_role("button", name="Not helpful").click()
    expect(demo.page.locator(".state")).to_be_empty()
    demo.page.get_by_label("It is out of date").check()
    demo.page.get_by_label("Comment (optional)").fill("Seit 2024 sind es mehr.")
    demo.page.get_by_role("button", name="Send").click()
    expect(demo.page.get_by_label("Comment (optional)")).to_be_hidden()
    expect(demo.page.locator(".state")).to_have_text("Thank you.")
    given = [call for call in demo.backend.calls if isinstance(call, FeedbackRequest)]
    assert [(call.rating, call.reason, call.comment) for call in given] == [
        ("down", None, ""),
        ("down", "outdated", "Seit 2024 sind es mehr."),
    ]


def test_a_second_press_takes_a_judgement_back(demo: Visit) -> None:
    demo.answered()
    thumb = demo.page.get_by_role("button", name="Helpful", exact=True)
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "false")
    expect(demo.page.locator(".state")).to_have_text("Taken back.")
    given = [call.rating for call in demo.backend.calls if isinstance(call, FeedbackRequest)]
    assert given == ["up", None]


def test_the_page_is_told_what_happens(browser: Browser) -> None:
    names = ["open", "query-submit", "answer-completed", "source-click", "feedback-submit", "close"]
    with visit(browser) as opened:
        opened.host(
            '<script type="module" src="/widget/v1/widget.js" data-site-id="" data-link-hosts="news.example"></script>'
        )
        opened.page.evaluate(
            "names => { window.told = []; for (const name of names)"
            " document.addEventListener(`kilde:${name}`, (e) => told.push([name, e.detail])) }",
            names,
        )
        opened.page.get_by_role("button", name="Ask the articles").click()
        opened.answered("Wie viele?")
        with opened.page.context.expect_page():
            opened.page.get_by_role("link", name="The harbour bridge").click()
        opened.page.bring_to_front()
        opened.page.get_by_role("button", name="Helpful", exact=True).click()
        expect(opened.page.locator(".state")).to_have_text("Thank you.")
        opened.page.get_by_role("button", name="Close").click()
        expect(opened.page.locator("dialog.panel")).to_be_hidden()
        opened.page.wait_for_function("count => told.length >= count", arg=len(names))  # Dialogs tell it a task later.
        told = opened.page.evaluate("window.told")
    assert [name for name, _ in told] == names
    details = dict(told)
    assert details["query-submit"] == {"question": "Wie viele?"}
    assert details["answer-completed"] == {
        "message_id": "m1",
        "conversation_id": "c1",
        "status": "answered",
        "lang": "de",
    }
    assert details["source-click"] == {"article_id": "a1", "url": CITATION.source.url}
    assert details["feedback-submit"] == {"message_id": "m1", "rating": "up"}
