"""Exports show what stands in the report, and a reader's words never become markup or formulas."""

import csv
import io

import msgspec
import pytest
from fake_backend import REPORT
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.feedback_records import NearArticle, UnansweredGroup, UnansweredReport
from rag.unanswered_export import to_csv, to_markdown

GROUP = REPORT.weeks[0].groups[0]
FULL = msgspec.structs.replace(
    GROUP,
    label="Was kostet das?",
    count=3,
    askers=2,
    langs={"de": 2, "nb": 1},
    not_found=2,
    thumbs_down=1,
    reasons={"wrong": 1},
    examples=("Preis?", "Hva koster det?"),
    nearest=(NearArticle(article_id="a1", path="a/b.md", title="Preise", lang="de", url=None),),
)


def report(group: UnansweredGroup) -> UnansweredReport:
    week = msgspec.structs.replace(REPORT.weeks[0], groups=(group,), questions=group.count)
    return msgspec.structs.replace(REPORT, weeks=(week,))


def labelled(text: str) -> UnansweredReport:
    return report(msgspec.structs.replace(GROUP, label=text, examples=(text,)))


def cells(written: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written, newline="")))


def inline(markdown: str) -> list[Token]:
    parsed = MarkdownIt("commonmark", {"html": True}).enable("table").parse(markdown)
    return [child for token in parsed for child in token.children or ()]


def test_a_row_of_the_csv_says_all_of_a_group() -> None:
    assert cells(to_csv(report(FULL))) == [
        {
            "week": "2024-W07",
            "question": "Was kostet das?",
            "lang": "de",
            "count": "3",
            "askers": "2",
            "langs": "de 2, nb 1",
            "not_found": "2",
            "thumbs_down": "1",
            "reasons": "wrong 1",
            "examples": "Preis?\nHva koster det?",
            "nearest": "Preise (a/b.md)",
        }
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝", "＋", "－", "＠", "−", "|", "%"])
def test_no_cell_is_a_formula(start: str) -> None:
    (row,) = cells(to_csv(labelled(f'{start}HYPERLINK("http://x.example","y")')))
    assert row["question"].startswith("'")
    assert row["examples"].startswith("'")


def test_a_row_of_the_csv_stays_a_row() -> None:
    (row,) = cells(to_csv(labelled('a"b,c;d\r\n"e"')))
    assert row["question"] == 'a"b,c;d "e"'


def test_the_markdown_says_all_of_a_group() -> None:
    assert to_markdown(report(FULL)).splitlines() == [
        "# Unanswered questions",
        "",
        "## 2024-W07 (2024-02-12 to 2024-02-18): 3 questions",
        "",
        "- **Was kostet das?** (de): 3 questions, 2 conversations, de 2, nb 1, 1 thumbs down (wrong 1)",
        r"  - also: Preis?",
        r"  - also: Hva koster det?",
        r"  - near: Preise \(a/b\.md\)",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](http://x.example/y.png)",
        "**a** _b_ `c` ~~d~~",
        "&lt;b&gt; &amp;",
        "a\n\n# b\n- c",
        "| a | b |\n|---|---|",
        "a ** b \\",
        "<https://x.example>",
    ],
)
def test_no_words_of_a_reader_are_markup(text: str) -> None:
    tokens = inline(to_markdown(labelled(text)))
    assert {token.type for token in tokens} <= {"text", "text_special", "strong_open", "strong_close"}
    shown = "".join(token.content for token in tokens)
    assert " ".join(text.split()) in shown


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_words_keep_the_shape_of_both(text: str) -> None:
    assert len(cells(to_csv(labelled(text)))) == 1
    assert len(to_markdown(labelled(text)).split("\n")) == 7


def test_signs_that_change_the_direction_or_the_terminal_are_left_out() -> None:
    (row,) = cells(to_csv(labelled("a\u202eb\x1b[31mc")))
    assert row["question"] == "ab [31mc"
