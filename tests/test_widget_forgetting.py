"""Forgetting in the widget while the first answer is being made: it is said once it is so, and nothing is stored."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browsing import Visit, needs_chromium, script_tag, visit
from playwright.sync_api import Browser, Route, expect
from small_answering import ASKED, FACT, found
from stored_turns import StoredTurns

pytestmark = [needs_chromium, pytest.mark.usefixtures("by_late_interaction_alone")]
FORGOTTEN = "The conversation is forgotten."
KEPT = "sessionStorage.length"


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Visit]:
    """On a site's page, over a service that finds nothing before it is let."""
    backend = StoredTurns(f"sqlite:///{tmp_path}/turns.db", found(FACT))
    with visit(browser, backend, sites="press={origin}", stores=backend.stores) as page:
        page.host(script_tag(page.address), elsewhere=True)
        page.page.get_by_role("button", name="Ask the articles").click()
        yield page
        backend.search_now.may_find.set()
        backend.may_begin.set()
    backend.close()


def turns(opened: Visit) -> StoredTurns:
    assert isinstance(opened.backend, StoredTurns)
    return opened.backend


def begin(opened: Visit) -> None:
    """The browser has the id, and the service searches."""
    opened.ask(ASKED)
    opened.page.wait_for_function(KEPT)


def wait(opened: Visit, holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        opened.page.wait_for_timeout(20)
    raise AssertionError("it did not come to be")


def test_an_answer_that_is_stored_is_erased(opened: Visit) -> None:
    turns(opened).search_now.may_find.set()
    opened.answered(ASKED)
    wait(opened, lambda: turns(opened).rows() == (1, 1))
    opened.forget()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    assert turns(opened).rows() == (0, 0)


def test_a_first_answer_that_is_being_made_is_not_stored(opened: Visit) -> None:
    begin(opened)
    opened.forget()
    opened.page.wait_for_timeout(200)
    expect(opened.page.get_by_text(FORGOTTEN)).to_have_count(0)
    turns(opened).search_now.may_find.set()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    expect(opened.page.locator(".turn")).to_have_count(0)
    assert (turns(opened).rows(), turns(opened).ended) == ((0, 0), 1)
    assert opened.page.evaluate(KEPT) == 0


def test_a_first_answer_that_has_no_id_yet_is_not_stored(opened: Visit) -> None:
    turns(opened).may_begin.clear()
    turns(opened).search_now.may_find.set()
    opened.ask(ASKED)
    expect(opened.page.locator(".turn")).to_be_visible()
    opened.forget()
    opened.page.wait_for_timeout(200)
    expect(opened.page.get_by_text(FORGOTTEN)).to_have_count(0)
    turns(opened).may_begin.set()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    assert (turns(opened).rows(), turns(opened).ended) == ((0, 0), 1)
    assert opened.page.evaluate(KEPT) == 0


def test_a_first_answer_that_was_stopped_before_it_had_an_id_is_not_stored(opened: Visit) -> None:
    turns(opened).may_begin.clear()
    turns(opened).search_now.may_find.set()
    opened.ask(ASKED)
    opened.page.get_by_role("button", name="Stop").click()
    expect(opened.page.locator(".turn")).to_contain_text("Stopped.")
    opened.forget()
    turns(opened).may_begin.set()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    assert (turns(opened).rows(), turns(opened).ended) == ((0, 0), 1)


def test_a_question_after_one_that_was_stopped_without_an_id_goes_on_in_its_conversation(opened: Visit) -> None:
    turns(opened).may_begin.clear()
    opened.ask(ASKED)
    opened.ask(ASKED + "?")
    turns(opened).search_now.may_find.set()
    turns(opened).may_begin.set()
    expect(opened.page.locator(".actions")).to_be_visible()
    assert turns(opened).rows()[0] == 1
    opened.forget()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    assert turns(opened).rows() == (0, 0)


def test_where_another_process_makes_the_answer_it_is_erased_once_it_is_stored(opened: Visit) -> None:
    refused: list[str] = []

    def as_another_process(route: Route) -> None:
        refused.append(route.request.method)
        if len(refused) == 1:
            route.fulfill(status=404, json={"error": {}}, headers={"access-control-allow-origin": "*"})
        else:
            route.continue_()

    opened.page.route("**/v1/conversations/*", as_another_process)
    begin(opened)
    opened.forget()
    wait(opened, lambda: refused == ["DELETE"])
    turns(opened).search_now.may_find.set()
    expect(opened.page.get_by_text(FORGOTTEN)).to_be_visible()
    assert refused == ["DELETE", "DELETE"]
    assert turns(opened).rows() == (0, 0)


def test_where_the_connection_breaks_before_there_is_an_id_nothing_is_said_to_be_forgotten(opened: Visit) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    opened.page.route("**/v1/chat", hold)
    opened.ask(ASKED)
    wait(opened, lambda: bool(held))
    opened.forget()
    held[0].abort("connectionreset")
    expect(opened.page.locator(".thread > .notice")).to_have_text(
        "The service cannot be reached. Please try again in a moment."
    )
    expect(opened.page.locator(".turn")).to_have_count(1)


def test_what_is_asked_after_forgetting_begins_anew(opened: Visit) -> None:
    begin(opened)
    opened.forget()
    opened.ask(ASKED)
    turns(opened).search_now.may_find.set()
    expect(opened.page.locator(".actions")).to_be_visible()
    expect(opened.page.locator(".turn")).to_have_count(1)
    wait(opened, lambda: turns(opened).rows() == (1, 1))


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [("lang", "de", "Das Gespräch ist vergessen."), ("mode", "inline", FORGOTTEN)],
)
def test_what_is_forgotten_while_the_widget_changes_is_gone_and_said_to_be(
    attribute: str, value: str, told: str, opened: Visit
) -> None:
    begin(opened)
    opened.forget()
    opened.change(attribute, value)
    opened.page.wait_for_timeout(200)
    turns(opened).search_now.may_find.set()
    expect(opened.page.locator(".thread > .notice")).to_have_text(told)
    expect(opened.page.locator(".turn")).to_have_count(0)
    assert turns(opened).rows() == (0, 0)


def test_what_is_asked_while_the_widget_changes_waits_until_all_is_forgotten(opened: Visit) -> None:
    begin(opened)
    opened.forget()
    opened.change("lang", "de")
    opened.page.wait_for_timeout(200)
    opened.ask(ASKED + "?")
    turns(opened).search_now.may_find.set()
    expect(opened.page.locator(".actions")).to_be_visible()
    expect(opened.page.locator(".asked")).to_have_text([ASKED + "?"])
    wait(opened, lambda: turns(opened).rows() == (1, 1))


def test_what_cannot_be_brought_back_is_asked_for_twice(opened: Visit) -> None:
    turns(opened).search_now.may_find.set()
    opened.answered(ASKED)
    opened.page.get_by_role("button", name="Forget this conversation").click()
    asked = opened.page.get_by_role(
        "dialog", name="Forget all questions and answers here? They cannot be brought back."
    )
    expect(asked).to_be_visible()
    assert opened.focused() == "quiet"
    opened.page.keyboard.press("Enter")
    expect(asked).to_be_hidden()
    assert opened.focused() == "bare"
    wait(opened, lambda: turns(opened).rows() == (1, 1))
    expect(opened.page.locator(".turn")).to_have_count(1)
