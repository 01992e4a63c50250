"""A browser at a service with scripted answers.

In: a browser, a backend. Out: a page and what happened on it: requests, dialogs, errors. Everything is closed when the
block ends. Tests that use it carry ``needs_chromium``.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fake_backend import FakeBackend
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from widget_site import widget_site

from rag.api.stores import Stores

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
PATIENCE_MS = 10_000
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One page in a context of its own."""

    def __init__(self, page: Page, address: str, backend: FakeBackend, pages: dict[str, tuple[str, str]]) -> None:
        self.page = page
        self.address = address
        self.backend = backend
        self.pages = pages
        self.requested: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.set_default_timeout(PATIENCE_MS)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("kilde-chat[ready]", state="attached")

    def host(self, body: str, *, lang: str = "en", policy: str = "", elsewhere: bool = False) -> None:
        """Opens a page of a publisher: on the service's own origin, or on another one."""
        html = f'<!doctype html><html lang="{lang}"><title>Host</title><body>{body}</body></html>'
        self.pages["/host.html"] = (html, policy)
        self.page.goto(f"{self.elsewhere if elsewhere else self.address}/host.html")
        self.page.wait_for_selector("kilde-chat[ready]", state="attached")

    @property
    def elsewhere(self) -> str:
        """An origin other than the service's."""
        return self.address.replace("127.0.0.1", "localhost")

    @property
    def field(self) -> Locator:
        return self.page.locator(".ask textarea")

    def ask(self, question: str = "Wie viele Radfahrer trägt die Brücke?") -> None:
        self.field.fill(question)
        self.field.press("Enter")

    def answered(self, question: str = "Wie viele Radfahrer trägt die Brücke?") -> None:
        """Asks, and waits for the whole answer."""
        self.ask(question)
        expect(self.page.locator(".turn").last.locator(".actions")).to_be_visible()

    def forget(self) -> None:
        """Presses the bin, and says yes; in any language."""
        self.page.locator(".chat > header button").first.click()
        self.page.locator(".ask-again .sure").click()

    def change(self, attribute: str, value: str) -> None:
        """Sets an attribute of the widget."""
        change = "([name, value]) => document.querySelector('kilde-chat').setAttribute(name, value)"
        self.page.evaluate(change, [attribute, value])

    def focused(self) -> Any:
        """The class, or else the name, of the element inside the widget that has the focus."""
        return self.page.evaluate(
            "(() => { const at = document.querySelector('kilde-chat').shadowRoot.activeElement;"
            " return at && (at.className || at.localName) })()"
        )


@contextmanager
def visit(
    browser: Browser,
    backend: FakeBackend | None = None,
    *,
    sites: str | None = None,
    stores: Stores | None = None,
    **context: Any,
) -> Iterator[Visit]:
    backend = backend or FakeBackend()
    pages: dict[str, tuple[str, str]] = {}
    with widget_site(backend, pages, sites=sites, stores=stores) as address:
        opened = browser.new_context(**{"locale": "en-US", **context})
        try:
            yield Visit(opened.new_page(), address, backend, pages)
        finally:
            opened.close()


def script_tag(address: str, attributes: str = 'data-site-id="press"') -> str:
    return f'<script type="module" src="{address}/widget/v1/widget.js" {attributes}></script>'
