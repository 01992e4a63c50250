"""Every event is answered exactly once: over retries, lost replies, crashes, restarts and two processes."""

import itertools
import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec
import pytest
from fake_backend import ANSWER, QUOTE, TEXT
from fake_slack import BOT_TOKEN, ME, FakeSlack, send_event, signed
from small_slack import Echo, serving, slack_service, slack_settings

from rag.api.app import build_app
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
from rag.slack.words import words
from rag.tables import open_tables

WHO = Me(user_id=ME["user_id"], team_id=ME["team_id"])


def mention(slack: FakeSlack, n: int) -> dict[str, Any]:
    return slack.event(
        {"type": "app_mention", "text": f"<@UKILDE> Question {n}?", "ts": f"{n}.1", "channel": f"C{n % 7}"}, f"Ev{n}"
    )


def answered(slack: FakeSlack) -> list[str]:
    return [str(posted.thread_ts) for posted in slack.messages]


def test_an_event_is_acknowledged_while_its_answer_takes_long(tmp_path: Path) -> None:
    with slack_service(tmp_path, Echo, {"pause_s": 2.0}) as service:
        service.mention("Erste?", ts="1.1")
        began = time.monotonic()
        assert service.mention("Wie viele?", ts="2.1") == 200
        assert time.monotonic() - began < 1.0
        assert service.slack.messages == []
        service.slack.wait(lambda slack: len(slack.messages) == 2)


