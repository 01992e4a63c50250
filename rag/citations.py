"""An LLM's text as it comes → whole sentences, each with the numbers of the sources that it cites. Pure.

In: pieces of text, cut anywhere. Out: sentences without their markers. Understood are ``[1]``, ``【1】``, ``[1][2]``,
``[1, 2]`` and ``[1-3]``, before or behind the full stop; a marker belongs to the sentence that ends before it or holds
it. A sentence is given out once the text behind it shows that it has ended, so that a later piece changes nothing of
it. Refuses nothing.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec
import regex

from index.records import Span
from index.sentences import sentence_spans
from rag.markers import Marked, begun, find_markers, read_markers

LONGEST = 1200
"""Characters without the end of a sentence, after which one is made: all of them are read anew with every piece."""
GROWN = 50
"""So that this costs no more for a long text, it is only read anew once it has grown by such a part."""
_WORD_BEHIND = regex.compile(r"\s+\S+\s")
_ANY_BEHIND = regex.compile(r"\s*\n|\s+\S|\S")
_ENDED = regex.compile(r"[.!?…‥。！？।॥؟۔።][\p{Pe}\p{Pf}\p{Pi}\"'’]*$")
_SIGNS = 12
"""The last of a sentence, its end sign and the quotes that close behind it."""
_ENDED_WITHOUT_SIGN = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]$")


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """As the LLM wrote it, less its markers."""

    text: str
    numbers: tuple[int, ...]
    """In order, none twice; empty where nothing is cited."""
    begins_paragraph: bool = False


class Sentences:
    """What one answer has brought so far."""

    def __init__(self, lang: str) -> None:
        """``lang``: of the answer, for where sentences end."""
        self._lang = lang
        self._buffer = ""
        self._looked_at = 0
        self._paragraph = False

    def feed(self, piece: str) -> list[Sentence]:
        """The sentences that have ended with this piece."""
        return [one for at in range(0, len(piece), LONGEST) for one in self._fed(piece[at : at + LONGEST])]

    def _fed(self, piece: str) -> list[Sentence]:
        is_same_word = piece.isalnum() and self._buffer[-1:].isalnum()
        self._buffer += piece
        has_grown = len(self._buffer) - self._looked_at >= len(self._buffer) // GROWN
        found = list(self._ended()) if has_grown and not is_same_word else []
        return found if len(self._buffer) <= LONGEST else [*found, *self.end()]

    def end(self) -> list[Sentence]:
        """The rest; the last one may have been cut off (``is_whole``)."""
        marked = read_markers(self._buffer)
        self._buffer, self._looked_at = "", 0
        return list(self._sentences(marked, len(marked.text)))

    def _ended(self) -> Iterator[Sentence]:
        sure = self._buffer[: begun(self._buffer)]
        marked = read_markers(sure)
        end = _last_end(marked, self._lang)
        if end:
            yield from self._sentences(marked, end)
            self._buffer = self._buffer[_place(sure, marked, end) :]
        self._looked_at = len(self._buffer)

    def _sentences(self, marked: Marked, until: int) -> Iterator[Sentence]:
        """Those of ``marked.text[:until]``."""
        text = marked.text[:until]
        spans = list(_spans(text, [at for at, _ in marked.markers if at <= until], self._lang))
        previous = 0
        for place, span in enumerate(spans):
            upto = spans[place + 1].start if place + 1 < len(spans) else len(text)
            first = 0 if place == 0 else span.start
            numbers = [number for at, some in marked.markers if _belongs(at, first, upto, until) for number in some]
            self._paragraph = self._paragraph or "\n" in text[previous : span.start]
            yield Sentence(
                text=text[span.start : span.end],
                numbers=tuple(dict.fromkeys(numbers)),
                begins_paragraph=self._paragraph,
            )
            self._paragraph = False
            previous = span.end
        self._paragraph = self._paragraph or "\n" in text[previous:]


def is_whole(last: Sentence) -> bool:
    """Whether the last sentence of a text has a marker or an end."""
    return bool(last.numbers or _ENDED.search(last.text) or _ENDED_WITHOUT_SIGN.search(last.text))


def _belongs(at: int, start: int, upto: int, until: int) -> bool:
    """A marker right where a sentence begins is that of the sentence before, except at the very beginning."""
    return (start < at or at == start == 0) and (at < upto or at == upto)


def _last_end(marked: Marked, lang: str) -> int:
    """Where the last sentence ends that has surely ended; 0 where none has."""
    spans = list(_spans(marked.text, [at for at, _ in marked.markers], lang))
    for span in reversed(spans):
        if not any(map(str.isalnum, marked.text[: span.end])):
            break
        behind = marked.text[span.end :]
        is_marked = any(span.end == at for at, _ in marked.markers) or _ends_marked(marked, span.end)
        if "\n" in behind or (_ANY_BEHIND if is_marked else _WORD_BEHIND).match(behind):
            return span.end
    return 0


def _spans(text: str, markers: Sequence[int], lang: str) -> Iterator[Span]:
    """Of the sentences; one surely ends where a marker stands between its last sign and the beginning of the next."""
    ends = [at for at in markers if _ENDED.search(text, max(0, at - _SIGNS), at) and not _goes_on(text[at:])]
    for start, end in pairwise([0, *dict.fromkeys(ends), len(text)]):
        yield from (Span(start + one.start, start + one.end) for one in sentence_spans(text[start:end], lang))


def _goes_on(behind: str) -> bool:
    rest = behind.lstrip()
    return not rest or rest[0].islower() or rest[0] in ",;:)"


def _ends_marked(marked: Marked, end: int) -> bool:
    """Whether a marker stands right before the full stop: ``cars [1].``"""
    last = marked.text[:end].rstrip(".。!?！？।")
    return len(last) < end and any(at == len(last) for at, _ in marked.markers)


def _place(sure: str, marked: Marked, end: int) -> int:
    """In ``sure``, behind ``marked.text[:end]`` and the markers that follow it."""
    shift, at = 0, 0
    for marker in find_markers(sure):
        if marker.start - shift > end:
            continue
        shift += marker.end - marker.start
        at = marker.end
    return max(at, end + shift) if shift else end
