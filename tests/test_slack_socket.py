"""``kilde slack``: the bot as a real process in Socket Mode, over a running service or a runtime of its own."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio
import pytest
from fake_backend import ANSWER, TEXT
from fake_runtime import installed
from fake_slack import APP_TOKEN, BOT_TOKEN, FakeSlack
from small_slack import Echo, serving, slack_settings

from rag.api.app import build_app
from rag.cli import run
from rag.errors import UnreachableError
from rag.owner import Owner
from rag.settings import Settings
from rag.slack.bot import Bot
from rag.slack.configuration import configuration
from rag.slack.socket_mode import connected


def environment(slack: FakeSlack, folder: Path, **differing: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KILDE_")},
        "KILDE_DATA_DIR": str(folder),
        "KILDE_SLACK_BOT_TOKEN": BOT_TOKEN,
        "KILDE_SLACK_APP_TOKEN": APP_TOKEN,
        "KILDE_SLACK_API_URL": slack.url,
        **differing,
    }


def start(slack: FakeSlack, folder: Path, **differing: str) -> subprocess.Popen[str]:
    code = "import sys; from rag.cli import run; sys.exit(run(['slack']))"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(slack, folder, **differing),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def bot(slack: FakeSlack, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is connected."""
    process = start(slack, folder)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "Kilde answers in Slack as @kilde in Example\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[tuple[FakeSlack, Echo]]:
    """A service that owns the folder, and a Slack."""
    with ExitStack() as stack:
        slack = stack.enter_context(FakeSlack())
        backend = Echo(settings=Settings(data_dir=str(tmp_path)))
        owner = stack.enter_context(Owner.acquire(tmp_path))
        owner.publish(stack.enter_context(serving(build_app(backend))))
        yield slack, backend


def mention(slack: FakeSlack, n: int) -> dict[str, object]:
    return slack.event({"type": "app_mention", "text": f"<@UKILDE> Frage {n}?", "ts": f"{n}.1"}, f"Ev{n}")


@pytest.mark.service
def test_the_process_answers_over_the_running_service_and_ends_in_order(
    owned: tuple[FakeSlack, Echo], tmp_path: Path
) -> None:
    slack, backend = owned
    with bot(slack, tmp_path) as process:
        sent = time.monotonic()
        envelope = slack.send_over_socket(mention(slack, 1))
        slack.wait(lambda slack: slack.messages and envelope in slack.acknowledged)
        assert slack.acknowledged[envelope] - sent < 3
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    assert [posted.shown for posted in slack.messages] == [TEXT]
    assert [question.question for question in backend.asked] == ["Frage 1?"]


@pytest.mark.service
def test_the_process_ends_in_time_also_while_an_answer_takes_long(
    owned: tuple[FakeSlack, Echo], tmp_path: Path
) -> None:
    slack, backend = owned
    backend.pause_s = 300.0
    with bot(slack, tmp_path) as process:
        slack.send_over_socket(mention(slack, 1))
        slack.wait(lambda slack: slack.called("assistant.threads.setStatus"))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    backend.pause_s = 0.0
    with bot(slack, tmp_path):
        slack.wait(lambda slack: slack.messages)


@pytest.mark.slow
@pytest.mark.service
def test_a_killed_process_has_its_work_done_by_the_next(owned: tuple[FakeSlack, Echo], tmp_path: Path) -> None:
    slack, backend = owned
    backend.pause_s = 1.5
    with bot(slack, tmp_path) as process:
        envelopes = [slack.send_over_socket(mention(slack, n)) for n in range(5)]
        slack.wait(lambda slack: set(envelopes) <= slack.acknowledged.keys())
        process.kill()
        process.wait()
    assert slack.messages == []
    backend.pause_s = 0.0
    with bot(slack, tmp_path):
        slack.wait(lambda slack: len(slack.messages) == 5, timeout_s=60)
        again = slack.send_over_socket(mention(slack, 3))
        slack.wait(lambda slack: again in slack.acknowledged)
    assert sorted(str(posted.thread_ts) for posted in slack.messages) == [f"{n}.1" for n in range(5)]


@pytest.mark.slow
@pytest.mark.service
def test_two_real_processes_answer_one_thread_once_and_in_its_order(
    owned: tuple[FakeSlack, Echo], tmp_path: Path
) -> None:
    slack, backend = owned
    backend.pause_s = 0.1
    with bot(slack, tmp_path), bot(slack, tmp_path):
        slack.wait(lambda slack: slack.connections == 2)
        for n in range(8):
            event = {"type": "app_mention", "text": f"<@UKILDE> Frage {n}?", "ts": f"5.{n}", "thread_ts": "5.0"}
            for to in (n % 2, 1 - n % 2):
                slack.send_over_socket(slack.event(event, f"Ev{n}"), to=to)
            slack.wait(lambda slack: len(slack.acknowledged) == 2 * n + 2)  # noqa: B023
        slack.wait(lambda slack: len(slack.messages) == 8, timeout_s=60)
        time.sleep(0.5)
    posted = [one.metadata["event_payload"]["event"] for one in slack.messages if one.metadata]
    assert posted == [f"T1:C1:5.{n}" for n in range(8)]


