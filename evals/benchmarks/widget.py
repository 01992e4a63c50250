"""``python -m evals.benchmarks.widget [--url URL]``: how soon the widget is there, and whether it moves the page.

In: the address of a service; without it, one over the sample articles is started, which takes a while. Out: a Markdown
table, then machine and versions: for the demo page, an article with a launcher, and one with the box inside of it (as
the embedding guide has it), each opened with an empty cache in a browser context of its own, the time from the page's
load to a widget that can be used, and the layout shift until a second later; the weight of what one reader loads. A
missed goal is marked and is no error.
"""

import argparse
import gzip
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Route, sync_playwright

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment
from evals.benchmarks.table import Row, at_most, markdown
from rag.api.widget import widget_modules

OPENINGS = 20
ARTICLE = (
    '<!doctype html><html lang="de"><meta name="viewport" content="width=device-width"><title>Article</title>'
    "<h1>A page</h1>{}<p>An article.</p></html>"
)
SCRIPT = '<script type="module" src="/widget/v1/widget.js" data-site-id=""></script>'
EMBEDDED = {
    "/launcher.html": ARTICLE.format(SCRIPT),
    "/inline.html": ARTICLE.format(
        f"{SCRIPT}<style>kilde-chat {{ display: block; min-height: min(40rem, 90vh); }}</style>"
        '<kilde-chat mode="inline"><ul hidden><li lang="de">Wie viele?</li></ul></kilde-chat>'
    ),
}
PAGES = {"the demo page": "/", "an article with a launcher": "/launcher.html", "an article with a box": "/inline.html"}
WATCH = """
window.seen = {ready: null, shift: 0};
new MutationObserver((_, watching) => {
  if (!document.querySelector("kilde-chat[ready]")) return;
  window.seen.ready = performance.now();
  watching.disconnect();
}).observe(document, {subtree: true, childList: true, attributes: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
READ = (
    "() => { const load = performance.getEntriesByType('navigation')[0].loadEventEnd;"
    " return [window.seen.ready - load, window.seen.ready, window.seen.shift] }"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running service; default: one is started")
    url = parser.parse_args().url
    if url:
        print(markdown([*_browser_rows(url), *_weights()]))
    else:
        with _served() as url:
            print(markdown([*_browser_rows(url), *_weights()]))
    print(f"\n{describe()}")


def _browser_rows(url: str) -> Iterator[Row]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        for name, path in PAGES.items():
            for width in (1280, 390):
                yield from _opened(browser, url, path, width, f"{name}, {width} px")
        browser.close()


def _opened(browser: Browser, url: str, path: str, width: int, name: str) -> Iterator[Row]:
    seen = [_open(browser, url + path, width) for _ in range(OPENINGS)]
    after_load, after_start, shifts = zip(*seen, strict=True)
    yield at_most(f"{name}: ready after load, worst of {OPENINGS}", max(0.0, *after_load), 150, "ms")
    yield Row("ready after the request for the page, median", f"{statistics.median(after_start):.0f} ms")
    yield Row("layout shift, worst", f"{max(shifts):.4f}", "0", max(shifts) == 0)


def _open(browser: Browser, address: str, width: int) -> tuple[float, float, float]:
    """Milliseconds after load and after the start, and the layout shift."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.route("**/*.html", _embed)
    page.goto(address)
    page.wait_for_function("window.seen.ready !== null")
    page.wait_for_timeout(1000)
    after_load, after_start, shift = page.evaluate(READ)
    context.close()
    return after_load, after_start, shift


def _embed(route: Route) -> None:
    route.fulfill(body=EMBEDDED[urlsplit(route.request.url).path], content_type="text/html")


def _weights() -> Iterator[Row]:
    weights = {name: len(gzip.compress(content, 9)) / 1024 for name, content in widget_modules().items()}
    strings = {name: kilobytes for name, kilobytes in weights.items() if name.startswith("strings/")}
    code = sum(weights.values()) - sum(strings.values())
    most = code + strings["strings/en.js"] + max(strings.values())
    yield at_most("what one reader loads, gzipped, in the heaviest language", most, 40, "KB")
    yield Row(f"all files with all {len(strings)} languages", f"{sum(weights.values()):.1f} KB")


@contextmanager
def _served() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        command = [KILDE, "serve", "--host", "127.0.0.1", "--port", "0", "--ingest", str(ARTICLES)]
        environment = kilde_environment(Path(folder))
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield next(line.split()[4] for line in process.stdout if line.startswith("Kilde is ready at "))
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
