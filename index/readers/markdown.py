"""Hugo Markdown in, a tree of HTML elements out. HTML inside Markdown and Markdown inside HTML both work.

Takes what Hugo takes beyond CommonMark: tables, footnotes, definition lists, task lists, attributes in braces, alerts.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from index.errors import UnreadableFileError
from index.readers.tree import DEEPEST, Element, parse_html

_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})")
_ATTRIBUTES_LINE = re.compile(r"\s*\{(?:\s*(?:[.#][\w:-]+|[\w-]+=(?:\"[^\"]*\"|[\w-]+)))+\s*\}\s*")
_HEADING_ATTRIBUTES = re.compile(r"^(\s{0,3}#{1,6}\s.*?)\s*\{\s*[.#][^{}]*\}\s*$")
_ALERT = re.compile(r"^(\s*(?:>\s*)+)\[!\w+\][+-]?")
_DELIMITERS = re.compile(r"\s*\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?\s*")
_SPACED_LINK = re.compile(r"\]\((?=\S*/)([^()<>\"\n]*[^()<>\"\s] [^()<>\"\s][^()<>\"\n]*)\)")
_EMPTY_EMPHASIS = re.compile(r"(?<!\S)(?:\*\*\*\*|____)(?!\S)")
_CELL_END = re.compile(r"(?<!\\)\|")


def markdown_tree(source: str) -> Element | None:
    """None where nothing is left to show."""
    try:
        rendered = _markdown().render("\n".join(_plain_lines(source.split("\n"))))
    except RecursionError as exc:
        raise UnreadableFileError("The file nests quotes or lists too deep; simplify its Markdown.") from exc
    return parse_html(rendered)


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    return parser.use(footnote_plugin).use(deflist_plugin).use(tasklists_plugin)


def _plain_lines(lines: list[str]) -> list[str]:
    """The lines with what only Hugo understands taken out, code left as it is."""
    fence = ""
    plain: list[str] = []
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            closes = mark is not None and mark["marks"].startswith(fence) and not line.strip().strip(fence[0])
            fence = "" if closes else fence
            plain.append(line)
        else:
            fence = mark["marks"] if mark else ""
            plain.append(line if mark else _plain_line(line, plain[-1] if plain else ""))
    return plain


def _plain_line(line: str, above: str) -> str:
    if _ATTRIBUTES_LINE.fullmatch(line):
        return ""
    if "|" in above and _DELIMITERS.fullmatch(line):
        return _fitting_delimiters(line, above)
    line = _ALERT.sub(r"\1", _HEADING_ATTRIBUTES.sub(r"\1", line))
    return _EMPTY_EMPHASIS.sub("", _SPACED_LINK.sub(r"](<\1>)", line))


def _fitting_delimiters(line: str, above: str) -> str:
    """A table whose delimiter row has a column too many or too few would be shown as bars and dashes."""
    columns = _columns(above)
    if _columns(line) == columns:
        return line
    return "|" + "---|" * columns


def _columns(row: str) -> int:
    return len(_CELL_END.findall(row.strip().removeprefix("|").removesuffix("|"))) + 1
