"""What readers can have before them: states of the widget that more than one test looks at.

In: a visit; but for those of the launcher, at a widget that is in sight. Out: nothing, once the state is in sight.
"""

from browsing import Visit, script_tag
from playwright.sync_api import expect

HOSTS = 'data-site-id="" data-link-hosts="news.example"'
LAUNCHER = f"<main><h1>News</h1><p>An article.</p></main>{script_tag('', HOSTS)}"


def launcher(opened: Visit) -> None:
    opened.host(LAUNCHER)


def launched(opened: Visit) -> None:
    """The launcher's dialog with an answer in it."""
    launcher(opened)
    opened.page.locator("button.launcher").click()
    opened.answered()


def failed(opened: Visit) -> None:
    """A question that did not reach the service."""
    opened.page.route("**/v1/chat", lambda route: route.abort("connectionrefused"))
    opened.ask()
    expect(opened.page.locator(".problem")).to_be_visible()


def passage(opened: Visit) -> None:
    """Of an answer that is in sight."""
    opened.page.locator(".marker").click()
    expect(opened.page.locator(".passage mark")).to_be_visible()


def judged(opened: Visit) -> None:
    """An answer with a thumb down, and asked why."""
    opened.page.get_by_role("button").and_(opened.page.locator("[aria-pressed]")).last.click()
    expect(opened.page.locator(".details")).to_be_visible()
    expect(opened.page.locator("[aria-pressed=true]")).to_have_count(1)
