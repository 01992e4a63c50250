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

MOST_NUMBERS = 8
"""That one marker may list; a range beyond is none."""
LONGEST = 2400
"""Characters without the end of a sentence, after which one is made: all of them are read anew with every piece."""
_NUMBER = r"\d{1,3}"
_GAP = r"[^\S\n]{0,3}"
"""No marker goes over the end of a line."""
_OPEN, _CLOSE = r"[\[【［]", r"[\]】］]"
_LIST = rf"{_NUMBER}(?:†[^\]】］\n]{{0,40}})?(?:{_GAP}[,;，、–-]{_GAP}{_NUMBER})*"
_SOURCE = (
    r"(?:sources?|quellen?|bron(?:nen)?|kilder?|källa|källor|fuentes?|fontes?|fonti|zdroje?|lähde|lähteet|kaynak"
    r"|źródł[ao]|источники?|джерел[оа]|المصدر|出典|来源|來源|출처)"
)
_PAGE = rf"(?:{_GAP}[,;]{_GAP}(?:pp?|s|str|стр|с)\.{_GAP}\d+(?:{_GAP}[–-]{_GAP}\d+)?)?"
_IN_BRACKETS = rf"{_OPEN}{_GAP}\^?(?:{_SOURCE}{_GAP}:?{_GAP})?(?P<list>{_LIST}){_PAGE}{_GAP}{_CLOSE}"
_MARKER = regex.compile(
    rf"[ \u00a0]*(?:(?P<round>\({_GAP})|(?<=[.!?。！？][ \u00a0]*))?"
    rf"(?:(?<=\({_GAP}|[.!?。！？][ \u00a0]*){_SOURCE}{_GAP}:?{_GAP})?"
    rf"{_IN_BRACKETS}(?(round){_GAP}\))(?!(?<=\])\()",
    regex.IGNORECASE,
)
_IS_SOURCE = regex.compile(_SOURCE, regex.IGNORECASE)
_BEGUN_BRACKETS = rf"(?:{_OPEN}[^\]】］\n]{{0,48}}|{_OPEN}[^\]】］\n]{{0,48}}{_CLOSE}{_GAP})"
_BEGUN_MARKER = regex.compile(rf"[ \u00a0]*{_BEGUN_BRACKETS}?\Z")
_BEGUN_WITH_WORD = regex.compile(
    rf"(?:[ \u00a0]*\({_GAP}|(?<=[.!?。！？])[ \u00a0]*)"
    rf"(?:(?P<word>\p{{L}}{{1,12}}){_GAP}:?{_GAP})?{_BEGUN_BRACKETS}?\Z"
)
"""What may still become a marker, or the link that begins like one."""
_WORD_BEHIND = regex.compile(r"\s+\S+\s")
_ANY_BEHIND = regex.compile(r"\s*\n|\s+\S|\S")
_ENDED = regex.compile(r"[.!?…‥。！？।॥؟۔።][\p{Pe}\p{Pf}\p{Pi}\"'’]*$")
_ENDED_WITHOUT_SIGN = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]$")


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """As the LLM wrote it, less its markers."""

    text: str
    numbers: tuple[int, ...]
    """In order, none twice; empty where nothing is cited."""
    begins_paragraph: bool = False


class Marked(msgspec.Struct, frozen=True):
    """A text without its markers, and where they stood."""

    text: str
    markers: tuple[tuple[int, tuple[int, ...]], ...]


class Sentences:
    """What one answer has brought so far."""

    def __init__(self, lang: str) -> None:
        """``lang``: of the answer, for where sentences end."""
        self._lang = lang
        self._buffer = ""
        self._paragraph = False

    def feed(self, piece: str) -> list[Sentence]:
        """The sentences that have ended with this piece."""
        return [one for at in range(0, len(piece), LONGEST) for one in self._fed(piece[at : at + LONGEST])]

    def _fed(self, piece: str) -> list[Sentence]:
        self._buffer += piece
        found = list(self._ended())
        return found if len(self._buffer) <= LONGEST else [*found, *self.end()]

    def end(self) -> list[Sentence]:
        """The rest; the last one may have been cut off (``is_whole``)."""
        marked = read_markers(self._buffer)
        self._buffer = ""
        return list(self._sentences(marked, len(marked.text)))

    def _ended(self) -> Iterator[Sentence]:
        sure = self._buffer[: _begun(self._buffer)]
        marked = read_markers(sure)
        end = _last_end(marked, self._lang)
        if not end:
            return
        yield from self._sentences(marked, end)
        self._buffer = self._buffer[_place(sure, marked, end) :]

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


def _begun(text: str) -> int:
    """Where what may still become a marker begins at the end of the text."""
    with_word, alone = _BEGUN_WITH_WORD.search(text), _BEGUN_MARKER.search(text)
    if with_word and not (with_word["word"] and not _IS_SOURCE.fullmatch(with_word["word"], partial=True)):
        return with_word.start()
    return alone.start() if alone else len(text)


def is_whole(last: Sentence) -> bool:
    """Whether the last sentence of a text has a marker or an end."""
    return bool(last.numbers or _ENDED.search(last.text) or _ENDED_WITHOUT_SIGN.search(last.text))


def read_markers(text: str) -> Marked:
    """Every marker, with the place in the text without them at which it stood."""
    plain, markers, at = "", [], 0
    for match in _MARKER.finditer(text):
        numbers = _numbers(match["list"])
        if not numbers:
            continue
        plain += text[at : match.start()]
        markers.append((len(plain), numbers))
        at = match.end()
    return Marked(plain + text[at:], tuple(markers))


def _numbers(listed: str) -> tuple[int, ...]:
    found: list[int] = []
    for part in regex.split(r"[,;，、]", regex.sub(r"†[^,;，、]*", "", listed)):
        first, *last = (int(number) for number in regex.findall(_NUMBER, part))
        found += range(first, (last[0] if last else first) + 1)
    return tuple(found) if len(found) <= MOST_NUMBERS else ()


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
    ends = [at for at in markers if _ENDED.search(text[:at]) and not _goes_on(text[at:])]
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
    for match in _MARKER.finditer(sure):
        if not _numbers(match["list"]) or match.start() - shift > end:
            continue
        shift += match.end() - match.start()
        at = match.end()
    return max(at, end + shift) if shift else end