@pytest.mark.service
def test_it_connects_anew_when_slack_asks_for_it(owned: tuple[FakeSlack, Echo], tmp_path: Path) -> None:
    slack, _ = owned
    with bot(slack, tmp_path):
        slack.drop_sockets()
        slack.wait(lambda slack: slack.connections == 2)
        envelope = slack.send_over_socket(mention(slack, 1))
        slack.wait(lambda slack: slack.messages and envelope in slack.acknowledged)


@pytest.mark.service
def test_commands_feedback_and_forgetting_reach_the_service(owned: tuple[FakeSlack, Echo], tmp_path: Path) -> None:
    slack, backend = owned
    command = {"command": "/kilde", "text": "Wie viele?", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
    command |= {"trigger_id": "1.2", "response_url": slack.response_url}
    with bot(slack, tmp_path):
        slack.send_over_socket(command, "slash_commands")
        slack.wait(lambda slack: len(slack.responses) == 1)
        assert list(backend.conversations) == [ANSWER.conversation_id]
        slack.send_over_socket(command | {"text": "forget", "trigger_id": "1.3"}, "slash_commands")
        slack.wait(lambda slack: len(slack.responses) == 2)
    assert backend.conversations == {}


@pytest.mark.service
@pytest.mark.parametrize(
    ("differing", "named"),
    [
        ({"KILDE_SLACK_BOT_TOKEN": ""}, "KILDE_SLACK_BOT_TOKEN"),
        ({"KILDE_SLACK_BOT_TOKEN": "xoxb-wrong"}, "KILDE_SLACK_BOT_TOKEN"),
        ({"KILDE_SLACK_APP_TOKEN": ""}, "KILDE_SLACK_APP_TOKEN"),
        ({"KILDE_SLACK_APP_TOKEN": "xapp-wrong"}, "KILDE_SLACK_APP_TOKEN"),
    ],
)
def test_a_token_that_cannot_be_used_is_named(
    owned: tuple[FakeSlack, Echo], tmp_path: Path, differing: dict[str, str], named: str
) -> None:
    process = start(owned[0], tmp_path, **differing)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, "")
    assert named in err
    assert len(err.splitlines()) == 1


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CONNECT_S": 0.5, "LOOK_S": 0.1, "PING_S": 0.2}.items():
        monkeypatch.setattr(f"rag.slack.socket_mode.{name}", value)


async def connect(slack: FakeSlack, folder: Path, inside: Callable[[], None]) -> None:
    settings = slack_settings(slack, folder)
    bot = Bot(configuration(settings), Echo(settings=settings), settings.conversations_url)
    async with bot, connected(bot, APP_TOKEN):
        await anyio.to_thread.run_sync(inside)


@pytest.mark.usefixtures("impatient")
def test_an_address_that_cannot_be_reached_is_named_at_the_start(tmp_path: Path) -> None:
    with FakeSlack() as slack:
        slack.dead_addresses = 9
        with pytest.raises(UnreachableError, match=r"127\.0\.0\.1"):
            anyio.run(connect, slack, tmp_path, lambda: None)


@pytest.mark.usefixtures("impatient")
def test_a_connection_that_is_lost_is_made_anew_at_a_fresh_address_and_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeSlack() as slack:

        def lose_it() -> None:
            slack.wait(lambda slack: slack.connections == 1)
            slack.dead_addresses = 2
            slack.break_sockets()
            slack.wait(lambda slack: slack.connections == 2)
            envelope = slack.send_over_socket(mention(slack, 1))
            slack.wait(lambda slack: slack.messages and envelope in slack.acknowledged)

        anyio.run(connect, slack, tmp_path, lose_it)
    assert "the connection to Slack is lost" in caplog.text
    assert "Slack is still not connected" in caplog.text or "connected to Slack again" in caplog.text


def test_without_a_service_it_opens_the_index_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = installed(monkeypatch, tmp_path)
    with FakeSlack() as slack:
        for name, value in environment(slack, tmp_path / "data").items():
            monkeypatch.setenv(name, value)

        def ask_and_stop() -> None:
            slack.wait(lambda slack: slack.connections == 1)
            slack.send_over_socket(mention(slack, 1))
            slack.wait(lambda slack: slack.messages)
            os.kill(os.getpid(), signal.SIGTERM)

        asking = threading.Thread(target=ask_and_stop)
        asking.start()
        assert run(["slack"]) == 0
        asking.join()
    assert [posted.shown for posted in slack.messages] == [TEXT]
    assert not runtime.is_open
