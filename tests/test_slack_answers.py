"""What people write in Slack is answered there: through the real service, over HTTP, in front of a fake Slack."""

import itertools
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest
from fake_backend import ANSWER, SOURCE, TEXT, FakeBackend, turn
from fake_slack import send_form
from small_slack import Echo, Service, slack_service

from rag.errors import BusyError
from rag.records import Event, MessageEnd, Notice, StreamError, TextDelta
from rag.slack.words import words

NOT_FOUND = msgspec.structs.replace(
    ANSWER, status="not_found", text="Nein.", citations=(), sources=(), nearest=(SOURCE,)
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with slack_service(tmp_path, slack_help_group="S1", slack_channel_langs="CNB=nb") as opened:
        yield opened


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.slack.streaming.BEGIN_S", 0.1)
    monkeypatch.setattr("rag.slack.streaming.APPEND_S", 0.1)
    monkeypatch.setattr("rag.slack.streaming.APART_S", {"chat.startStream": 0.0, "chat.appendStream": 0.0})


class Slow(Echo):
    """Writes its text in four pieces, with a pause before each."""

    def _script(self, answer: Any) -> tuple[Any, ...]:
        first, *_, last = turn(answer)
        part = len(answer.text) // 4
        ends = [part, 2 * part, 3 * part, len(answer.text)]
        pieces = [answer.text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        return (first, *(TextDelta(text=piece) for piece in pieces), last)

    async def events(self, question: Any) -> Any:
        async for event in super().events(question):
            if isinstance(event, TextDelta):
                await anyio.sleep(0.2)
            yield event


class Changed(Slow):
    """Another text in the end than while it was written."""

    def _script(self, answer: Any) -> tuple[Any, ...]:
        written = msgspec.structs.replace(answer, text="Ich glaube, dass es wohl ungefähr so viele waren.")
        return (*super()._script(written)[:-1], Notice(code="llm_unavailable", message=""), MessageEnd(answer=answer))


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


def test_an_answer_that_takes_its_time_is_shown_while_it_is_written(tmp_path: Path) -> None:
    with slack_service(tmp_path, Slow) as service:
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.called("chat.stopStream"))
        (posted,) = service.slack.messages
        (started,) = service.slack.called("chat.startStream")
    assert (started["recipient_team_id"], started["recipient_user_id"]) == ("T1", "U1")
    assert service.slack.called("chat.postMessage") == []
    assert posted.markdown == TEXT.replace("[1]", "\\[1\\]")
    assert [block["type"] for block in posted.blocks] == ["context", "context", "actions", "context_actions"]
    assert not posted.is_streaming


@pytest.mark.parametrize("error", ["unknown_method", "channel_type_not_supported"])
def test_where_streaming_is_not_allowed_it_is_one_message(tmp_path: Path, error: str) -> None:
    with slack_service(tmp_path, Slow) as service:
        service.slack.refuse("chat.startStream", error, times=9)
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.messages)
    assert [posted.shown for posted in service.slack.messages] == [TEXT]


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
def test_a_stream_that_breaks_off_becomes_the_whole_answer(tmp_path: Path, method: str) -> None:
    with slack_service(tmp_path, Slow) as service:
        service.slack.refuse(method, "message_not_in_streaming_state")
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.called("chat.update"))
        (posted,) = service.slack.messages
    assert (posted.shown, posted.markdown, posted.edits) == (TEXT, "", 1)


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
def test_a_stream_whose_reply_is_lost_is_still_one_message(tmp_path: Path, method: str) -> None:
    with slack_service(tmp_path, Slow) as service:
        service.slack.lose_reply(method)
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.called("chat.update"))
        (posted,) = service.slack.messages
    assert (posted.shown, posted.is_streaming) == (TEXT, False)


def test_a_stream_that_slack_will_not_end_is_ended_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.slack.deliveries.PUT_OFF_S", 0.1)
    with slack_service(tmp_path, Slow) as service:
        service.slack.refuse("chat.stopStream", "internal_error", times=2)
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.called("chat.update"))
        (posted,) = service.slack.messages
    assert (posted.shown, posted.is_streaming) == (TEXT, False)


def test_a_text_that_turned_out_differently_is_replaced(tmp_path: Path) -> None:
    with slack_service(tmp_path, Changed) as service:
        service.mention("Wie viele?")
        service.slack.wait(lambda slack: slack.called("chat.update"))
        (posted,) = service.slack.messages
    assert posted.shown == TEXT


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


@pytest.mark.parametrize("method", ["assistant.threads.setStatus", "chat.startStream", "chat.appendStream"])
def test_an_answer_does_not_wait_for_what_only_adorns_it(tmp_path: Path, method: str) -> None:
    with slack_service(tmp_path, Slow) as service:
        service.slack.limit_rate(method, retry_after_s=30)
        began = time.monotonic()
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.messages and not slack.messages[0].is_streaming)
        assert time.monotonic() - began < 8
    (posted,) = service.slack.messages
    assert posted.markdown.replace("\\", "").replace("\u2060", "") == TEXT or posted.shown == TEXT
    assert service.slack.impatient == []


def test_all_streams_together_keep_one_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.slack.streaming.APART_S", {"chat.startStream": 0.3, "chat.appendStream": 0.3})
    with slack_service(tmp_path, Slow) as service:
        for n in range(4):
            service.mention("Wie viele?", ts=f"{n}.1")
        service.slack.wait(lambda slack: len([one for one in slack.messages if not one.is_streaming]) == 4)
        for method in ("chat.startStream", "chat.appendStream"):
            times = [at for at, called, _ in service.slack.calls if called == method]
            assert max(times) - min(times) > 0.3 * (len(times) - 1) - 0.1
            gaps = [after - before for before, after in itertools.pairwise(sorted(times))]
            assert sum(gap <= 0.2 for gap in gaps) <= 1  # one may be long on its way


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
