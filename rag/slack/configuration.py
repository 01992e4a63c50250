"""The settings of the Slack bot, read from those of Kilde.

In: settings. Out: one record. Refuses, by the name of the setting, a token of the wrong kind and lists that cannot be
read.
"""

import re
from typing import Literal

import msgspec

from index.languages import normalise_tag
from rag.errors import ConfigurationError
from rag.settings import Settings

Mode = Literal["mention", "own_threads", "all"]

API_URL = "https://slack.com/api/"
_CHANNEL = re.compile(r"[CDG][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the bot goes by."""

    bot_token: str
    app_token: str | None = None
    signing_secret: str | None = None
    mode: Mode = "own_threads"
    auto_channels: frozenset[str] = frozenset()
    channel_langs: dict[str, str] = {}
    """BCP 47 by channel id."""
    help_group: str | None = None
    api_url: str = API_URL


def configuration(settings: Settings) -> Configuration:
    """Raises ConfigurationError where the bot could not run with these settings."""
    if not (settings.slack_bot_token or "").startswith("xoxb-"):
        raise ConfigurationError(
            "KILDE_SLACK_BOT_TOKEN must be the bot's token, xoxb-…. docs/slack.md says where it is."
        )
    if settings.slack_app_token and not settings.slack_app_token.startswith("xapp-"):
        raise ConfigurationError("KILDE_SLACK_APP_TOKEN must be an app-level token, xapp-….")
    if settings.slack_help_group and not _GROUP.fullmatch(settings.slack_help_group):
        raise ConfigurationError("KILDE_SLACK_HELP_GROUP must be the id of a user group, S….")
    return Configuration(
        bot_token=settings.slack_bot_token or "",
        app_token=settings.slack_app_token,
        signing_secret=settings.slack_signing_secret,
        mode=settings.slack_mode,
        auto_channels=frozenset(_channel(one, "AUTO_CHANNELS") for one in _parts(settings.slack_auto_channels)),
        channel_langs=dict(_channel_lang(one) for one in _parts(settings.slack_channel_langs)),
        help_group=settings.slack_help_group,
        api_url=settings.slack_api_url or API_URL,
    )


def takes_requests(settings: Settings) -> bool:
    """Whether the service is to open ``POST /slack/events``."""
    return bool(settings.slack_signing_secret and settings.slack_bot_token)


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _channel(text: str, setting: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise ConfigurationError(f"KILDE_SLACK_{setting}: {text!r} is not the id of a channel, such as C0123ABC.")
    return text


def _channel_lang(text: str) -> tuple[str, str]:
    channel, _, lang = text.partition("=")
    tag = normalise_tag(lang.strip())
    if tag is None:
        raise ConfigurationError(
            f"KILDE_SLACK_CHANNEL_LANGS: {text!r} is not a channel and a language, such as C01=de."
        )
    return _channel(channel.strip(), "CHANNEL_LANGS"), tag
