"""What people write in Slack is answered there: through the real service, over HTTP, in front of a fake Slack."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, SOURCE, TEXT, FakeBackend, turn
from sent_by_slack import send_form
from small_slack import Echo, Service, slack_service

from rag.errors import BusyError
from rag.records import Event, StreamError
from rag.slack.words import words

NOT_FOUND = msgspec.structs.replace(
    ANSWER, status="not_found", text="Nein.", citations=(), sources=(), nearest=(SOURCE,)
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with slack_service(tmp_path, slack_help_group="S1", slack_channel_langs="CNB=nb") as opened:
        yield opened


def test_a_mention_is_answered_in_its_thread_with_sources_and_buttons(service: Service) -> None:
    assert service.mention("Wie viele?", ts="5.1") == 200
    service.slack.wait(lambda slack: slack.messages)
    (posted,) = service.slack.messages
    assert (posted.channel, posted.thread_ts, posted.shown) == ("C1", "5.1", TEXT)
    assert [block["type"] for block in posted.blocks[1:]] == ["context", "context", "actions", "context_actions"]
    assert posted.arguments["unfurl_links"] is False
    assert posted.arguments["unfurl_media"] is False
    assert [question.question for question in service.backend.asked] == ["Wie viele?"]


def test_while_it_searches_the_thread_says_so(service: Service) -> None:
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: slack.messages)
    first = service.slack.called("assistant.threads.setStatus")[0]
    assert first == {"channel_id": "C1", "thread_ts": "5.1", "status": words("de").searching}


def test_a_direct_message_is_answered_in_place(service: Service) -> None:
    service.says({"type": "message", "channel_type": "im", "channel": "D1", "text": "Wie viele?", "ts": "5.1"})
    service.slack.wait(lambda slack: slack.messages)
    (posted,) = service.slack.messages
    assert (posted.channel, posted.thread_ts) == ("D1", None)
    assert not [e for block in posted.of_type("actions") for e in block["elements"] if e["type"] == "button"]


def test_a_reply_in_its_own_thread_needs_no_mention_and_goes_on_with_the_conversation(service: Service) -> None:
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: len(slack.messages) == 1)
    service.says({"type": "message", "text": "Und 2022?", "ts": "6.1", "thread_ts": "5.1", "channel_type": "channel"})
    service.slack.wait(lambda slack: len(slack.messages) == 2)
    assert [question.conversation_id for question in service.backend.asked] == [None, "c1"]
    assert service.slack.messages[1].thread_ts == "5.1"


def test_in_other_peoples_threads_it_keeps_out(service: Service) -> None:
    assert service.says({"type": "message", "text": "Mittag?", "ts": "6.1", "thread_ts": "3.1"}) == 200
    service.mention("Wie viele?", ts="7.1")
    service.slack.wait(lambda slack: slack.messages)
    assert [question.question for question in service.backend.asked] == ["Wie viele?"]


def test_a_conversation_that_was_deleted_begins_anew(service: Service) -> None:
    service.mention("Wie viele?", ts="5.1")
    service.slack.wait(lambda slack: len(slack.messages) == 1)
    service.backend.conversations.clear()
    service.mention("Und 2022?", ts="6.1", thread_ts="5.1")
    service.slack.wait(lambda slack: len(slack.messages) == 2)
    assert service.slack.messages[1].shown == TEXT


def test_a_channel_may_have_a_language(service: Service) -> None:
    service.mention("Wie viele?", channel="CNB")
    service.slack.wait(lambda slack: slack.messages)
    assert service.backend.asked[0].answer_lang == "nb"
    assert words("nb").notice in str(service.slack.messages[0].blocks)


def test_a_mention_without_a_question_is_told_what_can_be_asked(service: Service) -> None:
    service.mention("", ts="5.1")
    service.slack.wait(lambda slack: slack.messages)
    assert "automat" in service.slack.messages[0].text
    assert service.backend.asked == []


def test_a_command_is_answered_to_its_user_alone(service: Service) -> None:
    fields = {"command": "/kilde", "text": "Wie viele?", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
    fields |= {"trigger_id": "1.2", "response_url": service.slack.response_url}
    assert send_form(service.url, fields).status_code == 200
    service.slack.wait(lambda slack: slack.responses)
    assert service.slack.responses[0]["response_type"] == "ephemeral"
    assert service.slack.messages == []


def test_followups_are_offered_in_the_assistants_pane(service: Service) -> None:
    event = {
        "type": "message",
        "channel_type": "im",
        "channel": "D1",
        "text": "Wie viele?",
        "ts": "5.2",
        "thread_ts": "5.1",
    }
    service.says(event)
    service.slack.wait(lambda slack: slack.called("assistant.threads.setSuggestedPrompts"))
    (offered,) = service.slack.called("assistant.threads.setSuggestedPrompts")
    assert [prompt["message"] for prompt in offered["prompts"]] == list(ANSWER.followups)


def test_a_new_thread_there_is_offered_questions_about_the_articles(service: Service) -> None:
    thread = {"user_id": "U1", "channel_id": "D1", "thread_ts": "5.1"}
    service.says({"type": "assistant_thread_started", "assistant_thread": thread})
    service.slack.wait(lambda slack: slack.called("assistant.threads.setSuggestedPrompts"))
    (offered,) = service.slack.called("assistant.threads.setSuggestedPrompts")
    assert "The harbour bridge" in offered["prompts"][0]["message"]
    assert offered["title"] == words("en").ask


@pytest.mark.parametrize("status", ["not_found", "answered"])
def test_in_an_auto_answer_channel_it_speaks_only_where_it_has_an_answer(tmp_path: Path, status: str) -> None:
    answer = NOT_FOUND if status == "not_found" else ANSWER
    with slack_service(tmp_path, Echo, {"answer": answer}, slack_auto_channels="C1") as service:
        service.says({"type": "message", "text": "Wie viele?", "ts": "5.1"})
        service.mention("Wie viele?", ts="6.1", channel="C2")
        service.slack.wait(lambda slack: [one for one in slack.messages if one.channel == "C2"])
        time.sleep(0.2)
        said = [one.thread_ts for one in service.slack.messages if one.channel == "C1"]
    assert said == ([] if status == "not_found" else ["5.1"])
    assert len(service.backend.conversations) == (1 if status == "not_found" else 2)


def test_of_what_it_overheard_in_a_thread_of_its_own_nothing_stays_where_it_is_silent(tmp_path: Path) -> None:
    with slack_service(tmp_path, Echo, slack_auto_channels="C1") as service:
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.messages)
        service.backend.scripted_answer = NOT_FOUND
        service.says({"type": "message", "text": "Mein Geheimnis?", "ts": "6.1", "thread_ts": "5.1"})
        service.mention("Ende?", ts="7.1", channel="C2")
        service.slack.wait(lambda slack: len(slack.messages) == 2)
        time.sleep(0.2)
        stored = str(service.backend.conversations)
    assert [question.earlier for question in service.backend.asked][1] == ("Wie viele?",)
    assert "Wie viele?" in stored
    assert "Geheimnis" not in stored


def test_of_an_overheard_question_that_fails_nothing_stays(tmp_path: Path) -> None:
    script = (*turn()[:-1], RuntimeError("no"))
    with slack_service(tmp_path, FakeBackend, {"script": script}, slack_auto_channels="C1") as service:
        service.says({"type": "message", "text": "Wie viele?", "ts": "5.1"})
        deadline = time.monotonic() + 10
        while service.backend.conversations and time.monotonic() < deadline:
            time.sleep(0.05)
    assert service.backend.conversations == {}
    assert service.slack.messages == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (StreamError(code="busy", message="", retryable=True), "busy"),
        (StreamError(code="internal_error", message="", retryable=False), "failed"),
        (BusyError("later"), "busy"),
        (RuntimeError("Wie viele?"), "failed"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_so(
    tmp_path: Path, failure: Event | Exception, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with slack_service(tmp_path, FakeBackend, {"script": (turn()[0], failure)}) as service:
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.messages)
    assert service.slack.messages[0].blocks[0]["text"]["text"] == getattr(words("de"), said)
    assert "Wie viele" not in caplog.text


def test_what_fails_before_the_answer_has_a_language_is_told_in_the_questions(tmp_path: Path) -> None:
    with slack_service(tmp_path, FakeBackend, {"script": (BusyError("later"),)}) as service:
        service.mention("Wie viele Menschen fahren jeden Tag mit dem Rad über die Brücke?")
        service.slack.wait(lambda slack: slack.messages)
    assert service.slack.messages[0].blocks[0]["text"]["text"] == words("de").busy


def test_a_question_that_is_too_long_is_told_so(tmp_path: Path) -> None:
    refused = StreamError(code="invalid_request", message="", retryable=False)
    with slack_service(tmp_path, FakeBackend, {"script": (refused,)}) as service:
        service.mention("x" * 2001)
        service.slack.wait(lambda slack: slack.messages)
    assert service.slack.messages[0].blocks[0]["text"]["text"] == words("en").too_long


def test_what_people_write_is_in_no_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service.slack.refuse("chat.postMessage", "channel_not_found")
    service.mention("Mein Geheimnis, wie viele?", ts="5.1")
    service.mention("Mein Geheimnis, wie viele?", ts="6.1")
    service.slack.wait(lambda slack: slack.messages)
    assert "Geheimnis" not in caplog.text
    assert "4,200" not in caplog.text
