"""The manifest gives the app what the code uses, and no more; the guide has its five steps."""

import ast
import re
from pathlib import Path
from typing import Any

import yaml

from rag.slack.app import COMMAND, EVENTS, FORGET

ROOT = Path(__file__).parent.parent
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "docs/slack-manifest.yaml").read_text("utf-8"))
GUIDE = (ROOT / "docs/slack.md").read_text("utf-8")

SCOPES = {
    "auth.test": set[str](),
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.startStream": {"chat:write"},
    "chat.appendStream": {"chat:write"},
    "chat.stopStream": {"chat:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "assistant.threads.setStatus": {"assistant:write"},
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "views.open": set[str](),
}
"""What Slack asks for each method, by its reference."""
EVENT_SCOPES = {
    "app_mention": {"app_mentions:read"},
    "assistant_thread_started": {"assistant:write"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "message.mpim": {"mpim:history"},
}


def methods_in_use() -> set[str]:
    """Names of the Web API's methods in the code."""
    trees = [ast.parse(file.read_text("utf-8")) for file in (ROOT / "rag/slack").glob("*.py")]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    pattern = re.compile(r"(?:auth|chat|conversations|assistant\.threads|views|reactions|users|files)\.[a-z][A-Za-z]+")
    return {text for text in texts if isinstance(text, str) and pattern.fullmatch(text)}


def test_every_method_in_use_has_its_scopes_known() -> None:
    assert methods_in_use() == SCOPES.keys()


def test_the_scopes_are_those_that_methods_events_and_the_command_need() -> None:
    needed = set().union(*SCOPES.values(), *EVENT_SCOPES.values(), {"commands"})
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": sorted(needed)}


def test_the_events_are_those_that_are_handled() -> None:
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert subscribed == sorted(EVENT_SCOPES)
    assert {event.partition(".")[0] for event in subscribed} == set(EVENTS)


def test_command_and_shortcut_are_those_that_are_handled() -> None:
    features = MANIFEST["features"]
    assert [one["command"] for one in features["slash_commands"]] == [COMMAND]
    assert [(one["type"], one["callback_id"]) for one in features["shortcuts"]] == [("message", FORGET)]
    assert MANIFEST["settings"]["interactivity"] == {"is_enabled": True}


def test_set_up_takes_five_steps_and_names_settings_that_exist() -> None:
    from rag.settings import PREFIX, Settings

    assert re.findall(r"^(\d)\. \*\*", GUIDE, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    assert set(re.findall(r"KILDE_[A-Z_]+", GUIDE)) <= known
