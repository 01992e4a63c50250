"""The markers by which an LLM cites, in a text. Pure, and in a time that grows with the length of the text alone.

In: text. Out: where its markers stand and which numbers they list; the text without them; where one may have begun that
the next piece completes. Understood are ``[1]``, ``【1】``, ``[1, 2]``, ``[1-3]``, ``[^1]``, ``(Source [1])`` and more
of that kind. Refuses nothing: what lists too many numbers, or is a link, is no marker.
"""

from collections.abc import Iterator

import msgspec
import regex

MOST_NUMBERS = 8
"""That one marker may list; a range beyond is none."""
_NUMBER = r"\d{1,3}"
_SPACES = " \u00a0"
_GAP = r"[^\S\n]{0,3}"
"""No marker goes over the end of a line."""
_OPEN, _CLOSE = r"[\[【［]", r"[\]】］]"
_LIST = rf"{_NUMBER}(?:†[^\]】］\n]{{0,40}})?(?:{_GAP}[,;，、–-]{_GAP}{_NUMBER}){{0,{MOST_NUMBERS}}}+"
_SOURCE = (
    r"(?:sources?|quellen?|bron(?:nen)?|kilder?|källa|källor|fuentes?|fontes?|fonti|zdroje?|lähde|lähteet|kaynak"
    r"|źródł[ao]|источники?|джерел[оа]|المصدر|出典|来源|來源|출처)"
)
_PAGE = rf"(?:{_GAP}[,;]{_GAP}(?:pp?|s|str|стр|с)\.{_GAP}\d+(?:{_GAP}[–-]{_GAP}\d+)?)?"
_IN_BRACKETS = regex.compile(
    rf"{_OPEN}{_GAP}\^?(?:{_SOURCE}{_GAP}:?{_GAP})?(?P<list>{_LIST}){_PAGE}{_GAP}{_CLOSE}(?!(?<=\])\()",
    regex.IGNORECASE,
)
_WORD_BEFORE = regex.compile(
    rf"(?:(?P<round>\(){_GAP}|(?<=[.!?。！？]{_GAP})){_SOURCE}{_GAP}:?{_GAP}\Z", regex.IGNORECASE
)
_ROUND_BEFORE = regex.compile(rf"(?P<round>\(){_GAP}\Z")
_ROUND_BEHIND = regex.compile(rf"{_GAP}\)")
_WIDTH = 40
"""Characters, of which a word for a source before a marker takes fewer."""
_IS_SOURCE = regex.compile(_SOURCE, regex.IGNORECASE)
_BEGUN_BRACKETS = rf"(?:{_OPEN}[^\]】］\n]{{0,48}}|{_OPEN}[^\]】］\n]{{0,48}}{_CLOSE}{_GAP})"
_BEGUN_MARKER = regex.compile(rf"{_BEGUN_BRACKETS}?\Z")
_BEGUN_WITH_WORD = regex.compile(
    rf"(?:\({_GAP}|(?<=[.!?。！？]{_GAP}))(?:(?P<word>\p{{L}}{{1,12}}){_GAP}:?{_GAP})?{_BEGUN_BRACKETS}?\Z"
)
"""What may still become a marker, or the link that begins like one."""
_BEGUN_WIDTH = 160
"""Characters at the end of a text in which such a beginning lies."""


class Marker(msgspec.Struct, frozen=True):
    """``text[start:end]``, with the spaces before it and the brackets around it."""

    start: int
    end: int
    numbers: tuple[int, ...]


class Marked(msgspec.Struct, frozen=True):
    """A text without its markers, and where they stood."""

    text: str
    markers: tuple[tuple[int, tuple[int, ...]], ...]


def find_markers(text: str) -> Iterator[Marker]:
    """In their order."""
    behind = 0
    for match in _IN_BRACKETS.finditer(text):
        numbers = _numbers(match["list"])
        if not numbers:
            continue
        start, end = _with_word(text, behind, match.start(), match.end())
        while start > behind and text[start - 1] in _SPACES:
            start -= 1
        yield Marker(start, end, numbers)
        behind = end


def read_markers(text: str) -> Marked:
    """Every marker, with the place in the text without them at which it stood."""
    parts: list[str] = []
    markers, length, at = [], 0, 0
    for marker in find_markers(text):
        parts.append(text[at : marker.start])
        length += marker.start - at
        markers.append((length, marker.numbers))
        at = marker.end
    return Marked("".join([*parts, text[at:]]), tuple(markers))


def begun(text: str) -> int:
    """Where what may still become a marker begins at the end of the text; its length where nothing may."""
    first = max(0, len(text) - _BEGUN_WIDTH)
    with_word, alone = _BEGUN_WITH_WORD.search(text, first), _BEGUN_MARKER.search(text, first)
    is_source = with_word and (not with_word["word"] or _IS_SOURCE.fullmatch(with_word["word"], partial=True))
    start = with_word.start() if with_word and is_source else alone.start() if alone else len(text)
    while start > first and text[start - 1] in _SPACES:
        start -= 1
    return start


def _with_word(text: str, behind: int, start: int, end: int) -> tuple[int, int]:
    """The brackets from ``start`` to ``end`` with the word for a source before them and what is round both."""
    first = max(behind, start - _WIDTH)
    closing = _ROUND_BEHIND.match(text, end)
    if found := _WORD_BEFORE.search(text, first, start):
        start = found.start()
        if found["round"] and not closing:
            return found.end("round"), end
    elif closing:
        found = _ROUND_BEFORE.search(text, first, start)
        start = found.start() if found else start
    return start, closing.end() if closing and found and found["round"] else end


def _numbers(listed: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in regex.split(r"[,;，、]", regex.sub(r"†[^,;，、]*", "", listed)):
        first, *last = (int(number) for number in regex.findall(_NUMBER, part))
        found += range(first, (last[0] if last else first) + 1)
    return tuple(found) if len(found) <= MOST_NUMBERS else ()
