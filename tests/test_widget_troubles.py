"""What the widget says when something goes wrong: it says what to do, and trying again works."""

from collections.abc import Callable
from typing import get_args

import pytest
from browsing import Visit, needs_chromium, visit
from fake_backend import QUOTE, FakeBackend, turn
from playwright.sync_api import Browser, Route, expect

from rag.errors import BusyError, InputError
from rag.records import MessageStart, Notice, NoticeCode, StreamError, TextDelta

pytestmark = needs_chromium
START = MessageStart(message_id="m1", conversation_id="c1", lang="en", standalone_question="Wie viele?")
ERROR = '{"error": {"code": "x", "message": "The words of the service."}}'


def refusal(status: int, **headers: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, headers=headers, content_type="application/json", body=ERROR)


def dropped(route: Route) -> None:
    route.abort("connectionrefused")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (dropped, "The service cannot be reached. Please try again in a moment."),
        (refusal(503), "Many readers are asking right now. Please try again in a moment."),
        (refusal(429, **{"Retry-After": "40"}), "That is the limit for now. You can ask again in 40 seconds."),
        (refusal(429, **{"Retry-After": "7200"}), "That is the limit for now. You can ask again in 2 hours."),
        (refusal(429), "That is the limit for now. Please come back later."),
        (refusal(403), "This page may not ask here yet. Whoever runs it can allow that.The words of the service."),
        (refusal(400), "This question cannot be used. Please put it differently.The words of the service."),
        (refusal(500), "Something went wrong on our side. Please try again later."),
        (lambda route: route.fulfill(status=502, body="<h1>Bad gateway"), "Something went wrong on our side."),
        (lambda route: route.fulfill(status=200, body="event: x"), "The connection broke off. Please try again."),
    ],
)
def test_a_refused_question_can_be_asked_again(answer: Callable[[Route], None], words: str, browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.page.route("**/v1/chat", answer)
        opened.ask()
        expect(opened.page.locator(".problem")).to_contain_text(words)
        opened.page.unroute("**/v1/chat")
        opened.page.get_by_role("button", name="Try again").click()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)
        expect(opened.page.locator(".problem")).to_have_count(0)
        expect(opened.page.locator(".turn")).to_have_count(1)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (StreamError(code="x", message="m", retryable=True), "Many readers are asking right now."),
        (StreamError(code="x", message="m", retryable=False), "Something went wrong on our side."),
        (BusyError("busy"), "Many readers are asking right now."),
    ],
)
def test_an_answer_that_breaks_off_says_so_below_what_came(
    step: StreamError | Exception, words: str, browser: Browser
) -> None:
    with visit(browser, FakeBackend((START, TextDelta(text="It carries"), step))) as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".problem")).to_contain_text(words)
        expect(opened.page.locator(".answer")).to_have_text("It carries")
        expect(opened.page.locator(".phase")).to_have_count(0)
        opened.backend.script = turn()
        opened.page.get_by_role("button", name="Try again").click()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


def test_offline_is_told_at_once_and_goes_away_with_the_connection(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.page.context.set_offline(True)
        told = opened.page.locator(".ask").get_by_text("You are offline. Connect to the internet, then try again.")
        expect(told).to_be_visible()
        opened.ask()
        expect(opened.page.locator(".problem")).to_contain_text("You are offline.")
        expect(told).to_be_hidden()  # once is enough
        opened.page.context.set_offline(False)
        expect(told).to_be_hidden()
        opened.page.get_by_role("button", name="Try again").click()
        expect(opened.page.locator(".answer .quote")).to_have_text(QUOTE)


def test_an_article_that_cannot_be_read_leaves_the_quote(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/v1/articles/a1", dropped)
        opened.page.locator(".marker").click()
        expect(opened.page.locator(".passage .notice")).to_contain_text("cannot be reached")
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(404), "The article is no longer there."),
        (refusal(403), "This page may not ask here yet. Whoever runs it can allow that."),
        (refusal(429, **{"Retry-After": "40"}), "That is the limit for now. You can ask again in 40 seconds."),
        (refusal(400), "Something went wrong on our side. Please try again later."),
        (lambda route: route.fulfill(status=200, body="<h1>"), "Something went wrong on our side."),
    ],
)
def test_an_article_that_is_refused_says_why(answer: Callable[[Route], None], words: str, browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/v1/articles/a1", answer)
        opened.page.locator(".marker").click()
        expect(opened.page.locator(".passage .notice")).to_contain_text(words)
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)


