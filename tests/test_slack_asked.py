"""Which of Slack's events are questions, where they are answered, and whose conversation they belong to."""

from typing import Any

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings, load_settings
from rag.slack.asked import Asked, asked_by_command, asked_in_event
from rag.slack.configuration import Configuration, configuration, takes_requests
from rag.slack.identity import Me

ME = Me(user_id="UKILDE", team_id="T1")
CONFIG = Configuration(bot_token="xoxb-1")
ALL = Configuration(bot_token="xoxb-1", mode="all")
MENTION = Configuration(bot_token="xoxb-1", mode="mention")
AUTO = Configuration(bot_token="xoxb-1", auto_channels=frozenset({"C1"}))


def asked(config: Configuration = CONFIG, **event: Any) -> Asked | None:
    given = {"type": "message", "channel": "C1", "user": "U1", "ts": "5.1", "text": "How many?", **event}
    return asked_in_event({"event_id": "Ev1", "team_id": "T1", "event": given}, config, ME)


def in_thread(config: Configuration, **event: Any) -> Asked | None:
    return asked(config, thread_ts="4.1", **event)


def test_a_mention_is_answered_in_a_thread_of_its_own() -> None:
    found = asked(type="app_mention", text="<@UKILDE> How many?")
    assert found is not None
    assert (found.text, found.thread_ts, found.owner) == ("How many?", "5.1", ("T1", "C1", "5.1"))
    assert (found.key, found.private, found.addressed) == ("T1:C1:5.1", False, True)


def test_a_mention_in_a_thread_is_answered_in_that_thread() -> None:
    found = asked(type="app_mention", text="And <@UKILDE>?", thread_ts="4.1")
    assert found is not None
    assert (found.thread_ts, found.owner) == ("4.1", ("T1", "C1", "4.1"))


def test_a_direct_message_is_answered_in_place_and_belongs_to_its_writer() -> None:
    found = asked(channel="D1", channel_type="im")
    assert found is not None
    assert (found.thread_ts, found.owner, found.private) == (None, ("T1", "D1", "", "U1"), True)


def test_in_the_assistants_pane_every_thread_is_a_conversation() -> None:
    found = asked(channel="D1", channel_type="im", thread_ts="4.1")
    assert found is not None
    assert (found.thread_ts, found.owner) == ("4.1", ("T1", "D1", "4.1", "U1"))


@pytest.mark.parametrize("subtype", ["message_changed", "message_deleted", "channel_join", "bot_message"])
def test_what_nobody_wrote_anew_is_no_question(subtype: str) -> None:
    assert asked(ALL, subtype=subtype) is None


@pytest.mark.parametrize("differing", [{"bot_id": "B1"}, {"user": "UKILDE"}, {"user": None}])
def test_bots_are_not_answered(differing: dict[str, Any]) -> None:
    assert asked(ALL, **differing) is None
    assert asked(ALL, type="app_mention", **differing) is None


def test_a_message_that_names_the_bot_is_left_to_its_mention() -> None:
    assert asked(ALL, text="<@UKILDE> How many?") is None
    assert in_thread(CONFIG, text="<@UKILDE|kilde> How many?") is None


def test_an_edited_mention_is_the_same_question_whatever_its_event_is_called() -> None:
    first = asked(type="app_mention", text="<@UKILDE> How many?")
    edited = {"type": "app_mention", "channel": "C1", "user": "U1", "ts": "5.1", "text": "<@UKILDE> How many cars?"}
    again = asked_in_event({"event_id": "Ev2", "event": edited | {"edited": {"user": "U1", "ts": "6.0"}}}, CONFIG, ME)
    assert first is not None
    assert again is not None
    assert first.key == again.key


def test_in_a_channel_that_two_companies_share_the_conversation_is_the_channels() -> None:
    event = {"type": "app_mention", "channel": "C1", "user": "W9", "user_team": "T9", "ts": "5.1", "text": "How many?"}
    found = asked_in_event({"event_id": "Ev1", "team_id": "T9", "event": event}, CONFIG, ME)
    assert found is not None
    assert (found.owner, found.team, found.user_team) == (("T1", "C1", "5.1"), "T1", "T9")


