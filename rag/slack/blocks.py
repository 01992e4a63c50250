"""An answer → Slack's blocks; pure.

In: an answer, or a part of its text. Out: blocks, each within Slack's limits. The text stands in ``rich_text``, which
is literal: nothing in it becomes a mention, a link or formatting but what is made one here. Sources are context blocks:
title with link, language and date, then the quotes as plain text. Refuses nothing.
"""

from collections.abc import Iterator, Sequence

import msgspec

from index.languages import UNDETERMINED, base
from rag.framing import date_text, locale_of
from rag.records import Answer, Citation, Source
from rag.slack.cutting import packed
from rag.slack.escaping import link, mrkdwn, web_address
from rag.slack.words import Words, words

Block = dict[str, object]

FEEDBACK, PASSAGE, HELP = "kilde_feedback", "kilde_passage", "kilde_help"
"""Action ids."""
_ACTIONS = "kilde_actions."
TEXT, LABEL, OPTION, QUOTE = 3000, 75, 150, 1500
"""Characters that Slack allows in a text, a label and an option's value; and those of a quote that are shown."""
ELEMENTS, OPTIONS = 10, 100
WRITTEN = 5000
"""Characters of one block as JSON: a message has room for two."""
TITLE = 200
"""Characters of a title; with its address it stays within a text, however much has to be escaped."""


class _Piece(msgspec.Struct, frozen=True):
    """A range of the answer that is more than plain."""

    start: int
    end: int
    url: str | None = None


def markers(answer: Answer) -> tuple[tuple[int, int], ...]:
    """Where ``[n]`` stands behind each citation."""
    return tuple((piece.start, piece.end) for piece in _pieces(answer) if piece.url is not None)


def text_block(answer: Answer, start: int, end: int) -> Block:
    """A slice of the text: short answers in bold, markers as links to the quote in its article."""
    elements: list[Block] = []
    at = start
    for piece in _pieces(answer):
        first, last = max(piece.start, at), min(piece.end, end)
        if first >= last:
            continue
        elements += _plain(answer.text[at:first])
        shown = answer.text[first:last]
        style: Block = {"type": "link", "url": piece.url} if piece.url else {"type": "text", "style": {"bold": True}}
        elements.append(style | {"text": shown})
        at = last
    elements += _plain(answer.text[at:end])
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def tail_blocks(answer: Answer, *, with_help: bool) -> tuple[Block, ...]:
    """What stands under the text: sources, where to read on, and what can be done; nothing under small talk."""
    if answer.status == "out_of_scope":
        return ()
    own = words(answer.lang)
    notice = _context(mrkdwn_text(own.notice))
    return (*_sources(answer), notice, *_actions(answer, own, with_help), _feedback(answer, own))


def source_line(source: Source, lang: str) -> str:
    """mrkdwn: number, title with link, language, date."""
    name = None if source.lang == UNDETERMINED else locale_of(lang).languages.get(base(source.lang))
    details = [name, date_text(source.published, lang) if source.published else ""]
    number = f"[{source.n}] " if source.n else ""
    title = link(source.url, shortened(source.title or source.path, TITLE))
    return " · ".join([number + title, *(mrkdwn(one) for one in details if one)])


def mrkdwn_text(escaped: str) -> Block:
    """``verbatim``: Slack makes nothing of names and addresses in it."""
    return {"type": "mrkdwn", "text": escaped, "verbatim": True}


def plain_text(text: str, most: int = LABEL) -> Block:
    return {"type": "plain_text", "text": shortened(text, most), "emoji": False}


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def written_size(block: Block) -> int:
    """Characters as JSON."""
    return len(msgspec.json.encode(block).decode())


def _pieces(answer: Answer) -> list[_Piece]:
    """In the order of the text, without overlaps."""
    found: list[_Piece] = []
    for citation in answer.citations:
        found += [*_bold(answer, citation), *_marker(answer, citation)]
    ordered: list[_Piece] = []
    for piece in sorted(found, key=lambda piece: piece.start):
        if not ordered or ordered[-1].end <= piece.start:
            ordered.append(piece)
    return ordered


def _bold(answer: Answer, citation: Citation) -> Iterator[_Piece]:
    place = citation.answer
    if citation.highlight and answer.text[place.start : place.end] == citation.quote:
        yield _Piece(place.start + citation.highlight.start, place.start + citation.highlight.end)


def _marker(answer: Answer, citation: Citation) -> Iterator[_Piece]:
    marker = f"[{citation.n}]"
    at = answer.text.find(marker, citation.answer.end)
    if at >= 0 and (url := web_address(citation.source.url)):
        yield _Piece(at, at + len(marker), url)


def _plain(text: str) -> list[Block]:
    return [{"type": "text", "text": text}] if text else []


def _sources(answer: Answer) -> Iterator[Block]:
    for source in answer.sources:
        quotes = [citation.quote for citation in answer.citations if citation.n == source.n]
        cited = next((one.source.url for one in answer.citations if one.n == source.n), source.url)
        line = source_line(msgspec.structs.replace(source, url=cited), answer.lang)
        elements = [mrkdwn_text(line), *(plain_text(f"“{quote}”", QUOTE) for quote in dict.fromkeys(quotes))]
        yield from (_context(*some) for some in packed(elements, written_size, WRITTEN, ELEMENTS))
    for near in answer.nearest:
        yield _context(mrkdwn_text(source_line(near, answer.lang)))


def _context(*elements: Block) -> Block:
    return {"type": "context", "elements": list(elements)}


def lang_of_actions(block_id: str) -> str:
    """Of the answer under which they stand."""
    return block_id.removeprefix(_ACTIONS)


def _actions(answer: Answer, own: Words, with_help: bool) -> Iterator[Block]:
    elements: list[Block] = []
    if options := _passages(answer.citations):
        elements.append(
            {"type": "static_select", "action_id": PASSAGE, "placeholder": plain_text(own.passage), "options": options}
        )
    if with_help:
        elements.append(
            {"type": "button", "action_id": HELP, "text": plain_text(own.ask_human), "value": f"help {answer.lang}"}
        )
    if elements:
        yield {"type": "actions", "block_id": _ACTIONS + answer.lang, "elements": elements}


def _passages(citations: Sequence[Citation]) -> list[Block]:
    """One for each quote; its value says where the quote stands, so that the passage can be read anew."""
    named: dict[str, str] = {}
    for citation in citations:
        source = citation.source
        value = f"{source.article_id} {source.start} {source.end} {source.content_sha256[:16]}"
        named.setdefault(value, f"[{citation.n}] {citation.quote}")
    fitting = {value: label for value, label in named.items() if len(value) <= OPTION}
    options: list[Block] = [{"text": plain_text(label), "value": value} for value, label in fitting.items()]
    return next(packed(options, written_size, WRITTEN, OPTIONS), [])


def _feedback(answer: Answer, own: Words) -> Block:
    def button(text: str, rating: str) -> Block:
        return {"text": plain_text(text), "value": f"{rating} {answer.message_id} {answer.lang}"}

    buttons = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": button(own.helpful, "up"),
        "negative_button": button(own.not_helpful, "down"),
    }
    return {"type": "context_actions", "elements": [buttons]}
