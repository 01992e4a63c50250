"""Every event is answered exactly once, those of one conversation in their order: over retries and two processes."""

import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
from fake_backend import TEXT
from fake_slack import FakeSlack
from sent_by_slack import answered, mention, send_event, signed
from small_slack import Echo, serving, slack_service, slack_settings

from rag.api.app import build_app
from rag.slack.bot import Bot, Limits
from rag.slack.configuration import configuration
from rag.slack.words import words


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