def test_a_mention_in_a_direct_message_is_no_part_of_the_question() -> None:
    found = asked(channel="D1", channel_type="im", text="<@UKILDE> How many?")
    assert found is not None
    assert found.text == "How many?"


def test_a_picture_without_words_asks_nothing() -> None:
    assert in_thread(CONFIG, text="", subtype="file_share") is None
    assert in_thread(CONFIG, text="", subtype="file_share", parent_user_id="UKILDE") is None
    assert asked(ALL, text=" ", subtype="file_share") is None


def test_what_people_say_to_each_other_is_no_question() -> None:
    assert asked(ALL, text="<@U2> Mittag?") is None
    assert in_thread(CONFIG, text="<@U2|ann> what do you think?") is None
    assert in_thread(CONFIG, text="And what does <@U2> say?") is not None


def test_what_is_written_in_a_channel_is_a_question_only_where_the_settings_say_so() -> None:
    assert asked(MENTION) is None
    assert asked(CONFIG) is None
    for config in (ALL, AUTO):
        found = asked(config)
        assert found is not None
        assert not found.addressed
    assert asked(AUTO, channel="C2") is None


def test_replies_in_threads_depend_on_the_mode() -> None:
    assert in_thread(MENTION) is None
    own = in_thread(CONFIG)
    assert own is not None
    assert (own.only_own_thread, own.addressed) == (True, True)


def test_a_reply_to_the_bots_own_message_needs_no_mention_but_in_mention_mode() -> None:
    assert in_thread(MENTION, parent_user_id="UKILDE") is None
    found = in_thread(CONFIG, parent_user_id="UKILDE")
    assert found is not None
    assert not found.only_own_thread


def test_a_command_is_private_to_its_user() -> None:
    fields = {"team_id": "T1", "channel_id": "C1", "user_id": "U1", "trigger_id": "9.9", "text": " How many? "}
    found = asked_by_command(fields | {"response_url": "https://hooks.slack.com/1"}, ME)
    assert (found.text, found.owner, found.private) == ("How many?", ("T1", "C1", "command", "U1"), True)
    assert found.response_url == "https://hooks.slack.com/1"


def test_settings_become_what_the_bot_goes_by() -> None:
    found = configuration(
        Settings(
            slack_bot_token="xoxb-1",
            slack_app_token="xapp-1",
            slack_auto_channels="C1, C2",
            slack_channel_langs="C1=de, C2=pt-br",
            slack_help_group="S1",
        )
    )
    assert found.auto_channels == {"C1", "C2"}
    assert found.channel_langs == {"C1": "de", "C2": "pt-BR"}
    assert found.api_url == "https://slack.com/api/"


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("slack_bot_token", "xapp-1", "SLACK_BOT_TOKEN"),
        ("slack_app_token", "xoxb-1", "SLACK_APP_TOKEN"),
        ("slack_auto_channels", "#general", "SLACK_AUTO_CHANNELS"),
        ("slack_channel_langs", "C1", "SLACK_CHANNEL_LANGS"),
        ("slack_channel_langs", "general=de", "SLACK_CHANNEL_LANGS"),
        ("slack_help_group", "@editors", "SLACK_HELP_GROUP"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(setting: str, value: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        configuration(Settings(**({"slack_bot_token": "xoxb-1"} | {setting: value})))


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="slack_mode"):
        load_settings({"KILDE_SLACK_MODE": "sometimes"})


def test_the_route_opens_only_with_both_secrets() -> None:
    assert takes_requests(Settings(slack_bot_token="xoxb-1", slack_signing_secret="s"))
    assert not takes_requests(Settings(slack_bot_token="xoxb-1"))
    assert not takes_requests(Settings(slack_signing_secret="s"))