def test_an_article_that_has_changed_is_told(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/v1/articles/a1", lambda route: route.fulfill(json={"text": "Something else."}))
        opened.page.locator(".marker").click()
        expect(opened.page.locator(".passage")).to_contain_text("The article has changed since this answer.")
        expect(opened.page.locator(".passage mark")).to_have_text(QUOTE)


def test_a_judgement_that_did_not_arrive_is_taken_back(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/feedback", dropped)
        opened.page.get_by_role("button", name="Helpful", exact=True).click()
        expect(opened.page.locator(".state")).to_have_text("That did not work. Please try again.")
        expect(opened.page.get_by_role("button", name="Helpful", exact=True)).to_have_attribute("aria-pressed", "false")


def test_a_judgement_that_was_explained_stays_so_when_taking_it_back_did_not_arrive(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        thumb = opened.page.get_by_role("button", name="Not helpful")
        thumb.click()
        opened.page.get_by_role("button", name="Send").click()
        expect(opened.page.locator(".state")).to_have_text("Thank you.")
        opened.page.route("**/feedback", dropped)
        thumb.click()
        expect(opened.page.locator(".state")).to_have_text("That did not work. Please try again.")
        expect(thumb).to_have_attribute("aria-pressed", "true")
        expect(opened.page.locator(".details")).to_be_hidden()


def test_a_conversation_that_could_not_be_forgotten_stays(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/v1/conversations/c1", dropped)
        opened.forget()
        expect(opened.page.locator(".thread > .notice")).to_contain_text("cannot be reached")
        expect(opened.page.locator(".turn")).to_have_count(1)


def test_a_conversation_that_cannot_be_read_now_is_in_nobodys_way(browser: Browser) -> None:
    with visit(browser) as opened:
        opened.open()
        opened.answered()
        opened.page.route("**/v1/conversations/c1", dropped)
        opened.open("/?another")
        opened.answered()


QUOTES_ONLY = "La réponse n'est faite que de citations."
NOTICED: dict[NoticeCode, str] = {
    "llm_unavailable": QUOTES_ONLY,
    "llm_unsupported": QUOTES_ONLY,
    "llm_silent": QUOTES_ONLY,
    "llm_wrong_language": QUOTES_ONLY,
    "llm_interrupted": "La réponse s'est interrompue ; des citations la complètent.",
    "sentence_left_out": "Une phrase que les articles n'étayent pas a été omise.",
    "answer_shortened": "La réponse était plus longue ; en voici le début.",
}


def test_whatever_is_said_of_an_answer_is_said_in_the_readers_language(browser: Browser) -> None:
    assert {*NOTICED} == {*get_args(NoticeCode)}
    noticed = [Notice(code=code, message="In English.") for code in NOTICED]
    with visit(browser, FakeBackend((turn()[0], *noticed, *turn()[1:])), locale="fr-FR") as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".turn > .notice")).to_have_text(list(NOTICED.values()))


def test_a_refusal_before_the_first_event_is_no_stream(browser: Browser) -> None:
    with visit(browser, FakeBackend((InputError("Too long.", "question"),))) as opened:
        opened.open()
        opened.ask()
        expect(opened.page.locator(".problem .about")).to_have_text("Too long.")


def test_two_questions_at_once_leave_one_answer(browser: Browser) -> None:
    def fill(opened: Visit) -> None:
        opened.page.evaluate("() => { const c = document.querySelector('kilde-chat'); c.ask('a'); c.ask('b') }")

    with visit(browser) as opened:
        opened.open()
        fill(opened)
        expect(opened.page.locator(".actions")).to_have_count(1)
        expect(opened.page.locator(".turn").first).to_contain_text("Stopped.")
