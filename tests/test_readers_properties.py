"""Whatever the bytes, a reader returns an article whose slices hold, skips, or refuses in the one way agreed."""

import unicodedata
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import UnreadableFileError
from index.readers.canonical import Piece, lay_out
from index.readers.read import read_article
from index.readers.suffixes import SUFFIXES
from index.records import Article

PARTS = (
    "---\n", "+++\n", "title: ", "title = \"x\"\n", "{\"title\": \"x\"}", "\n", "\n\n", "# ", "## ", "- ", "1. ",
    "> ", "  ", "    ", "|", "|---|\n", "*", "**", "_", "`", "```\n", "[", "](", ")", "![", "[^1]", "[^1]: ", ": ",
    "~~", "\\", "{{< fig title=\"", "\" >}}", "{{% note %}}", "{{% /note %}}", "{{</* x */>}}", "{{<", ">}}",
    "\ufdd00\ufdd1", "<div>", "</div>", "<p>", "<table>", "<tr>", "<td>", "<th colspan=3>", "</table>", "<figure>",
    "<figcaption>", "<img alt='a' title='b'>", "<br>", "<h1>", "</h1>", "<ul>", "<li>", "<dl>", "<dt>", "<dd>",
    "<pre>", "<sup>2</sup>", "<!--", "-->", "<script>", "</script>", "<?php", "?>", "<![CDATA[", "&amp;",
    "&#xD800;", "&shy;", "<svg>", "<a href=#x>", "word", "Brød", "e\u0301", "\u200d", "می\u200cرود", "中文。",
    "2022-12-14", "date ", "May 4, 2022", "\r", "\x00",
)  # fmt: skip
SOURCES = st.lists(st.sampled_from(PARTS), max_size=40).map("".join) | st.text(max_size=200)


def check(path: str, data: bytes) -> None:
    try:
        found = read_article(path, data, today=date(2025, 1, 15), site_url="https://site.example")
    except UnreadableFileError:
        return
    if not isinstance(found, Article):
        assert found.reason
        return
    end = 0
    for block in found.blocks:
        text = found.text[block.start : block.end]
        assert text.strip("\n")
        assert found.text[end : block.start] in (("",) if end == 0 else ("\n", "\n\n"))
        end = block.end
    assert end == len(found.text)
    assert unicodedata.is_normalized("NFC", found.text)
    assert found.title
    found.text.encode()
    found.title.encode()


@settings(deadline=None)  # the first text loads the language models
@given(st.sampled_from(SUFFIXES), st.binary(max_size=300))
def test_arbitrary_bytes_never_break_a_reader(suffix: str, data: bytes) -> None:
    check("folder/a" + suffix, data)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(SUFFIXES), SOURCES)
def test_arbitrary_markup_never_breaks_a_reader(suffix: str, source: str) -> None:
    check("folder/a" + suffix, source.encode("utf-8", errors="replace"))


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abcdefghij", min_size=1, max_size=8), min_size=1, max_size=8))
def test_every_cell_of_a_markdown_table_is_in_the_text(cells: list[str]) -> None:
    row = "|" + "|".join(cells) + "|"
    source = f"|{'h|' * len(cells)}\n|{'-|' * len(cells)}\n{row}\n"
    found = read_article("a.md", source.encode(), today=date(2025, 1, 15))
    assert isinstance(found, Article)
    assert found.text == " | ".join(f"h: {cell}" for cell in cells)


@given(st.lists(st.tuples(st.sampled_from(["paragraph", "list_item", "code"]), st.text(max_size=20)), max_size=8))
def test_pieces_are_laid_out_without_loss(pieces: list[tuple[str, str]]) -> None:
    given_pieces = [Piece(kind=kind, text=text, group=1) for kind, text in pieces]  # type: ignore[arg-type]
    text, blocks = lay_out(given_pieces)
    assert "\n".join(text[b.start : b.end] for b in blocks) == text
