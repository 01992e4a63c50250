"""A service with the Slack bot in it, in front of a fake Slack and a backend that answers every question.

In: settings of Slack, and how long an answer takes. Out: the service's address, its Slack and its backend. Everything
is stopped when it is left.
"""

import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
from fake_backend import ANSWER, FakeBackend, turn
from fake_slack import APP_TOKEN, BOT_TOKEN, SECRET, FakeSlack
from litestar import Litestar
from sent_by_slack import send_event

from rag.api import server
from rag.api.app import build_app
from rag.errors import NotFoundError
from rag.records import Answer, Event, MessageEnd, Question, TextDelta
from rag.settings import Settings


class Echo(FakeBackend):
    """Every answer is the scripted one with ids of its own; ``pause_s`` before its text, and stored as a turn."""

    def __init__(self, *, settings: Settings, answer: Answer = ANSWER, pause_s: float = 0.0) -> None:
        super().__init__(settings=settings, answer=answer, pause_s=pause_s)
        self.conversations = {}
        self._ids = itertools.count(1)

    async def events(self, question: Question) -> AsyncIterator[Event]:
        self._accept(question)
        answer = self._answered(question)
        for event in self._script(answer):
            if isinstance(event, MessageEnd):
                await anyio.sleep(self.pause_s)
                kept = self.conversations.get(answer.conversation_id, ())
                self.conversations[answer.conversation_id] = (*kept, answer)
            yield event

    @property
    def asked(self) -> list[Question]:
        return [call for call in self.calls if isinstance(call, Question)]

    async def give_feedback(self, message_id: str, request: Any) -> Any:
        if message_id not in {one.message_id for turns in self.conversations.values() for one in turns}:
            raise NotFoundError(f"There is no message {message_id!r}.", "message_id")
        self.scripted_answer = msgspec.structs.replace(self.scripted_answer, message_id=message_id)
        return await super().give_feedback(message_id, request)

    def _answered(self, question: Question) -> Answer:
        n = next(self._ids)
        return msgspec.structs.replace(
            self.scripted_answer,
            message_id=f"m{n}",
            conversation_id=question.conversation_id or f"c{n}",
            question=question.question,
            lang=question.answer_lang or self.scripted_answer.lang,
        )

    def _script(self, answer: Answer) -> tuple[Event, ...]:
        return turn(answer)


def slack_settings(slack: FakeSlack, folder: Path, **differing: str) -> Settings:
    return Settings(
        data_dir=str(folder),
        **{
            "slack_bot_token": BOT_TOKEN,
            "slack_app_token": APP_TOKEN,
            "slack_signing_secret": SECRET,
            "slack_api_url": slack.url,
            **differing,
        },
    )


class Service:
    """What a test works with."""

    def __init__(self, url: str, slack: FakeSlack, backend: FakeBackend) -> None:
        self.url = url
        self.slack = slack
        self.backend = backend

    def says(self, event: dict[str, Any], event_id: str | None = None) -> int:
        """Somebody writes something; the status of the acknowledgement."""
        return send_event(self.url, self.slack.event(event, event_id)).status_code

    def edits(self, text: str, ts: str, **more: Any) -> int:
        """Somebody changes a mention: Slack sends it anew, as another event with the time of the message."""
        return self.mention(text, ts, edited={"user": "U1", "ts": f"{ts}9"}, **more)

    def mention(self, text: str, ts: str = "1000.000100", **more: Any) -> int:
        return self.says({"type": "app_mention", "text": f"<@UKILDE> {text}", "ts": ts, **more})


@contextmanager
def serving(app: Litestar) -> Iterator[str]:
    """Its address; the service runs in a thread until it is left."""
    ready: list[str] = []
    came_up = threading.Event()
    running = _Running()

    def on_ready(address: str) -> None:
        ready.append(address)
        came_up.set()

    thread = threading.Thread(target=running.run, args=(app, on_ready), name="service")
    thread.start()
    try:
        assert came_up.wait(30), "the service does not come up"
        yield ready[0]
    finally:
        running.stop()
        thread.join(20)
        assert not thread.is_alive()


class _Running:
    def __init__(self) -> None:
        self._server: server._Server | None = None

    def run(self, app: Litestar, on_ready: Any) -> None:
        with server._listen("127.0.0.1", 0) as listener:
            config = server.uvicorn.Config(app, ws="none", lifespan="on", log_config=None, timeout_graceful_shutdown=5)
            self._server = server._Server(config, app, on_ready, 0)
            self._server.run(sockets=[listener])

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True


@contextmanager
def slack_service(
    folder: Path, backend: type[FakeBackend] = Echo, more: dict[str, Any] | None = None, **settings: str
) -> Iterator[Service]:
    with FakeSlack() as slack:
        asked = backend(settings=slack_settings(slack, folder, **settings), **(more or {}))
        with serving(build_app(asked)) as url:
            yield Service(url, slack, asked)


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
