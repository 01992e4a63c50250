"""An article → its chunks, by structure and sentences. Pure.

In: an article, the encoder's token count and window. Out: chunks in order, without overlap, that together hold every
block's text, cut between sentences, list items and table rows; only one of these that alone exceeds the window is cut
inside, at a space, or between characters where a script has none. A chunk stays within one section, except that tiny
neighbours under one heading share a chunk and a lone heading goes with what follows it.
Refuses a window too small to hold any text. A change of where it cuts needs a new ``CHUNKER_VERSION``.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

import regex

from index.quotable import Unit, quotable
from index.records import Article, Block, Chunk, Span
from index.sentences import sentence_spans

TARGET_TOKENS = 200
_SENTENCE_KINDS = frozenset({"paragraph", "description", "quote"})
_LONG_ITEM = 300
"""Characters from which on a list item is quoted by the sentence."""
_SEPARATOR = " › "
_SMALLEST_ROOM = 8
_LONGEST_TOKEN = 20
"""Characters per token that no text exceeds by much; what is longer is cut before it is counted."""
_SMALL_SHARE = 5
"""A section or remainder under a fifth of the target is small."""
_LETTER = regex.compile(r"\X")


class _Unit(NamedTuple):
    """What is never cut: a sentence, a list item, a table row, a caption, a title, a heading."""

    start: int
    end: int
    tokens: int
    block: Block


class _Draft(NamedTuple):
    """A chunk to be, and the section that it begins in."""

    path: tuple[str, ...]
    units: list[_Unit]

    @property
    def tokens(self) -> int:
        return sum(unit.tokens for unit in self.units)

    def has(self, kind: str) -> bool:
        return any(unit.block.kind == kind for unit in self.units)

    def is_lone_heading(self) -> bool:
        return all(unit.block.kind == "heading" for unit in self.units)


class _Counter:
    """Tokens of texts that will stand in one chunk: counts that can be added up."""

    def __init__(self, count_tokens: Callable[[str], int]) -> None:
        self.count = count_tokens
        self.frame = count_tokens("")

    def added(self, text: str) -> int:
        return self.count(text) - self.frame


def chunk(
    article: Article,
    *,
    count_tokens: Callable[[str], int],
    max_tokens: int,
    target_tokens: int = TARGET_TOKENS,
) -> tuple[Chunk, ...]:
    """Chunks in order; none for an article without blocks.

    ``count_tokens(c.embed_text) <= max_tokens`` for every chunk, and its text has about ``target_tokens`` at most.
    ``count_tokens`` is called a few times per sentence.
    """
    counter = _Counter(count_tokens)
    room = max_tokens - counter.frame
    if room < _SMALLEST_ROOM:
        raise ValueError(f"A window of {max_tokens} tokens leaves no room for text.")
    drafts: list[_Draft] = []
    for path, blocks in _sections(article):
        limit = room - min(room // 2, counter.added(_prefix((article.title, *path))))
        target = min(target_tokens, limit)
        units = [unit for block in blocks for unit in _units(article, block, counter, room)]
        packed = [_Draft(path, pack) for pack in _packed(units, target)]
        drafts = _joined(drafts, _without_small_tail(packed, target, limit), target, limit)
    drafts = _without_lone_end(drafts)
    fitting = (part for draft in drafts for part in _fitting(article, draft.units, count_tokens, max_tokens))
    return tuple(_chunk(article, ordinal, units, embed) for ordinal, (units, embed) in enumerate(fitting))


def _sections(article: Article) -> Iterator[tuple[tuple[str, ...], list[Block]]]:
    """Headings, the section's own last, with the blocks under them up to the next heading."""
    path: tuple[str, ...] = ()
    blocks: list[Block] = []
    for block in article.blocks:
        section = _section_of(article, block)
        if blocks and (block.kind == "heading" or section != path):
            yield path, blocks
            blocks = []
        path = section
        blocks.append(block)
    if blocks:
        yield path, blocks


def _units(article: Article, block: Block, counter: _Counter, room: int) -> Iterator[_Unit]:
    text = article.text[block.start : block.end]
    by_sentence = block.kind in _SENTENCE_KINDS or (block.kind == "list_item" and len(text) > _LONG_ITEM)
    spans = sentence_spans(text, article.lang) if by_sentence else (Span(0, len(text)),)
    for span in spans:
        for part, tokens in _windows(text, span, counter, room):
            yield _Unit(block.start + part.start, block.start + part.end, tokens, block)


