"""A sentence → its clauses: what may have been added to a sentence that is right without it.

In: text. Out: spans, in order, between the marks that set clauses off. Pieces of fewer than three words (or six
characters, in scripts without spaces) are names and lists and are left out. Pure.
"""

import regex

from index.records import Span

LEAST_WORDS, LEAST_CHARACTERS = 3, 6
_MARKS = regex.compile(r"(?<!\d)[,;:—–()،，、；：؛]+|[,;:—–()،，、；：؛]+(?!\d)")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}'’]+")
_CHARACTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")


def clauses(text: str) -> list[Span]:
    edges = [0, *(edge for mark in _MARKS.finditer(text) for edge in mark.span()), len(text)]
    pieces = [Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return [piece for piece in pieces if _is_long(text[piece.start : piece.end])]


def _is_long(piece: str) -> bool:
    return len(_WORD.findall(piece)) >= LEAST_WORDS or len(_CHARACTER.findall(piece)) >= LEAST_CHARACTERS
