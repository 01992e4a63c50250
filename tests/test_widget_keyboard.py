"""The widget with the keyboard alone: all controls are reached with Tab, can be used, and show that they have focus."""

from collections.abc import Callable, Iterator

import pytest
from browsing import Visit, needs_chromium, script_tag, visit
from contrast import OUTLINE_CONTRAST
from fake_backend import ANSWER, QUOTE, FakeBackend, turn
from playwright.sync_api import Browser, Route, expect
from widget_states import LAUNCHER, failed, judged, launched, launcher, passage

from rag.feedback_records import FeedbackRequest
from rag.records import MessageStart, PhaseStatus, Question, TextDelta

pytestmark = needs_chromium
INLINE = (
    f'<main><h1>News</h1>{script_tag("", "")}<kilde-chat mode="inline" link-hosts="news.example">'
    "<ul hidden><li>Wie viele?</li></ul></kilde-chat></main>"
)
UNFINISHED = (
    MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question=ANSWER.question),
    PhaseStatus(phase="writing"),
    TextDelta(text="Laut"),
    30.0,
)
FOCUSED = """
() => {
  const at = document.querySelector("kilde-chat").shadowRoot.activeElement;
  return at && (at.ariaLabel || at.labels?.[0]?.textContent || at.textContent);
}
"""
MARKER = "Source 1: The harbour bridge. Show the quoted words"
FURTHER = "Wann wurde die Brücke eröffnet?"
ANSWERED = [
    *("Forget this conversation", "Close", "Questions and answers", MARKER, "The harbour bridge"),
    *("Show quote: The harbour bridge", "Helpful", "Not helpful", "Copy with sources", FURTHER, "Your question", "Ask"),
]
"""What Tab reaches in the open dialog, in this order."""
STEPS = 40


@pytest.fixture
def opened(browser: Browser) -> Iterator[Visit]:
    """The launcher's dialog with one answer in it, reached without a pointer."""
    with visit(browser, reduced_motion="reduce") as page:
        page.host(LAUNCHER)
        page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("Enter")
        page.page.keyboard.type("Wie viele?")
        page.page.keyboard.press("Enter")
        expect(page.page.locator(".actions")).to_be_visible()
        yield page


def names(opened: Visit, key: str = "Tab") -> list[str]:
    """Of all that the key reaches from where the focus is, until it is there again."""
    found: list[str] = []
    while len(found) < STEPS and (len(found) < 2 or found[0] != found[-1]):
        opened.page.keyboard.press(key)
        found.append(opened.page.evaluate(FOCUSED))
    return found[:-1]


def reach(opened: Visit, name: str) -> None:
    for _ in range(STEPS):
        if opened.page.evaluate(FOCUSED) == name:
            return
        opened.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name!r}")


def use(opened: Visit, name: str, key: str = "Enter") -> None:
    reach(opened, name)
    opened.page.keyboard.press(key)


@pytest.mark.parametrize(("key", "order"), [("Tab", ANSWERED), ("Shift+Tab", ANSWERED[::-1])])
def test_tab_reaches_everything_in_the_order_in_which_it_stands(key: str, order: list[str], opened: Visit) -> None:
    reach(opened, order[-1])
    assert names(opened, key) == order


def test_a_quote_is_read_and_left_again(opened: Visit) -> None:
    for name in (MARKER, "Show quote: The harbour bridge"):
        use(opened, name)
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)
        assert names(opened) == ["Open the article", "Close", "The article, with the quoted words marked"]
        use(opened, "Close", "Space")
        expect(opened.page.locator("dialog.passage")).to_be_hidden()
        assert opened.page.evaluate(FOCUSED) == name


def test_the_focus_stays_where_it_was_moved_while_the_article_came(opened: Visit) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    opened.page.route("**/v1/articles/*", hold)
    with opened.page.expect_request("**/v1/articles/*"):
        use(opened, MARKER)
    reach(opened, "Open the article")
    held[0].continue_()
    expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)
    assert opened.page.evaluate(FOCUSED) == "Open the article"


def test_an_article_is_opened(opened: Visit) -> None:
    with opened.page.context.expect_page() as first:
        use(opened, "The harbour bridge")
    first.value.close()
    use(opened, MARKER)
    with opened.page.context.expect_page() as second:
        use(opened, "Open the article")
    second.value.close()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_an_answer_is_judged_with_a_reason(key: str, opened: Visit) -> None:
    use(opened, "Helpful", key)
    expect(opened.page.locator(".state")).to_have_text("Thank you.")
    use(opened, "Not helpful", key)
    expect(opened.page.locator(".details")).to_be_visible()
    use(opened, "It is wrong", "ArrowDown")
    assert opened.page.evaluate(FOCUSED) == "It is out of date"
    reach(opened, "Comment (optional)")
    opened.page.keyboard.type("Seit 2024.")
    use(opened, "Send", key)
    expect(opened.page.locator(".details")).to_be_hidden()
    assert opened.page.evaluate(FOCUSED) == "Not helpful"
    given = [(call.rating, call.reason) for call in opened.backend.calls if isinstance(call, FeedbackRequest)]
    assert given == [("up", None), ("down", None), ("down", "outdated")]


