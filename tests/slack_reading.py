"""How Slack reads what it is sent, written down independently of what writes it.

In: mrkdwn, Markdown or blocks. Out: what becomes active in it (mentions, links, formatting), and what a person reads.
"""

import html
import re
from typing import Any

from markdown_it import MarkdownIt

_TOKEN = re.compile(r"<([^>\n]*)>")
_FORMATTED = re.compile(r"(?<!\w)([*_~`])(?![\s\u2060])[^\n]*?(?<!\s)\1(?!\w)")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_MENTION = re.compile(r"@(channel|here|everyone)\b")
_LITERAL = {"text", "paragraph_open", "paragraph_close", "inline", "softbreak", "text_special"}


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
    return kinds + [found[0] for pattern in (_EMOJI, _MENTION) for found in pattern.finditer(shown)]


def read_markdown(text: str, *, keep_breaks: bool = False) -> str:
    tokens = MarkdownIt("commonmark").parse(text)
    shown = "".join(child.content or "\n" for token in tokens for child in token.children or ())
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
