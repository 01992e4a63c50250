"""An HTML tree in, the pieces of the page in reading order out. Used for HTML pages and for rendered Markdown alike.

Every visible text ends in exactly one piece. Hidden elements, scripts, controls and navigation are no text.
"""

import re
from collections.abc import Iterator, Sequence

from index.readers.canonical import Piece
from index.readers.cleaning import squeeze
from index.readers.elements import (
    HEADINGS,
    INLINE,
    is_hidden,
    joined_captions,
    name,
    picture_text,
    repeats,
)
from index.readers.shortcodes import MARK, strip_marks
from index.readers.tables import Cell, table_rows
from index.readers.tree import Element
from index.records import BlockKind

_LINE_BREAK = "\ufdd2"
_ENDS_SENTENCE = re.compile(r"[.!?:;…。！？：؟।॥][\"'”’»)\]]*$")
_LONG_LINE = 20
_SPAN_AT_MOST = 100
_CELLS = ("td", "th")
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_KINDS: dict[str, BlockKind] = {"li": "list_item", "dt": "list_item", "dd": "list_item", "blockquote": "quote"}


class Walker:
    """One walk over one page. ``captions``: visible texts of the shortcodes whose marks stand in the text."""

    def __init__(self, title: str, captions: Sequence[tuple[str, ...]] = ()) -> None:
        self.pieces: list[Piece] = []
        self._title = squeeze(title).casefold()
        self._captions = captions
        self._headings: list[tuple[int, str]] = []
        self._line: list[str] = []
        self._pending_captions: list[str] = []
        self._kind: BlockKind = "paragraph"
        self._group: int | None = None
        self._groups = 0
        self._term = ""
        self._figure = ""

    def walk(self, element: Element) -> list[Piece]:
        """The pieces of ``element`` and all below it."""
        self._flow(element)
        self._flush()
        return self.pieces

    def _flow(self, element: Element) -> None:
        self._say(element.text)
        for child in element:
            if not is_hidden(child):
                self._enter(child)
            self._say(child.tail)

    def _enter(self, element: Element) -> None:
        tag = name(element)
        if tag == "img":
            self._see(picture_text(element))
        elif tag == "br":
            self._line.append(_LINE_BREAK)
        elif tag == "sup" and not len(element):
            self._say(_superscript("".join(self._line[-3:]), element.text or ""))
        elif tag in INLINE:
            self._flow(element)
        else:
            self._flush()
            self._enter_block(tag, element)
            self._flush()

    def _enter_block(self, tag: str, element: Element) -> None:
        if tag in HEADINGS:
            self._head(int(tag[1]), element)
        elif tag == "figcaption":
            self._add("caption", self._text(element))
        elif tag == "table" and not _is_layout(element):
            self._table(element)
        elif tag == "pre":
            self._add("code", self._lift("".join(element.itertext()), self._pending_captions))
        elif tag in ("ul", "ol", "dl", "menu"):
            self._list(element)
        elif any(name(child) == "figcaption" for child in element):
            self._enter_figure(element)
        else:
            self._container(tag, element)

    def _container(self, tag: str, element: Element) -> None:
        outer = self._kind
        if tag == "dt":
            self._say_term()
            self._term = self._text(element)
            return
        # A footnote's list is only its numbering.
        footnote = tag == "li" and outer == "paragraph" and self._group is None
        self._kind = "paragraph" if footnote else _KINDS.get(tag, outer)
        self._flow(element)
        self._flush()
        self._kind = outer

    def _list(self, element: Element) -> None:
        parent = element.getparent()
        if parent is not None and "footnotes" in parent.get("class", "").split():
            self._flow(element)
            return
        outer_group, outer_kind = self._group, self._kind
        if outer_group is None:
            self._groups += 1
            self._group = self._groups
        self._kind = "list_item"
        self._flow(element)
        self._flush()
        self._say_term()
        self._group, self._kind = outer_group, outer_kind

    def _say_term(self) -> None:
        """A term without a definition stands alone."""
        term, self._term = self._term, ""
        self._add("list_item", term)

    def _enter_figure(self, element: Element) -> None:
        outer = self._figure
        self._figure = " ".join(self._text(child) for child in element if name(child) == "figcaption")
        self._flow(element)
        self._flush()
        self._figure = outer

    def _head(self, level: int, element: Element) -> None:
        text = squeeze(self._text(element))
        if level == 1 and text.casefold() == self._title:
            self._headings.clear()
            return
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._add("heading", text)
        if text:
            self._headings.append((level, text))

    def _table(self, element: Element) -> None:
        rows = list(self._rows(element))
        self._flush()
        cells = [[self._cell(cell) for cell in row if name(cell) in _CELLS] for row in rows]
        in_head = sum(name(parent) == "thead" for row in rows if (parent := row.getparent()) is not None)
        outer = self._group
        self._groups += 1
        self._group = self._groups
        for line in table_rows(cells, head_rows=in_head):
            self._add("table_row", line)
        self._group = outer

    def _rows(self, element: Element) -> Iterator[Element]:
        """The visible rows of a table; its caption and what stands loose between cells become blocks before it."""
        self._say(element.text)
        for child in element:
            tag = name(child)
            if not is_hidden(child):
                if tag == "caption":
                    self._add("caption", self._text(child))
                elif tag not in _CELLS:
                    yield from (child,) if tag == "tr" else ()
                    yield from self._rows(child)
                elif name(element) != "tr":
                    self._say(self._text(child))
            self._say(child.tail)

    def _cell(self, element: Element) -> Cell:
        hidden = is_hidden(element)
        return Cell(
            text="" if hidden else squeeze(self._text(element)),
            is_head=name(element) == "th",
            columns=_span(element.get("colspan")),
            rows=_span(element.get("rowspan")),
        )

    def _text(self, element: Element) -> str:
        """All visible text below ``element`` on one line; what its pictures say only where there is no other."""
        texts: list[str] = []
        pictures: list[str] = []
        self._collect(element, texts, pictures)
        text = "".join(texts)
        if text.strip():
            self._pending_captions += pictures
            return text
        return " ".join(pictures)

    def _collect(self, element: Element, texts: list[str], pictures: list[str]) -> None:
        texts.append(self._lift(element.text, pictures))
        for child in element:
            if not is_hidden(child):
                inline = name(child) in INLINE
                if name(child) == "img":
                    pictures.append(picture_text(child))
                elif name(child) == "sup" and not len(child):
                    texts.append(_superscript("".join(texts[-3:]), child.text or ""))
                else:
                    texts.append("" if inline else " ")
                    self._collect(child, texts, pictures)
                    texts.append("" if inline else " ")
            texts.append(self._lift(child.tail, pictures))

    def _lift(self, text: str | None, captions: list[str]) -> str:
        """The text without marks; what they stand for goes to ``captions``."""
        for number in MARK.findall(text or ""):
            captions.append(self._caption(number))
        return strip_marks(text or "")

    def _caption(self, number: str) -> str:
        return joined_captions(self._captions[int(number)]) if number and int(number) < len(self._captions) else ""

    def _say(self, text: str | None) -> None:
        at = 0
        for mark in MARK.finditer(text or ""):
            self._line.append(mark.string[at : mark.start()])
            if mark[1]:
                self._see(self._caption(mark[1]))
            else:
                self._flush()
            at = mark.end()
        self._line.append((text or "")[at:])

    def _see(self, caption: str) -> None:
        """A picture's caption follows the block it stands in, or comes first where it opens the block."""
        if not caption or (self._figure and repeats(caption, self._figure)):
            return
        if any(part.strip() for part in self._line):
            self._pending_captions.append(caption)
        else:
            self._add("caption", caption)

    def _flush(self) -> None:
        """Ends the current block; the captions of pictures inside it follow it."""
        for line in _lines("".join(self._line)):
            self._add(self._kind, f"{self._term}: {line}" if self._term else line)
            self._term = ""
        self._line.clear()
        captions, self._pending_captions = self._pending_captions, []
        for caption in captions:
            self._add("caption", caption)

    def _add(self, kind: BlockKind, text: str) -> None:
        if text.strip():
            path = tuple(heading for _, heading in self._headings)
            grouped = kind in ("list_item", "table_row")
            self.pieces.append(Piece(kind=kind, text=text, headings=path, group=self._group if grouped else None))


def _lines(text: str) -> list[str]:
    """A forced line break ends a block where a sentence ends or a new one clearly begins; else it is a space."""
    lines: list[str] = []
    broken_twice = True
    for line in (squeeze(line) for line in text.split(_LINE_BREAK)):
        if lines and line and not broken_twice and not _parts(lines[-1], line):
            lines[-1] += " " + line
        elif line:
            lines.append(line)
        broken_twice = not line
    return lines


def _parts(before: str, after: str) -> bool:
    return _ENDS_SENTENCE.search(before[-20:]) is not None or (len(before) >= _LONG_LINE and not after[0].islower())


def _superscript(before: str, text: str) -> str:
    """``10<sup>6</sup>`` is not 106."""
    raised = text.strip().translate(_SUPERSCRIPTS)
    return raised if before[-1:].isalnum() and not any(map(str.isalpha, raised)) else text


def _is_layout(table: Element) -> bool:
    if table.get("role") in ("presentation", "none"):
        return True
    return any(element is not table for element in table.iter("table", *HEADINGS, "article", "main"))


def _span(value: str | None) -> int:
    return max(1, min(int(value), _SPAN_AT_MOST)) if value and value.isascii() and value.strip().isdigit() else 1
