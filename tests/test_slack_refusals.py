"""What Slack will not take is said in another way: too long, too often, without buttons or without blocks."""

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, SOURCE, TEXT
from sent_by_slack import send_form
from small_slack import Echo, Service, Slow, slack_service

from rag.slack.words import words


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with slack_service(tmp_path, slack_help_group="S1", slack_channel_langs="CNB=nb") as opened:
        yield opened


@pytest.mark.parametrize("backend", [Echo, Slow])
def test_13000_characters_are_delivered_whole(tmp_path: Path, backend: type[Echo]) -> None:
    text = "Die Brücke trägt *jeden* Tag 4200 Radfahrer. " * 289
    answer = msgspec.structs.replace(ANSWER, text=text[:13_000], citations=())
    with slack_service(tmp_path, backend, {"answer": answer}) as service:
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.messages and slack.messages[-1].of_type("context_actions"))
        time.sleep(0.2)
        posted = service.slack.messages
    streamed = posted[0].markdown.replace("\\*", "*")
    assert streamed + "".join(one.shown for one in posted) == answer.text
    assert len(posted) >= 2


def test_a_message_that_slack_finds_too_long_is_sent_in_two(service: Service) -> None:
    service.slack.refuse("chat.postMessage", "msg_blocks_too_long")
    service.mention("Wie viele?")
    service.slack.wait(lambda slack: len(slack.messages) == 2)
    first, second = service.slack.messages
    assert len(first.blocks) + len(second.blocks) == 5


def test_a_workspace_without_the_buttons_gets_text_and_sources(service: Service) -> None:
    service.slack.refuse("chat.postMessage", "invalid_blocks")
    service.mention("Wie viele?")
    service.slack.wait(lambda slack: slack.messages)
    (posted,) = service.slack.messages
    assert [block["type"] for block in posted.blocks] == ["rich_text", "context", "context"]


def test_an_answer_that_cannot_be_posted_at_all_is_not_tried_for_ever(service: Service) -> None:
    service.slack.refuse("chat.postMessage", "channel_not_found", times=2)
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: len(slack.called("chat.postMessage")) == 2)
    service.mention("Und?", ts="6.1")
    service.slack.wait(lambda slack: slack.messages)
    assert [posted.thread_ts for posted in service.slack.messages] == ["6.1"]


def test_an_answer_that_slack_refuses_is_apologised_for_in_the_readers_language(service: Service) -> None:
    service.slack.refuse("chat.postMessage", "restricted_action")
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: slack.messages)
    assert [(posted.text, posted.blocks) for posted in service.slack.messages] == [(words("de").failed, [])]


def test_a_workspace_that_takes_no_blocks_gets_all_of_the_words(tmp_path: Path) -> None:
    text = "Die Brücke trägt jeden Tag 4200 Radfahrer. " * 200
    answer = msgspec.structs.replace(ANSWER, text=text)
    with slack_service(tmp_path, Echo, {"answer": answer}) as service:
        service.slack.refuse("chat.postMessage", "invalid_blocks", times=2)
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.messages and SOURCE.title in slack.messages[-1].text)
        said = [posted.text for posted in service.slack.messages if not posted.blocks]
    assert "".join(said).replace("\n", "").count("4200 Radfahrer.") == 200
    assert max(map(len, said)) <= 3900


@pytest.mark.parametrize(
    "error",
    ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "messaging_processing_failed"],
)
def test_a_failure_of_slacks_own_is_no_refusal(service: Service, error: str) -> None:
    service.slack.refuse("chat.postMessage", error)
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: slack.messages)
    assert [posted.shown for posted in service.slack.messages] == [TEXT]


def test_too_many_calls_are_not_made_however_slack_says_so(service: Service) -> None:
    service.slack.limit_rate("chat.postMessage", retry_after_s=1, status=200)
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: slack.messages)
    assert service.slack.messages[0].shown == TEXT
    assert service.slack.impatient == []


def test_slack_counts_messages_by_channel_and_all_else_by_workspace(service: Service) -> None:
    service.slack.limit_rate("assistant.threads.setStatus", retry_after_s=30)
    service.slack.limit_rate("chat.postMessage", retry_after_s=2)
    began = time.monotonic()
    service.mention("Wie viele?", ts="5.1", channel="C1")
    service.slack.wait(lambda slack: slack.called("chat.postMessage"))
    service.mention("Wie viele?", ts="6.1", channel="C2")
    service.slack.wait(lambda slack: slack.messages)
    assert time.monotonic() - began < 1.5
    assert [posted.channel for posted in service.slack.messages] == ["C2"]
    assert service.slack.impatient == []


def test_a_command_is_answered_although_slack_asks_for_patience_and_fails(service: Service) -> None:
    service.slack.fail_responses(429, 503)
    fields = {"command": "/kilde", "text": "What is in the payload?", "team_id": "T1", "channel_id": "C1"}
    fields |= {"user_id": "U1", "trigger_id": "1.2", "response_url": service.slack.response_url}
    assert send_form(service.url, fields).status_code == 200
    service.slack.wait(lambda slack: slack.responses)
    assert [question.question for question in service.backend.asked] == ["What is in the payload?"]
    (response,) = service.slack.responses
    assert (response["unfurl_links"], response["unfurl_media"]) == (False, False)


def test_a_command_whose_blocks_slack_does_not_take_is_answered_more_plainly(service: Service) -> None:
    service.slack.fail_responses(400)
    fields = {"command": "/kilde", "text": "Wie viele?", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
    fields |= {"trigger_id": "1.2", "response_url": service.slack.response_url}
    assert send_form(service.url, fields).status_code == 200
    service.slack.wait(lambda slack: slack.responses)
    (response,) = service.slack.responses
    kinds = {block["type"] for block in response["blocks"]}
    assert "rich_text" in kinds
    assert kinds.isdisjoint({"actions", "context_actions"})


def test_while_slack_asks_for_patience_that_method_is_not_called(service: Service) -> None:
    service.slack.limit_rate("chat.postMessage", retry_after_s=1)
    for n in range(3):
        service.mention("Wie viele?", ts=f"{n}.1")
    service.slack.wait(lambda slack: len(slack.messages) == 3)
    times = [at for at, method, _ in service.slack.calls if method == "chat.postMessage"]
    limited, *others = times
    early = [at for at in others if limited + 0.1 < at < limited + 0.9]
    assert early == []
    assert max(others) >= limited + 1
