"""Plain text becomes an article; a date before it is its date and no text."""

from datetime import date

import pytest

from index.readers.dates import iso_date
from index.readers.leading_date import split_leading_date
from index.readers.read import read_article
from index.records import Article, Skipped


def read(source: str) -> Article:
    found = read_article("a.txt", source.encode(), today=date(2025, 1, 15))
    assert isinstance(found, Article), found
    return found


def blocks(article: Article) -> list[tuple[str, str]]:
    return [(block.kind, article.text[block.start : block.end]) for block in article.blocks]


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2022-12-14", "2022-12-14"),
        ("2022-12", "2022-12"),
        ("2022", "2022"),
        ("2022-12-14T23:00:00+01:00", "2022-12-14"),
        ("14.12.2022", "2022-12-14"),
        ("14/12/2022", "2022-12-14"),
        ("12/14/2022", "2022-12-14"),
        ("03/04/2022", "2022"),
        ("03.04.2022", "2022-04-03"),
        ("December 14, 2022", "2022-12-14"),
        ("14 december 2022", "2022-12-14"),
        ("14. desember 2022", "2022-12-14"),
        ("14 de diciembre de 2022", "2022-12-14"),
        ("14 декабря 2022", "2022-12-14"),
        ("décembre 2022", "2022-12"),
        ("2022年12月14日", "2022-12-14"),
        ("14 listopada 2022", None),
        ("2022-13-01", None),
        ("30 february 2022", None),
        ("99999", None),
        ("soon", None),
    ],
)
def test_dates_are_read_at_the_precision_they_give(written: str, iso: str | None) -> None:
    assert iso_date(written) == iso


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("date 2022-12 De bakkerij bakt.", ("2022-12", "De bakkerij bakt.")),
        ("Datum: 14.12.2022\nText.", ("2022-12-14", "Text.")),
        ("2022-12-14\n\nText.", ("2022-12-14", "Text.")),
        ("2022-12-14 Audi starts.", ("2022-12-14", "Audi starts.")),
        ("December 14, 2022\nText.", ("2022-12-14", "Text.")),
        ("14 december 2022 – De bakkerij bakt.", ("2022-12-14", "De bakkerij bakt.")),
        ("日期：2022年12月14日\n正文。", ("2022-12-14", "正文。")),
        ("Date: 2022\nText.", ("2022", "Text.")),
    ],
)
def test_a_date_before_the_text_is_taken_off(source: str, expected: tuple[str, str]) -> None:
    published, body = split_leading_date(source)
    assert (published, body.strip()) == expected


@pytest.mark.parametrize(
    "source",
    [
        "2022 was a good year.",
        "2022",
        "Data 2022 shows growth.",
        "14 december 2022 begon het bakken.",
        "14.12.2022 startete die Produktion.",
        "2022-12-14-alpha is a version.",
        "Date palms grow here.",
        "3.5 million loaves.",
        "May 2022 be better!",
    ],
)
def test_a_date_that_belongs_to_the_sentence_stays(source: str) -> None:
    assert split_leading_date(source) == (None, source)


def test_a_first_line_that_stands_alone_is_the_title() -> None:
    assert blocks(read("Bread for all\n\nThe bakery opens.")) == [
        ("title", "Bread for all"),
        ("paragraph", "The bakery opens."),
    ]


def test_else_the_first_sentence_names_the_article_and_stands_once() -> None:
    article = read("The bakery opens. It is new.\n\nMore.")
    assert (article.title, article.text) == ("The bakery opens.", "The bakery opens. It is new.\n\nMore.")


def test_a_long_first_sentence_is_cut_at_a_word() -> None:
    article = read("Seven bakers " * 10 + "met.")
    assert article.title == "Seven bakers Seven bakers Seven bakers Seven bakers Seven bakers Seven bakers…"


def test_without_empty_lines_every_line_is_a_paragraph() -> None:
    assert read("One is here.\nTwo is there.\nThree.").text == "One is here.\n\nTwo is there.\n\nThree."


def test_wrapped_lines_are_one_paragraph() -> None:
    lines = [
        "The bakery on the corner has baked bread for as long as any",
        "of its neighbours remember, and it will go on",
    ]
    assert read("\n".join([*lines, "doing so."])).text == " ".join([*lines, "doing so."])


def test_lists_are_recognised_by_their_markers() -> None:
    assert blocks(read("We sell:\n\n- rye\n  bread\n* rolls\n\n1. First\n2. Second"))[1:] == [
        ("list_item", "rye bread"),
        ("list_item", "rolls"),
        ("list_item", "First"),
        ("list_item", "Second"),
    ]


def test_a_day_at_the_start_of_a_line_is_no_list_number() -> None:
    assert read("14. desember åpnet bakeriet.").text == "14. desember åpnet bakeriet."


def test_an_empty_file_is_skipped() -> None:
    assert isinstance(read_article("a.txt", b" \n\n", today=date(2025, 1, 1)), Skipped)