def _windows(text: str, span: Span, counter: _Counter, limit: int) -> Iterator[tuple[Span, int]]:
    """The span with its tokens, or where it exceeds the limit its parts with theirs, cut at a space if there is one."""
    size = span.end - span.start
    tokens = counter.added(text[span.start : span.end]) if size <= limit * _LONGEST_TOKEN else size
    if tokens <= limit or size == 1:
        yield span, tokens
        return
    length = max(1, size * limit * 9 // (tokens * 10))
    start = span.start
    while start < span.end:
        if text[start].isspace():
            start += 1
            continue
        stop = _cut(text, start, min(start + length, span.end), span.end)
        yield from _windows(text, Span(start, start + len(text[start:stop].rstrip())), counter, limit)
        start = stop


def _cut(text: str, start: int, stop: int, end: int) -> int:
    """The last place to cut at or before ``stop``: behind a space, else between letters with their marks."""
    if stop == end:
        return end
    space = max(text.rfind(" ", start, stop), text.rfind("\n", start, stop))
    if space > start:
        return space + 1
    # A slice, since the letters of a flag are found by looking back over all flags before it; begun at a whole flag.
    begin = start + max(0, stop - start - 8) // 2 * 2
    letters = list(_LETTER.finditer(text[begin:stop]))
    return begin + letters[-1].start() if letters and begin + letters[-1].start() > start else stop


def _packed(units: list[_Unit], target: int) -> Iterator[list[_Unit]]:
    """Units of one section, filled up to the target, rather cut between blocks than within one."""
    pack: list[_Unit] = []
    size = 0
    for block, group in groupby(units, key=lambda unit: unit.block):
        of_block = list(group)
        fits = size + sum(unit.tokens for unit in of_block) <= target
        if not fits and size * 2 >= target and block.kind != "heading":
            yield pack
            pack, size = [], 0
        for unit in of_block:
            if pack and size + unit.tokens > target and any(one.block.kind != "heading" for one in pack):
                yield pack
                pack, size = [], 0
            pack.append(unit)
            size += unit.tokens
    if pack:
        yield pack


def _without_small_tail(packed: list[_Draft], target: int, limit: int) -> list[_Draft]:
    if len(packed) < 2 or not _is_small(packed[-1], target) or packed[-2].tokens + packed[-1].tokens > limit:
        return packed
    return [*packed[:-2], _together(packed[-2], packed[-1])]


def _joined(drafts: list[_Draft], packed: list[_Draft], target: int, limit: int) -> list[_Draft]:
    """The drafts so far with those of the next section; its first one joins the last where they belong together."""
    if not drafts or not packed:
        return drafts + packed
    last, first = drafts[-1], packed[0]
    tokens = last.tokens + first.tokens
    carries_on = last.is_lone_heading() and tokens <= limit
    shares = len(packed) == 1 and tokens <= target and _may_share(last, first, target)
    return [*drafts[:-1], _together(last, first), *packed[1:]] if carries_on or shares else drafts + packed


def _may_share(last: _Draft, first: _Draft, target: int) -> bool:
    """Siblings, or a parent's own text and its first child; one of them small, and neither with a table."""
    related = first.path[:-1] in (last.path, last.path[:-1])
    small = _is_small(last, target) or _is_small(first, target)
    return related and small and not (last.has("table_row") or first.has("table_row"))


def _is_small(draft: _Draft, target: int) -> bool:
    return draft.tokens * _SMALL_SHARE < target


def _together(first: _Draft, second: _Draft) -> _Draft:
    return _Draft(first.path, first.units + second.units)


def _without_lone_end(drafts: list[_Draft]) -> list[_Draft]:
    if len(drafts) < 2 or not drafts[-1].is_lone_heading():
        return drafts
    return [*drafts[:-2], _together(drafts[-2], drafts[-1])]


def _fitting(
    article: Article, units: list[_Unit], count_tokens: Callable[[str], int], max_tokens: int
) -> Iterator[tuple[list[_Unit], str]]:
    """The units with their text to embed, halved where counts that were added up came out too low."""
    embed = next((text for text in _embed_texts(article, units) if count_tokens(text) <= max_tokens), None)
    if embed is not None or len(units) == 1:
        yield units, embed or article.text[units[0].start : units[0].end]
        return
    half = len(units) // 2
    yield from _fitting(article, units[:half], count_tokens, max_tokens)
    yield from _fitting(article, units[half:], count_tokens, max_tokens)


def _embed_texts(article: Article, units: list[_Unit]) -> Iterator[str]:
    """With title and headings, then with ever fewer of them; the title is left out where the text begins with it."""
    text = article.text[units[0].start : units[-1].end]
    headings = units[0].block.headings
    names = headings if text.startswith(article.title.removesuffix("…")) else (article.title, *headings)
    for left_out in range(len(names) + 1):
        yield _prefix(names[left_out:]) + text


def _prefix(names: tuple[str, ...]) -> str:
    return _SEPARATOR.join(names) + "\n" if any(names) else ""


def _chunk(article: Article, ordinal: int, units: list[_Unit], embed_text: str) -> Chunk:
    start, end = units[0].start, units[-1].end
    return Chunk(
        ordinal=ordinal,
        start=start,
        end=end,
        text=article.text[start:end],
        headings=_section_of(article, units[0].block),
        embed_text=embed_text,
        sentences=quotable(
            [Unit(unit.block.kind, unit.start, unit.end, article.text[unit.start : unit.end]) for unit in units]
        ),
    )


def _section_of(article: Article, block: Block) -> tuple[str, ...]:
    own = (article.text[block.start : block.end],) if block.kind == "heading" else ()
    return block.headings + own
