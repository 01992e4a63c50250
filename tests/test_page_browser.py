"""The demo page in a browser: the line to embed is copied as it stands, and works on another page."""

import pytest
from browsing import needs_chromium, visit
from fake_backend import QUOTE
from playwright.sync_api import Browser, expect

pytestmark = needs_chromium
CLOSED = "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"


def test_the_copied_line_puts_a_working_widget_on_another_page(browser: Browser) -> None:
    with visit(browser, sites="YOUR-SITE={origin}") as opened:
        opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened.open()
        line = opened.page.get_by_role("region", name="Code to embed")
        expect(line).to_have_text(
            f'<script type="module" src="{opened.address}/widget/v1/widget.js" data-site-id="YOUR-SITE"></script>'
        )
        opened.page.get_by_role("button", name="Copy", exact=True).press("Enter")
        expect(opened.page.get_by_text("Copied.", exact=True)).to_be_visible()
        copied = opened.page.evaluate("navigator.clipboard.readText()")
        assert copied == line.text_content()
        opened.host(copied, elsewhere=True)
        opened.page.get_by_role("button", name="Ask the articles").click()
        opened.answered()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


def test_where_nothing_can_be_copied_the_page_says_so(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.page.evaluate(CLOSED)
        opened.page.get_by_role("button", name="Copy", exact=True).click()
        expect(opened.page.locator("#copied")).to_have_text("It could not be copied. Please select it.")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_line_stays_on_one_line_and_is_scrolled_with_the_keyboard(width: int, browser: Browser) -> None:
    with visit(browser, viewport={"width": width, "height": 800}) as opened:
        opened.open()
        line = opened.page.get_by_role("region", name="Code to embed")
        line.focus()
        opened.page.keyboard.press("ArrowRight")
        opened.page.wait_for_timeout(500)
        assert line.evaluate("e => e.scrollLeft") > 0
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
