"""Plain text in, its article out. An optional date before the text is its date of publication, and no text.

The title is the first line where that stands alone like one, else the beginning of the first sentence. Then it is
not a block of its own, so that no text stands there twice.
"""

import re
from collections.abc import Iterator

from index.languages import decide, split_path
from index.readers.addresses import readable_stem
from index.readers.canonical import Piece, lay_out
from index.readers.cleaning import squeeze
from index.readers.leading_date import split_leading_date
from index.records import Article, Skipped

_TITLE_AT_MOST = 80
_HEADLINE_AT_MOST = 120
_NO_HEADLINE_END = re.compile(r"[.:;,…。：；，、।॥۔؛،][\"'”’»)\]]*$")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’»)\]]*\s|(?<=[。！？।॥])")
_BULLET = re.compile(r"[-*•‣▪◦]\s+(?=\S)")
_NUMBER = re.compile(r"(\d{1,3})[.)]\s+(?=\S)")


def read_text(path: str, source: str) -> Article | Skipped:
    published, body = split_leading_date(source)
    paragraphs = list(_paragraphs(body))
    if not paragraphs:
        return Skipped(path=path, reason="The file has no text.")
    headline = _headline(paragraphs)
    pieces = [Piece(kind="title", text=headline)] if headline else []
    group = 0
    for group, lines in enumerate(paragraphs[1:] if headline else paragraphs):
        pieces += _pieces(lines, group)
    text, blocks = lay_out(pieces)
    if not text:
        return Skipped(path=path, reason="The file has no text.")
    path_lang, work_key = split_path(path)
    return Article(
        path=path,
        work_key=work_key,
        lang=decide(path_lang=path_lang, declared=None, text=text),
        title=squeeze(headline) or _beginning(text[blocks[0].start : blocks[0].end]) or readable_stem(path),
        text=text,
        blocks=blocks,
        published=published,
    )


def _paragraphs(body: str) -> Iterator[list[str]]:
    """The lines of each paragraph. Without empty lines every line is one, unless the lines are wrapped."""
    lines = [line.strip() for line in body.strip().split("\n")]
    if "" not in lines and not _is_wrapped(lines):
        yield from ([line] for line in lines if line)
        return
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line:
            paragraph.append(line)
        elif paragraph:
            yield paragraph
            paragraph = []


def _is_wrapped(lines: list[str]) -> bool:
    """Lines of about one width, most of which end inside a sentence."""
    inner = lines[:-1]
    ends = sum(_SENTENCE_END.search(line + " ") is not None and line[-1:] in ".!?。！？" for line in inner)
    return len(inner) > 1 and 2 * ends < len(inner) and all(40 <= len(line) <= 110 for line in inner)


def _headline(paragraphs: list[list[str]]) -> str:
    first = paragraphs[0]
    alone = len(paragraphs) > 1 and len(first) == 1 and len(first[0]) <= _HEADLINE_AT_MOST
    is_item = _BULLET.match(first[0]) or _NUMBER.match(first[0])
    return first[0] if alone and not is_item and not _NO_HEADLINE_END.search(first[0]) else ""


def _beginning(text: str) -> str:
    sentence = _SENTENCE_END.split(text, maxsplit=1)[0].strip()
    if len(sentence) <= _TITLE_AT_MOST:
        return sentence
    cut = sentence[: _TITLE_AT_MOST - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(" ,;:–-") + "…"


def _pieces(lines: list[str], group: int) -> list[Piece]:
    pieces: list[Piece] = []
    expected = 1
    for line in lines:
        bullet, number = _BULLET.match(line), _NUMBER.match(line)
        marker = bullet or (number if number and int(number[1]) == expected else None)
        if marker is not None:
            expected += marker is number
            pieces.append(Piece(kind="list_item", text=line[marker.end() :], group=group))
        elif pieces:
            last = pieces[-1]
            pieces[-1] = Piece(kind=last.kind, text=f"{last.text} {line}", group=last.group)
        else:
            pieces.append(Piece(kind="paragraph", text=line))
    return pieces
