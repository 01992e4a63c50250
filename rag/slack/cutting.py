"""Long text → pieces that fit; pure.

In: a text, the most characters of a piece, and ranges that must stay whole. Out: adjacent slices, together the text.
Cuts after a paragraph where there is one in the second half of a piece, else after a sentence, a word, a character as
readers count them. Refuses nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import regex

T = TypeVar("T")

_BETTER_FIRST = (
    regex.compile(r"\n\s*\n\s*"),
    regex.compile(r"\n\s*|(?<=[.!?…。！？؟।])[\s\u2069\"”»]*(?:\[\d+\])?\s+|(?<=[。！？])"),
    regex.compile(r"\s+"),
)
_CHARACTER = regex.compile(r"\X")


def slices(text: str, most: int, whole: Sequence[tuple[int, int]] = ()) -> Iterator[tuple[int, int]]:
    """Start and end, end exclusive; none for an empty text. ``most`` is at least 100."""
    start = 0
    while len(text) - start > most:
        end = _outside(_cut(text, start, start + most), start, whole)
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def packed(items: Sequence[T], size: Callable[[T], int], most: int, count: int | None = None) -> Iterator[list[T]]:
    """Neighbours together, up to ``count`` of them and ``most`` in size; a larger one alone."""
    together: list[T] = []
    total = 0
    for item in items:
        if together and (len(together) == count or total + size(item) > most):
            yield together
            together, total = [], 0
        together.append(item)
        total += size(item)
    if together:
        yield together


def _cut(text: str, start: int, end: int) -> int:
    half = start + (end - start) // 2
    for pattern in _BETTER_FIRST:
        ends = [found.end() for found in pattern.finditer(text, half, end)]
        if ends:
            return ends[-1]
    last = start
    for found in _CHARACTER.finditer(text, max(start, end - 60), end + 60):
        if found.end() > end:
            break
        last = found.end()
    return last if last > start else end


def _outside(cut: int, start: int, whole: Sequence[tuple[int, int]]) -> int:
    """``cut``, or where the range begins that it would part."""
    return next((first for first, last in whole if first < cut < last and first > start), cut)