def test_an_answer_is_copied(opened: Visit) -> None:
    use(opened, "Copy with sources")
    expect(opened.page.locator(".state")).to_have_text("Copied.")
    assert QUOTE in opened.page.evaluate("navigator.clipboard.readText()")


def test_what_is_offered_is_asked_and_read_on_from(opened: Visit) -> None:
    use(opened, FURTHER)
    expect(opened.page.locator(".turn")).to_have_count(2)
    expect(opened.page.locator(".turn").last.locator(".actions")).to_be_visible()
    asked = [call.question for call in opened.backend.calls if isinstance(call, Question)]
    assert asked == ["Wie viele?", FURTHER]


def test_the_conversation_is_forgotten_and_the_dialog_closed(opened: Visit) -> None:
    use(opened, "Forget this conversation")
    assert opened.page.evaluate(FOCUSED) == "Keep them"
    assert names(opened) == ["Forget this conversation", "Keep them"]
    opened.page.keyboard.press("Escape")
    assert opened.page.evaluate(FOCUSED) == "Forget this conversation"
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    expect(opened.page.get_by_text("The conversation is forgotten.")).to_be_visible()
    assert opened.page.evaluate(FOCUSED) == "Your question"
    use(opened, "Close")
    expect(opened.page.locator("dialog.panel")).to_be_hidden()
    assert opened.focused() == "launcher"


def test_the_thread_is_scrolled(opened: Visit) -> None:
    opened.page.set_viewport_size({"width": 1000, "height": 500})
    reach(opened, "Questions and answers")
    opened.page.locator(".thread").evaluate("e => { e.scrollTop = 0 }")
    opened.page.keyboard.press("End")
    opened.page.wait_for_function(
        "document.querySelector('kilde-chat').shadowRoot.querySelector('.thread').scrollTop > 0"
    )


def test_an_answer_is_stopped_and_asked_for_again(browser: Browser) -> None:
    with visit(browser, FakeBackend(UNFINISHED)) as page:
        page.host(INLINE)
        use(page, "Wie viele?")
        expect(page.page.locator(".answer")).to_have_text("Laut")
        use(page, "Stop")
        expect(page.page.locator(".turn")).to_contain_text("Stopped.")
        page.backend.script = turn()
        use(page, "Try again")
        expect(page.page.locator(".answer .quote")).to_have_text(QUOTE)
        assert page.focused() == "turn"


def test_after_a_trouble_the_same_is_asked_again(browser: Browser) -> None:
    with visit(browser) as page:
        page.host(INLINE)
        page.page.route("**/v1/chat", lambda route: route.abort("connectionrefused"))
        use(page, "Wie viele?")
        expect(page.page.locator(".problem")).to_be_visible()
        page.page.unroute("**/v1/chat")
        use(page, "Try again", "Space")
        expect(page.page.locator(".answer .quote")).to_have_text(QUOTE)


def example(page: Visit) -> None:
    page.host(INLINE)


def example_judged(page: Visit) -> None:
    example(page)
    page.answered()
    judged(page)


def example_failed(page: Visit) -> None:
    example(page)
    failed(page)


def launched_passage(page: Visit) -> None:
    launched(page)
    passage(page)


LOOKS = """
(e) => {
  const style = getComputedStyle(e.localName === "textarea" && e.closest(".box") || e);
  return [style.outlineStyle, parseFloat(style.outlineWidth), style.boxShadow, style.borderTopColor];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("show", "least"),
    [(launcher, 1), (example, 3), (example_judged, 14), (example_failed, 5), (launched, 12), (launched_passage, 3)],
)
def test_whatever_has_the_focus_shows_it(
    show: Callable[[Visit], None], least: int, scheme: str, browser: Browser
) -> None:
    with visit(browser, reduced_motion="reduce", color_scheme=scheme) as page:
        show(page)
        page.page.add_style_tag(content=":root { color-scheme: light dark } body { background: Canvas }")
        seen = set()
        for _ in range(STEPS):
            page.page.keyboard.press("Tab")
            name = page.page.evaluate(FOCUSED)
            if name is None or name in seen:
                continue
            seen.add(name)
            at = page.page.locator("kilde-chat :focus")
            box = at.bounding_box()
            assert box is not None
            around = {"x": box["x"] - 8, "y": box["y"] - 8, "width": box["width"] + 16, "height": box["height"] + 16}
            focused, look = page.page.screenshot(clip=around), at.evaluate(LOOKS)
            if name != "Your question":  # whose box shows it
                assert (look[0], at.evaluate(OUTLINE_CONTRAST) >= 3) == ("solid", True), name
                assert look[1] >= 2, name
            at.evaluate("e => { e.blur() }")
            assert page.page.screenshot(clip=around) != focused, name
        assert len(seen) >= least, seen
