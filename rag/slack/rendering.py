"""An answer → messages that Slack takes; pure.

In: an answer. Out: messages in order, whose text blocks together are the whole answer, the sources under the last of
it. Slack refuses a message with more than 50 blocks, and one of about 13,000 characters, however they are spread.
Refuses nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from rag.records import Answer
from rag.slack.blocks import (
    TEXT,
    Block,
    markers,
    plain_text,
    shortened,
    source_line,
    tail_blocks,
    text_block,
    written_size,
)
from rag.slack.cutting import packed, slices
from rag.slack.escaping import mrkdwn

BLOCKS = 50
WRITTEN = 11_000
"""Characters of a message's blocks as JSON: that is more than what Slack counts, and leaves it room."""
NOTIFIED = 3900
"""Characters of the text for notifications and screen readers."""
PIECE = 1300
"""Characters of a text without blocks that stay together; escaped they are at most about three times as many."""
_INTERACTIVE = frozenset({"actions", "context_actions"})


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message; ``text`` is mrkdwn."""

    text: str
    blocks: tuple[Block, ...] = ()


class _Part(msgspec.Struct, frozen=True):
    block: Block
    text: str = ""
    """What it says, plain."""


def messages(answer: Answer, *, with_help: bool, start: int = 0, written: int = WRITTEN) -> tuple[Message, ...]:
    """From the character ``start`` of the text on; at least one. ``written``: the bound on each message."""
    return tuple(_packed([*_text_parts(answer, start, written), *_tail_parts(answer, with_help)], answer, written))


def tail(answer: Answer, *, with_help: bool) -> tuple[Message, ...]:
    """What stands under the text, alone."""
    return tuple(_packed(_tail_parts(answer, with_help), answer, WRITTEN))


def said(text: str) -> Message:
    """A few words of the bot's own."""
    return Message(text=mrkdwn(text), blocks=({"type": "section", "text": plain_text(text, TEXT)},))


def without_actions(message: Message) -> Message:
    """For a workspace that does not know the buttons."""
    blocks = tuple(block for block in message.blocks if block["type"] not in _INTERACTIVE)
    return msgspec.structs.replace(message, blocks=blocks)


def in_words(message: Message) -> tuple[Message, ...]:
    """All of it without blocks, for where these are not taken."""
    pieces = [piece for block in message.blocks for piece in _words_of(msgspec.to_builtins(block))]
    together = packed(pieces, len, NOTIFIED)
    return tuple(Message(text="\n".join(some)) for some in together) or (Message(text=message.text),)


def _words_of(block: dict[str, Any]) -> Iterator[str]:
    """mrkdwn, in pieces."""
    if block["type"] == "rich_text":
        text = "".join(one["text"] for section in block["elements"] for one in section["elements"])
        yield from (mrkdwn(text[start:end]) for start, end in slices(text, PIECE))
    for one in (block.get("text"), *block.get("elements", ())) if block["type"] in ("context", "section") else ():
        if one is not None:
            yield one["text"] if one["type"] == "mrkdwn" else mrkdwn(one["text"])


def _text_parts(answer: Answer, start: int, written: int) -> Iterator[_Part]:
    whole = [(first - start, last - start) for first, last in markers(answer)]
    rest = answer.text[start:]
    for first, last in slices(rest, min(TEXT, written // 3), whole):
        yield _Part(text_block(answer, start + first, start + last), rest[first:last])


def _tail_parts(answer: Answer, with_help: bool) -> list[_Part]:
    return [_Part(block) for block in tail_blocks(answer, with_help=with_help)]


def _packed(parts: Sequence[_Part], answer: Answer, written: int) -> Iterator[Message]:
    for together in packed(parts, lambda part: written_size(part.block), written, BLOCKS):
        yield _message(together, answer)


def _message(parts: Sequence[_Part], answer: Answer) -> Message:
    text = "".join(part.text for part in parts)
    notified = mrkdwn(shortened(text, NOTIFIED * 2 // 3)) or " ".join(
        source_line(one, answer.lang) for one in answer.sources
    )
    return Message(text=shortened(notified, NOTIFIED) or "…", blocks=tuple(part.block for part in parts))
