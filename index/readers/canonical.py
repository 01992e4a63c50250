"""The pieces of a page in, its canonical text and blocks out (``Article.text``, ``Article.blocks``).

Pieces of one list or table are separated by a line end, all others by an empty line. Empty pieces are dropped.
"""

from collections.abc import Iterable

import msgspec

from index.readers.cleaning import clean, squeeze
from index.records import Block, BlockKind


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One block before it has its place in the text."""

    kind: BlockKind
    text: str
    """As the page gives it; white space and invisible characters do not matter yet, except line ends in code."""
    headings: tuple[str, ...] = ()
    group: int | None = None
    """Equal for consecutive items of one list and rows of one table."""


def lay_out(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """``text[b.start:b.end]`` is the cleaned text of each block; ``("", ())`` for no pieces."""
    parts: list[str] = []
    blocks: list[Block] = []
    at, group = 0, None
    for piece in pieces:
        text = _tidy(piece)
        if not text:
            continue
        if blocks:
            gap = "\n" if piece.group is not None and piece.group == group else "\n\n"
            parts.append(gap)
            at += len(gap)
        parts.append(text)
        blocks.append(Block(kind=piece.kind, start=at, end=at + len(text), headings=piece.headings))
        at, group = at + len(text), piece.group
    return "".join(parts), tuple(blocks)


def opening(title: str, description: str) -> list[Piece]:
    """Title and description as a reader sees them first, the description unless it only repeats the title."""
    pieces = [Piece(kind="title", text=title)]
    if squeeze(description).casefold() != squeeze(title).casefold():
        pieces.append(Piece(kind="description", text=description))
    return pieces


def has_body(pieces: Iterable[Piece]) -> bool:
    """Whether anything but the title would stand in the text."""
    return any(piece.kind != "title" and _tidy(piece) for piece in pieces)


def _tidy(piece: Piece) -> str:
    if piece.kind != "code":
        return squeeze(piece.text)
    return clean("\n".join(line.rstrip() for line in clean(piece.text).expandtabs(4).split("\n"))).strip("\n")
