"""``kilde slack``: the Slack bot in Socket Mode, over the running service of the data folder or a runtime of its own.

In: settings. Out: one line on stdout once it is connected; it runs until it is told to stop. Refuses missing tokens,
and those that Slack does not know, with ConfigurationError.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
from rich.text import Text

from index.records import ArticleDetail, ArticleSummary
from rag.cli_output import report, show
from rag.errors import ConfigurationError
from rag.feedback_records import Feedback, FeedbackRequest
from rag.owner import Owner, running_service
from rag.records import Conversation, Event, Question
from rag.remote import Remote
from rag.settings import Settings
from rag.slack.backend import Answers
from rag.slack.bot import Bot
from rag.slack.configuration import Configuration, configuration
from rag.slack.socket_mode import connected

T = TypeVar("T")


def run_slack(settings: Settings) -> None:
    """Blocks until the process is told to stop."""
    config = configuration(settings)
    if not config.app_token:
        raise ConfigurationError(
            "KILDE_SLACK_APP_TOKEN must be the app-level token, xapp-…. docs/slack.md says where it is."
        )
    with _answers(settings) as answers:
        asyncio.run(_serve(config, config.app_token, answers, settings.conversations_url))


@contextmanager
def _answers(settings: Settings) -> Iterator[Answers]:
    address = running_service(settings.data_path)
    if address is not None:
        with Remote(address) as remote:
            yield InThreads(remote)
        return
    with Owner.acquire(settings.data_path):
        report("no service is running; loading the model here")
        from rag.runtime import open_runtime

        with closing(open_runtime(settings)) as runtime:
            runtime.warm()
            yield runtime


async def _serve(config: Configuration, app_token: str, answers: Answers, database_url: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with Bot(config, answers, database_url) as bot:
        me = await bot.me()
        async with connected(bot, app_token):
            show(Text(f"Kilde answers in Slack as @{me.user} in {me.team}"))
            await stopped.wait()


class InThreads:
    """A running service as the bot calls it: each call waits in a thread of its own."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def events(self, question: Question) -> AsyncIterator[Event]:
        steps = self._remote.events(question)
        try:
            while (event := await anyio.to_thread.run_sync(next, steps, None)) is not None:
                yield event
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_close, steps)

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return await anyio.to_thread.run_sync(self._remote.articles)

    async def article(self, article_id: str) -> ArticleDetail:
        return await anyio.to_thread.run_sync(self._remote.article, article_id)

    async def conversation(self, conversation_id: str) -> Conversation:
        return await anyio.to_thread.run_sync(self._remote.conversation, conversation_id)

    async def delete_conversation(self, conversation_id: str) -> None:
        await anyio.to_thread.run_sync(self._remote.delete_conversation, conversation_id)

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        return await anyio.to_thread.run_sync(self._remote.give_feedback, message_id, request)


def _close(steps: Iterator[Event]) -> None:
    if close := getattr(steps, "close", None):
        close()
