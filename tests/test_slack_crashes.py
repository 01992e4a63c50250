"""What a crash, a lost reply or an outage of Slack breaks off is answered all the same, and once."""

import itertools
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from fake_backend import ANSWER, QUOTE, TEXT
from fake_slack import BOT_TOKEN, ME, FakeSlack
from sent_by_slack import answered, mention
from small_slack import Echo, slack_service, slack_settings

from rag.slack.asked import asked_in_event
from rag.slack.bot import Bot, Limits
from rag.slack.calls import SlackCalls
from rag.slack.configuration import configuration
from rag.slack.deliveries import ATTEMPTS, Deliveries
from rag.slack.identity import Me
from rag.slack.naming import Names
from rag.slack.posting import TRIES
from rag.slack.streaming import Pace, Stream
from rag.slack.turn import IN_WORDS
from rag.tables import open_tables

WHO = Me(user_id=ME["user_id"], team_id=ME["team_id"])


def test_an_answer_at_which_slack_fails_again_and_again_is_said_without_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in (("posting", "PAUSE_S"), ("deliveries", "PUT_OFF_S"), ("deliveries", "LONGEST_PUT_OFF_S")):
        monkeypatch.setattr(f"rag.slack.{module}.{name}", 0.01)
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        backend = Echo(settings=settings)
        slack.refuse("chat.postMessage", "internal_error", times=TRIES * IN_WORDS)

        async def ask() -> None:
            limits = Limits(held_s=0.1)
            async with Bot(configuration(settings), backend, settings.conversations_url, limits=limits) as bot:
                await bot.handle(mention(slack, 1))
                await anyio.to_thread.run_sync(lambda: slack.wait(lambda slack: slack.messages))

        anyio.run(ask)
    (posted,) = slack.messages
    assert (posted.blocks, len(backend.asked)) == ([], 1)
    assert QUOTE in posted.text


def test_acknowledged_questions_outlive_an_outage_of_slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (("posting", "PAUSE_S"), ("deliveries", "PUT_OFF_S"), ("deliveries", "LONGEST_PUT_OFF_S")):
        monkeypatch.setattr(f"rag.slack.{module}.{name}", 0.01)
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        config = configuration(settings)
        backend = Echo(settings=settings)

        async def outage() -> None:
            async with Bot(config, backend, settings.conversations_url, limits=Limits(held_s=0.1)) as bot:
                await bot.me()
                slack.is_down = True
                for ts in ("1.1", "1.2"):
                    event = {"type": "app_mention", "text": "<@UKILDE> Wie viele?", "ts": ts, "thread_ts": "1.1"}
                    await bot.handle(slack.event(event))
                await anyio.to_thread.run_sync(
                    lambda: slack.wait(lambda slack: len(slack.called("conversations.replies")) > ATTEMPTS + 2)
                )
                slack.is_down = False
                await anyio.to_thread.run_sync(lambda: slack.wait(lambda slack: len(slack.messages) == 2))

        anyio.run(outage)
    posted = [one.metadata["event_payload"]["event"] for one in slack.messages if one.metadata]
    assert posted == ["T1:C1:1.1", "T1:C1:1.2"]


def test_what_a_crash_broke_off_is_answered_after_the_restart(tmp_path: Path, url: str) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path, database_url=url)
        config = configuration(settings)
        backend = Echo(settings=settings)

        async def crash() -> None:
            """A process that has claimed, and died before it answered."""
            asked = asked_in_event(mention(slack, 1), config, WHO)
            assert asked is not None
            engine = open_tables(settings.conversations_url)
            Deliveries(engine, Names(BOT_TOKEN), held_s=0.2).claim([asked])
            engine.dispose()

        async def restart() -> None:
            async with Bot(config, backend, settings.conversations_url, limits=Limits(held_s=0.3)):
                await anyio.to_thread.run_sync(lambda: slack.wait(lambda slack: slack.messages))

        anyio.run(crash)
        anyio.run(restart)
        assert answered(slack) == ["1.1"]
        anyio.run(lambda: _idle(config, backend, settings.conversations_url))
        assert answered(slack) == ["1.1"]


