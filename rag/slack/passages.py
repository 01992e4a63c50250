"""Slack's dialogues: the passage behind a quote, and what was wrong with an answer; pure.

In: what is to be shown, and the reader's language. Out: views. Refuses nothing: a quote that no longer stands in its
article gives a view that says so.
"""

import msgspec

from index.records import ArticleDetail
from rag.feedback_records import Reason
from rag.slack.blocks import TEXT, Block, mrkdwn_text, plain_text, shortened
from rag.slack.escaping import link
from rag.slack.words import words

REASON_VIEW = "kilde_reason"
REASONS: tuple[Reason, ...] = ("wrong", "outdated", "missing_source", "wrong_language", "other")
TITLE = 24
AROUND = 1000
"""Characters of the article on each side of the quote."""
COMMENT = 2000


class Place(msgspec.Struct, frozen=True):
    """Where a quote stands: what the option of the passage menu says."""

    article_id: str
    start: int
    end: int
    sha256: str
    """Its first characters."""


def read_place(value: str) -> Place:
    article_id, start, end, sha256 = value.rsplit(" ", 3)
    return Place(article_id, int(start), int(end), sha256)


def passage_view(article: ArticleDetail | None, place: Place, lang: str) -> Block:
    """The quote in bold, with what stands around it."""
    own = words(lang)
    if article is None or not article.content_sha256.startswith(place.sha256):
        return _view(own.passage, own.close, [{"type": "section", "text": plain_text(own.changed, TEXT)}])
    first, last = max(0, place.start - AROUND), place.end + AROUND
    parts = (article.text[first : place.start], article.text[place.start : place.end], article.text[place.end : last])
    before, quote, after = parts[0], shortened(parts[1], TEXT - 2 * AROUND), parts[2]
    shown = [
        _text(("…" if first else "") + before),
        _text(quote, bold=True),
        _text(after + ("…" if last < len(article.text) else "")),
    ]
    section = {"type": "rich_text_section", "elements": [one for one in shown if one["text"]]}
    named: Block = {"type": "context", "elements": [mrkdwn_text(link(article.url, article.title or article.path))]}
    return _view(own.passage, own.close, [named, {"type": "rich_text", "elements": [section]}])


def reason_view(message_id: str, lang: str) -> Block:
    """Asks what was wrong; the answer's id comes back with the reply."""
    own = words(lang)
    options: list[Block] = [{"text": plain_text(getattr(own, reason)), "value": reason} for reason in REASONS]
    inputs: list[Block] = [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain_text(own.why),
            "element": {"type": "radio_buttons", "action_id": "reason", "options": options},
        },
        {
            "type": "input",
            "block_id": "comment",
            "optional": True,
            "label": plain_text(own.comment),
            "element": {"type": "plain_text_input", "action_id": "comment", "multiline": True, "max_length": COMMENT},
        },
    ]
    view = _view(own.why_title, own.close, inputs)
    return view | {"callback_id": REASON_VIEW, "private_metadata": message_id, "submit": plain_text(own.send, TITLE)}


def _view(title: str, close: str, blocks: list[Block]) -> Block:
    return {"type": "modal", "title": plain_text(title, TITLE), "close": plain_text(close, TITLE), "blocks": blocks}


def _text(text: str, *, bold: bool = False) -> Block:
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})
