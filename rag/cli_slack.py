"""``kilde slack``: the Slack bot in Socket Mode, over the running service of the data folder or a runtime of its own.

In: settings. Out: one line on stdout once it is connected; it runs until it is told to stop. Refuses missing tokens,
and those that Slack does not know, with ConfigurationError.
"""

import asyncio
import signal
from contextlib import closing

from rich.text import Text

from rag.cli_output import report, show
from rag.errors import ConfigurationError
from rag.logs import begin_logs
from rag.owner import Owner, ServiceAddress, running_service
from rag.served import Served
from rag.settings import Settings
from rag.slack.backend import Answers
from rag.slack.bot import Bot
from rag.slack.configuration import Configuration, configuration
from rag.slack.socket_mode import connected


def run_slack(settings: Settings) -> None:
    """Blocks until the process is told to stop."""
    begin_logs(settings.log_level)
    config = configuration(settings)
    if not config.app_token:
        raise ConfigurationError(
            "KILDE_SLACK_APP_TOKEN must be the app-level token, xapp-…. docs/slack.md says where it is."
        )
    address = running_service(settings.data_path)
    if address is not None:
        asyncio.run(_serve_beside(config, config.app_token, address, settings))
        return
    with Owner.acquire(settings.data_path):
        report("no service is running; loading the model here")
        from rag.runtime import open_runtime

        with closing(open_runtime(settings)) as runtime:
            runtime.warm()
            asyncio.run(_serve(config, config.app_token, runtime, settings.conversations_url))


async def _serve_beside(config: Configuration, app_token: str, address: ServiceAddress, settings: Settings) -> None:
    async with Served(address) as served:
        await _serve(config, app_token, served, settings.conversations_url)


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
