"""An answer is shown in Slack while it is written, at the pace that Slack allows, and whole however a stream ends."""

import itertools
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_backend import TEXT
from small_slack import Slow, slack_service

from rag.records import MessageEnd, Notice


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.slack.streaming.BEGIN_S", 0.1)
    monkeypatch.setattr("rag.slack.streaming.APPEND_S", 0.1)
    monkeypatch.setattr("rag.slack.streaming.APART_S", {"chat.startStream": 0.0, "chat.appendStream": 0.0})


class Changed(Slow):
    """Another text in the end than while it was written."""

    def _script(self, answer: Any) -> tuple[Any, ...]:
        written = msgspec.structs.replace(answer, text="Ich glaube, dass es wohl ungefähr so viele waren.")
        return (*super()._script(written)[:-1], Notice(code="llm_unavailable", message=""), MessageEnd(answer=answer))


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
