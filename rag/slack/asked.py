"""Slack's events → questions; pure.

In: the body of an event or of a slash command, and what the bot goes by. Out: what is asked, where and by whom, or None
for what is no question: messages of bots, edits, mentions of others, what the mode leaves out. Refuses nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from rag.slack.configuration import Configuration
from rag.slack.escaping import plain, without_mention
from rag.slack.identity import Me

Body = Mapping[str, Any]

COMMAND = "command"
_SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
"""Of messages that a person wrote."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question and the place of its answer; stored until it is answered."""

    key: str
    """What makes it one question, however often and as which kind of event Slack delivers it: team, channel and time of
    the message."""
    team: str
    """The bot's."""
    channel: str
    user: str
    user_team: str = ""
    """Another than the bot's in channels that two companies share."""
    text: str
    ts: str = ""
    """Of the message; empty for a command."""
    thread_ts: str | None = None
    """The thread in which it is answered; None: in place."""
    owner: tuple[str, ...]
    """Whose conversation it belongs to: team, channel, thread, and the user where others do not see it."""
    private: bool = False
    addressed: bool = True
    """False: Kilde was not asked, and stays silent where it has no answer."""
    only_own_thread: bool = False
    """A question only if Kilde was asked in this thread before."""
    response_url: str | None = None
    """Where a command is answered."""
    wants_human: bool = False
    """Not a question to Kilde: somebody is to be called."""
    lang: str | None = None
    """Of the answer; None: the question's own."""

    @property
    def is_thread(self) -> bool:
        """Threads are one conversation for ever; without one, what was asked long ago is another."""
        return self.thread_ts is not None


def asked_in_event(body: Body, config: Configuration, me: Me) -> Asked | None:
    """The question in an ``event_callback``."""
    event = body.get("event") or {}
    if not _is_written_by_a_person(event, me.user_id):
        return None
    if event.get("type") == "app_mention":
        return _in_channel(event, me)
    if event.get("type") != "message" or event.get("subtype") not in _SUBTYPES:
        return None
    if event.get("channel_type") == "im":
        return _direct(event, me)
    text = event.get("text", "")
    if f"<@{me.user_id}" in text or text.lstrip().startswith("<@"):
        return None  # It arrives as a mention, too; or it is said to somebody else.
    return _overheard(event, config, me)


def asked_by_command(command: Body, me: Me) -> Asked:
    """The question behind ``/kilde``; only its asker sees it and its answer."""
    team, channel, user = me.team_id, command["channel_id"], command["user_id"]
    return Asked(
        key=f"{COMMAND}:{command['trigger_id']}",
        team=team,
        channel=channel,
        user=user,
        text=plain(command.get("text", "")),
        owner=(team, channel, COMMAND, user),
        private=True,
        response_url=command["response_url"],
    )


def asked_for_human(action: Body, lang: str, me: Me) -> Asked:
    """The button under an answer; one call for each answer, however often it is pressed."""
    team, channel, message = me.team_id, action["channel"]["id"], action["message"]
    thread = message.get("thread_ts") or message["ts"]
    return Asked(
        key=f"help:{team}:{channel}:{message['ts']}",
        team=team,
        channel=channel,
        user=action["user"]["id"],
        text="",
        ts=message["ts"],
        thread_ts=thread,
        owner=(team, channel, thread),
        wants_human=True,
        lang=lang,
    )


def _is_written_by_a_person(event: Body, bot_user_id: str) -> bool:
    return bool(event.get("user")) and not event.get("bot_id") and event["user"] != bot_user_id


def _in_channel(event: Body, me: Me, *, addressed: bool = True, only_own_thread: bool = False) -> Asked:
    team, channel = me.team_id, event["channel"]
    thread = event.get("thread_ts") or event["ts"]
    return Asked(
        key=_key(event, me),
        team=team,
        channel=channel,
        user=event["user"],
        user_team=event.get("user_team") or team,
        text=plain(without_mention(event.get("text", ""), me.user_id)),
        ts=event["ts"],
        thread_ts=thread,
        owner=(team, channel, thread),
        addressed=addressed,
        only_own_thread=only_own_thread,
    )


def _direct(event: Body, me: Me) -> Asked:
    """Answered in place; in the assistant's pane every message stands in a thread."""
    team, channel, thread = me.team_id, event["channel"], event.get("thread_ts")
    return Asked(
        key=_key(event, me),
        team=team,
        channel=channel,
        user=event["user"],
        text=plain(without_mention(event.get("text", ""), me.user_id)),
        ts=event["ts"],
        thread_ts=thread,
        owner=(team, channel, thread or "", event["user"]),
        private=True,
    )


def _overheard(event: Body, config: Configuration, me: Me) -> Asked | None:
    """What was written in a channel without naming Kilde; a picture alone asks nothing."""
    if not event.get("text", "").strip():
        return None
    if event.get("parent_user_id") == me.user_id:
        return None if config.mode == "mention" else _in_channel(event, me)
    is_reply = "thread_ts" in event and event["thread_ts"] != event["ts"]
    if config.mode == "all" or event["channel"] in config.auto_channels:
        return _in_channel(event, me, addressed=False)
    if config.mode == "own_threads" and is_reply:
        return _in_channel(event, me, only_own_thread=True)
    return None


def _key(event: Body, me: Me) -> str:
    return f"{me.team_id}:{event['channel']}:{event['ts']}"