async def _idle(config: Any, backend: Any, url: str) -> None:
    async with Bot(config, backend, url, limits=Limits(held_s=0.1)):
        await anyio.sleep(0.3)


async def _asked_first(slack: FakeSlack, backend: Echo, seconds: float) -> None:
    """A process that gets the first question, and lives as long."""
    config, url = configuration(backend.settings), backend.settings.conversations_url
    async with Bot(config, backend, url, limits=Limits(held_s=0.2)) as bot:
        await bot.handle(mention(slack, 1))
        await anyio.sleep(seconds)


def killed_when_done(slack: FakeSlack, backend: Echo, monkeypatch: pytest.MonkeyPatch, seconds: float) -> int:
    """How often the process died before it could note down that a question is done."""
    deaths = itertools.count()

    def die(self: Deliveries, key: str) -> None:
        next(deaths)
        raise ConnectionError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Deliveries, "done", die)
        anyio.run(_asked_first, slack, backend, seconds)
    return next(deaths)


def test_an_answer_that_was_posted_just_before_the_crash_is_not_posted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        backend = Echo(settings=settings)
        assert killed_when_done(slack, backend, monkeypatch, 0.3) > 0
        anyio.run(_asked_first, slack, backend, 0.6)
    assert answered(slack) == ["1.1"]
    assert slack.messages[0].shown == TEXT
    assert len(backend.asked) == 1


def test_a_post_whose_reply_is_lost_is_not_repeated(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        service.slack.lose_reply("chat.postMessage")
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.called("chat.update"))
    assert answered(service.slack) == ["5.1"]


def test_a_streamed_answer_that_a_crash_left_behind_is_completed_in_place(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        config = configuration(settings)
        asked = asked_in_event(mention(slack, 1), config, WHO)
        assert asked is not None
        engine = open_tables(settings.conversations_url)
        died = Deliveries(engine, Names(BOT_TOKEN))
        died.claim([asked])
        headers = {"Authorization": f"Bearer {config.bot_token}"}
        begun = {"channel": "C1", "thread_ts": "1.1", "recipient_user_id": "U1", "recipient_team_id": "T1"}
        half = httpx.post(
            f"{slack.url}chat.startStream", json=begun | {"markdown_text": "Laut"}, headers=headers
        ).json()
        died.keep_stream(asked.key, half["ts"])
        died.release()
        engine.dispose()

        async def restart() -> None:
            async with Bot(config, Echo(settings=settings), settings.conversations_url):
                await anyio.to_thread.run_sync(lambda: slack.wait(lambda slack: slack.called("chat.update")))

        anyio.run(restart)
    (posted,) = slack.messages
    assert (posted.shown, posted.is_streaming) == (TEXT, False)


def test_what_an_attempt_that_broke_off_posted_too_much_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        backend = Echo(settings=settings, answer=msgspec.structs.replace(ANSWER, text="Ein Satz. " * 1500))
        assert killed_when_done(slack, backend, monkeypatch, 0.4) > 0
        assert len(slack.messages) > 1
        backend.scripted_answer = ANSWER
        backend.conversations.clear()
        anyio.run(_asked_first, slack, backend, 0.8)
    assert [posted.shown for posted in slack.messages] == [TEXT]


def test_a_stream_that_began_when_the_question_was_anothers_already_is_withdrawn(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        asked = asked_in_event(mention(slack, 1), configuration(settings), WHO)
        assert asked is not None
        held = iter([True, False])

        async def hold(ts: str | None) -> bool:
            return next(held)

        async def begin() -> bool:
            async with SlackCalls(BOT_TOKEN, slack.url) as calls:
                stream = Stream(calls, asked, hold, Pace())
                await stream.write("Laut")
                await anyio.sleep(0.4)
                await stream.write(" der Zeitung")
                return stream.has_begun

        assert anyio.run(begin) is False
    assert slack.called("chat.startStream")
    assert slack.messages == []
