"""How Slack reads what it is sent, written down independently of what writes it.

In: mrkdwn, Markdown or blocks. Out: what becomes active in it (mentions, links, formatting), and what a person reads.
Refuses, with Slack's own code, a message beyond Slack's limits.
"""

import html
import re
from typing import Any

from markdown_it import MarkdownIt

_TOKEN = re.compile(r"<([^>\n]*)>")
_FORMATTED = re.compile(r"(?<!\w)([*_~`])(?![\s\u2060])[^\n]*?(?<!\s)\1(?!\w)")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_MENTION = re.compile(r"@(channel|here|everyone)\b")
_BARE_LINK = re.compile(r"https?://\S+|(?<![\w.])(?:[\w-]+\.)+[^\W\d_]{2,}(?!\w)", re.IGNORECASE)
"""Slack makes links of addresses and of names that look like one."""
_LITERAL = {"text", "paragraph_open", "paragraph_close", "inline", "softbreak", "text_special"}

BLOCKS, TEXT, MESSAGE = 50, 3000, 13_200
ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}
KINDS = {"section", "context", "actions", "context_actions", "rich_text", "divider", "header", "input"}


class RefusedError(Exception):
    """An error that Slack answers a call with."""


def active_in_mrkdwn(text: str) -> list[str]:
    """The targets of its tokens, and its formatting, emoji and pings."""
    without = _TOKEN.sub("", text)
    others = [found[0] for pattern in (_FORMATTED, _EMOJI, _MENTION) for found in pattern.finditer(without)]
    return [html.unescape(token.partition("|")[0]) for token in _TOKEN.findall(text)] + others


def read_mrkdwn(text: str) -> str:
    labelled = _TOKEN.sub(lambda token: token[1].rpartition("|")[2], text)
    return html.unescape(labelled).replace("\u2060", "")


def active_in_markdown(text: str) -> list[str]:
    """Everything in it that is not plain text."""
    tokens = MarkdownIt("commonmark", {"linkify": False}).enable(["strikethrough", "table"]).parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    kinds = [token.type for token in (*tokens, *inner) if token.type not in _LITERAL]
    shown = read_markdown(text, keep_breaks=True)
    return kinds + [found[0] for pattern in (_EMOJI, _MENTION, _BARE_LINK) for found in pattern.finditer(shown)]


def read_markdown(text: str, *, keep_breaks: bool = False) -> str:
    tokens = MarkdownIt("commonmark").parse(text)
    paragraphs = (token.children for token in tokens if token.children is not None)
    shown = "\n\n".join("".join(child.content or "\n" for child in children) for children in paragraphs)
    return shown if keep_breaks else shown.replace("\u2060", "")


def mrkdwn_fields(value: Any) -> list[str]:
    """Of blocks."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [field for one in value.values() for field in mrkdwn_fields(one)]
    if isinstance(value, list | tuple):
        return [field for one in value for field in mrkdwn_fields(one)]
    return []


def rich_links(blocks: Any) -> list[str]:
    """The targets of links in rich text; fails on any element that is more than text or link."""
    found = []
    for block in blocks:
        for section in block["elements"] if block["type"] == "rich_text" else ():
            for element in section["elements"]:
                assert element["type"] in {"text", "link"}
                found += [element["url"]] if element["type"] == "link" else []
    return found


def check_message(given: dict[str, Any]) -> None:
    if len(given.get("text", "")) > 40_000:
        raise RefusedError("msg_too_long")
    blocks = given.get("blocks") or []
    if len(blocks) > BLOCKS:
        raise RefusedError("invalid_blocks")
    for block in blocks:
        check_block(block)
    if sum(_characters(block) for block in blocks) > MESSAGE:
        raise RefusedError("msg_blocks_too_long")


def check_block(block: dict[str, Any]) -> None:
    elements = block.get("elements", [])
    too_many = len(elements) > ELEMENTS.get(block["type"], 1000)
    if block["type"] not in KINDS or too_many or len(str(block.get("block_id", ""))) > 255:
        raise RefusedError("invalid_blocks")
    for text in _texts(block):
        if not 0 < len(text) <= TEXT:
            raise RefusedError("invalid_blocks")
    for element in elements:
        if element.get("type") == "static_select":
            _check_select(element)
        if element.get("type") == "button" and len(element["text"]["text"]) > 75:
            raise RefusedError("invalid_blocks")


def _check_select(element: dict[str, Any]) -> None:
    options = element["options"]
    if not 0 < len(options) <= 100 or len({option["value"] for option in options}) < len(options):
        raise RefusedError("invalid_blocks")
    if any(len(option["text"]["text"]) > 75 or len(option["value"]) > 150 for option in options):
        raise RefusedError("invalid_blocks")


def _characters(value: Any) -> int:
    """As Slack counts a message's blocks: more than its words, less than its JSON."""
    if isinstance(value, dict):
        return sum(_characters(one) for one in value.values())
    if isinstance(value, list):
        return sum(_characters(one) for one in value)
    return len(value) if isinstance(value, str) else 0


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return []
