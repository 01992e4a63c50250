"""The articles that the project was made for read clean. Skipped where they are not at hand."""

import re
from datetime import date
from pathlib import Path

import pytest

from index.readers.read import read_article
from index.readers.suffixes import SUFFIXES
from index.records import Article

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FILES = sorted(
    file
    for folder in ("seeds", "evkx")
    if (DATA / folder).is_dir()
    for file in (DATA / folder).rglob("*")
    if file.suffix in SUFFIXES
)
RESIDUE = re.compile(r"\{\{|\}\}|</?[a-zA-Z]|<!--|\]\(|\*\*|^\||[\ufdd0-\ufdef]", re.MULTILINE)
pytestmark = pytest.mark.skipif(not FILES, reason="the real articles are not in ../shared/data")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DATA).as_posix())
def test_no_markup_is_left_in_a_real_article(file: Path) -> None:
    article = read_article(file.relative_to(DATA).as_posix(), file.read_bytes(), today=date(2026, 1, 1))
    assert isinstance(article, Article)
    assert RESIDUE.findall(article.text) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(DATA).as_posix())
def test_every_number_of_a_markdown_table_is_in_a_row(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    article = read_article(file.relative_to(DATA).as_posix(), file.read_bytes(), today=date(2026, 1, 1))
    assert isinstance(article, Article)
    rows = "\n".join(article.text[b.start : b.end] for b in article.blocks if b.kind == "table_row")
    numbers = re.findall(r"^\|.*?\|\s*([\d.,]+)\s*(?=\|)", source, re.MULTILINE)
    assert [number for number in numbers if number not in rows] == []