def test_retries_are_acknowledged_and_answered_once(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        body = mention(service.slack, 1)
        statuses = [send_event(service.url, body, retry=retry).status_code for retry in range(4)]
        service.slack.wait(lambda slack: slack.messages)
        statuses.append(send_event(service.url, body, retry=3).status_code)
        time.sleep(0.3)
    assert statuses == [200] * 5
    assert answered(service.slack) == ["1.1"]


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


def test_an_edited_mention_that_slack_sends_as_a_new_event_is_answered_once(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.messages)
        assert service.edits("Wie viele Räder?", ts="5.1") == 200
        service.mention("Und?", ts="6.1")
        service.slack.wait(lambda slack: len(slack.messages) == 2)
        time.sleep(0.2)
    assert answered(service.slack) == ["5.1", "6.1"]


def test_a_follow_up_is_answered_while_the_first_answer_is_being_made(tmp_path: Path) -> None:
    with slack_service(tmp_path, Echo, {"pause_s": 0.5}) as service:
        service.mention("Wie viele?", ts="5.1")
        service.says({"type": "message", "text": "Und 2022?", "ts": "6.1", "thread_ts": "5.1"})
        service.slack.wait(lambda slack: len(slack.messages) == 2)
    assert [question.question for question in service.backend.asked] == ["Wie viele?", "Und 2022?"]


def test_a_follow_up_to_a_bare_mention_is_answered(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        service.mention("", ts="5.1")
        service.slack.wait(lambda slack: slack.messages)
        service.says({"type": "message", "text": "Wie viele?", "ts": "6.1", "thread_ts": "5.1"})
        service.slack.wait(lambda slack: len(slack.messages) == 2)
    assert service.slack.messages[1].shown == TEXT


def test_two_processes_answer_the_messages_of_one_thread_in_their_order(tmp_path: Path, url: str) -> None:
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack())
        settings = slack_settings(slack, tmp_path, database_url=url)
        backends = [Echo(settings=settings, pause_s=0.2) for _ in range(2)]
        urls = [stack.enter_context(serving(build_app(backend))) for backend in backends]
        for n in range(6):
            event = {"type": "app_mention", "text": f"<@UKILDE> Frage {n}?", "ts": f"5.{n}", "thread_ts": "5.0"}
            assert send_event(urls[n % 2], slack.event(event)).status_code == 200
        slack.wait(lambda slack: len(slack.messages) == 6, timeout_s=40)
        time.sleep(0.2)
    posted = [one.metadata["event_payload"]["event"] for one in slack.messages if one.metadata]
    assert posted == [f"T1:C1:5.{n}" for n in range(6)]


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


def test_two_processes_answer_each_event_once_whoever_gets_it(tmp_path: Path, url: str) -> None:
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack())
        settings = slack_settings(slack, tmp_path, database_url=url)
        urls = [stack.enter_context(serving(build_app(Echo(settings=settings)))) for _ in range(2)]
        deliveries = [(one, mention(slack, n)) for n in range(30) for one in (*urls, *urls)]
        workers = [
            threading.Thread(target=lambda part: [send_event(*one) for one in part], args=(deliveries[start::8],))
            for start in range(8)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        slack.wait(lambda slack: len(slack.messages) >= 30)
        time.sleep(0.3)
    assert sorted(answered(slack)) == sorted(f"{n}.1" for n in range(30))


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


def test_an_answer_that_was_posted_just_before_the_crash_is_not_posted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        config = configuration(settings)
        backend = Echo(settings=settings)
        deaths = itertools.count()

        def die(self: Deliveries, key: str) -> None:
            next(deaths)
            raise ConnectionError("killed")

        async def run(seconds: float) -> None:
            async with Bot(config, backend, settings.conversations_url, limits=Limits(held_s=0.2)) as bot:
                await bot.handle(mention(slack, 1))
                await anyio.sleep(seconds)

        with monkeypatch.context() as patched:
            patched.setattr(Deliveries, "done", die)
            anyio.run(run, 0.3)
        anyio.run(run, 0.6)
    assert next(deaths) > 0
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


def test_messages_of_one_conversation_are_answered_in_their_order(tmp_path: Path) -> None:
    with slack_service(tmp_path, Echo, {"pause_s": 0.2}) as service:
        for n in range(4):
            service.mention(f"Frage {n}?", ts=f"5.{n}", thread_ts="5.0")
        service.slack.wait(lambda slack: len(slack.messages) == 4)
    assert [question.question for question in service.backend.asked] == [f"Frage {n}?" for n in range(4)]
    assert [question.conversation_id for question in service.backend.asked] == [None, "c1", "c1", "c1"]


def test_who_comes_when_the_queue_is_full_is_told_so_and_beyond_that_slack_is_asked_to_come_again(
    tmp_path: Path,
) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        backend = Echo(settings=settings, pause_s=1.0)
        limits = Limits(running=1, waiting=1, refusing=1)
        statuses: list[int] = []

        async def crowd() -> None:
            async with Bot(configuration(settings), backend, settings.conversations_url, limits=limits) as bot:
                for n in range(2):
                    statuses.append((await bot.handle(mention(slack, n)))[0])
                    await anyio.sleep(0.3)
                slack.limit_rate("chat.postMessage", 1)
                for n in range(2, 4):
                    statuses.append((await bot.handle(mention(slack, n)))[0])
                await anyio.to_thread.run_sync(lambda: slack.wait(lambda slack: len(slack.messages) == 3))

        anyio.run(crowd)
    assert statuses == [200, 200, 200, 503]
    refused = [posted for posted in slack.messages if posted.thread_ts == "2.1"]
    assert [posted.blocks[0]["text"]["text"] for posted in refused] == [words("en").busy]
    assert sorted(answered(slack)) == ["0.1", "1.1", "2.1"]


def test_a_command_for_which_there_is_no_room_is_told_so_at_once(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        command = {"command": "/kilde", "text": "Wie viele Menschen fahren über die Brücke?", "channel_id": "C1"}
        command |= {"team_id": "T1", "user_id": "U1", "trigger_id": "1.1", "response_url": slack.response_url}

        async def crowd() -> tuple[int, str]:
            limits = Limits(running=1, waiting=0, refusing=0)
            backend = Echo(settings=settings)
            async with Bot(configuration(settings), backend, settings.conversations_url, limits=limits) as bot:
                return await bot.handle(command)

        status, body = anyio.run(crowd)
    assert (status, json.loads(body)["text"]) == (200, words("de").busy)


def test_what_an_attempt_that_broke_off_posted_too_much_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeSlack() as slack:
        settings = slack_settings(slack, tmp_path)
        config = configuration(settings)
        backend = Echo(settings=settings, answer=msgspec.structs.replace(ANSWER, text="Ein Satz. " * 1500))

        def die(self: Deliveries, key: str) -> None:
            raise ConnectionError("killed")

        async def run(seconds: float) -> None:
            async with Bot(config, backend, settings.conversations_url, limits=Limits(held_s=0.2)) as bot:
                await bot.handle(mention(slack, 1))
                await anyio.sleep(seconds)

        with monkeypatch.context() as patched:
            patched.setattr(Deliveries, "done", die)
            anyio.run(run, 0.4)
        assert len(slack.messages) > 1
        backend.scripted_answer = ANSWER
        backend.conversations.clear()
        anyio.run(run, 0.8)
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


def test_while_the_bot_cannot_learn_who_it_is_events_are_not_acknowledged(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        slack.refuse("auth.test", "internal_error", times=2)
        with serving(build_app(Echo(settings=slack_settings(slack, tmp_path)))) as url:
            slack.wait(lambda slack: slack.called("auth.test"))
            assert send_event(url, mention(slack, 1)).status_code == 503
            assert send_event(url, mention(slack, 1), retry=1).status_code == 200
            slack.wait(lambda slack: slack.messages)
    assert answered(slack) == ["1.1"]


def test_a_request_that_is_no_json_is_refused_although_it_is_signed(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        for raw in (b"{", b"[]", b"\xff\xfe", json.dumps({"type": "unknown"}).encode(), b""):
            headers = {"Content-Type": "application/json", **signed(raw)}
            response = httpx.post(f"{service.url}/slack/events", content=raw, headers=headers)
            assert 400 <= response.status_code < 500, (raw, response.status_code)
