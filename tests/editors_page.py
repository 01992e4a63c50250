"""The editors' page in a browser, over a service with a FakeBackend on a free port of this machine.

In: a browser, a backend. Out: a page and what happened on it: requests and errors. Everything is closed when the block
ends. Tests that use it carry ``needs_chromium``; axe-core lies where npm puts it below ``tests/browser``.
"""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fake_backend import FakeBackend
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rag.api.app import build_app

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="needs axe-core: npm install --prefix tests/browser --no-package-lock"
)
PATIENCE_MS = 20_000
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def open_browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Editor:
    """Somebody at the page, in a tab of their own."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.requested: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.set_default_timeout(PATIENCE_MS)

    def enter(self, key: str = "let-me-in", page: str = "") -> None:
        self.page.goto(f"{self.address}/admin{page}")
        self.page.get_by_label("Admin key").fill(key)
        self.page.keyboard.press("Enter")

    def open(self, link: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=link).click()

    def violations(self) -> list[str]:
        """What axe-core finds on the page as it is."""
        self.page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        found: list[dict[str, Any]] = self.page.evaluate(
            f"axe.run(document, {{runOnly: {_RULES}}}).then((result) => result.violations)"
        )
        return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]

    def overflows(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@contextmanager
def editor(browser: Browser, backend: FakeBackend, **context: Any) -> Iterator[Editor]:
    with _service(backend) as address:
        opened = browser.new_context(**{"locale": "en-GB", "accept_downloads": True, **context})
        try:
            yield Editor(opened.new_page(), address)
        finally:
            opened.close()


@contextmanager
def _service(backend: FakeBackend) -> Iterator[str]:
    config = uvicorn.Config(build_app(backend), log_config=None, ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
