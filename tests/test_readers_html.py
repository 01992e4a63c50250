"""HTML pages become articles: what a reader sees, and nothing around it."""

from datetime import date
from pathlib import Path

import pytest

from index.errors import UnreadableFileError
from index.readers.read import read_article
from index.records import Article, Skipped

FIXTURES = Path(__file__).parent / "readers"


def read(source: str, path: str = "a.html", site_url: str | None = None) -> Article:
    found = read_article(path, source.encode(), today=date(2025, 1, 15), site_url=site_url)
    assert isinstance(found, Article), found
    return found


def blocks(article: Article) -> list[tuple[str, str]]:
    return [(block.kind, article.text[block.start : block.end]) for block in article.blocks]


def page() -> Article:
    return read((FIXTURES / "page.html").read_text(encoding="utf-8"))


def test_the_main_content_is_read_without_hidden_parts_and_controls() -> None:
    assert blocks(page()) == [
        ("title", "Bakeriet åpner"),
        ("description", "Den første ovnen ble tent 3. mars."),
        ("paragraph", "Bakeriet har bakt siden 2019."),
        ("paragraph", "Lest opp for blinde."),
        ("heading", "Brød"),
        ("list_item", "Rugbrød"),
        ("list_item", "Mørkt"),
        ("list_item", "Lyst"),
        ("list_item", "Rundstykker"),
    ]


def test_the_head_gives_dates_address_and_language() -> None:
    article = page()
    assert (article.published, article.modified, article.url, article.lang) == (
        "2024-03-05",
        "2024-03-07",
        "https://avisen.example/bakeri/",
        "nb",
    )


def test_the_title_element_stands_in_for_a_missing_heading() -> None:
    assert read("<title>Bread</title><p>Text.").title == "Bread"


def test_without_main_what_stands_around_the_text_is_left_out() -> None:
    source = "<body><header>Site</header><p>Text.</p>and tail<aside>Ad</aside> end<footer>Foot</footer></body>"
    assert read(source).text == "Text.\n\nand tail end"


def test_a_time_element_dates_the_page() -> None:
    assert read('<article><time datetime="2023-05-01">May</time><p>Text.</article>').published == "2023-05-01"


def test_without_a_canonical_link_the_path_is_the_address() -> None:
    assert read("<p>Text.", "a b/index.html", site_url="https://s.example").url == "https://s.example/a%20b/"


def test_a_table_keeps_its_caption_and_what_stands_loose_in_it() -> None:
    source = (
        "<table><caption>Speeds</caption>loose<hoved><tr><th></th><th>City</th></tr></hoved>"
        "<tr><th>Stop</th><td><ul><li>150</li><li>s</li></ul></td></tr></table>"
    )
    assert blocks(read(source)) == [("caption", "Speeds"), ("paragraph", "loose"), ("table_row", "Stop | City: 150 s")]


def test_a_layout_table_is_read_as_text() -> None:
    source = "<table><tr><td><h2>News</h2><p>One.</p></td><td><p>Two.</p></td></tr></table>"
    assert blocks(read(source)) == [("heading", "News"), ("paragraph", "One."), ("paragraph", "Two.")]


def test_reference_marks_leave_nothing_in_the_sentence() -> None:
    assert read('<p>True<sup><a href="#n1">1</a></sup>.').text == "True."


def test_invisible_characters_written_as_entities_are_removed() -> None:
    assert read("<p>soft&shy;ware&#8203; and&nbsp;&#x202E;more").text == "software and more"


def test_a_page_without_text_is_skipped() -> None:
    found = read_article("a.html", b"<title>T</title><script>x()</script>", today=date(2025, 1, 1))
    assert isinstance(found, Skipped)


@pytest.mark.parametrize("depth", [210, 300, 5000])
def test_a_page_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(UnreadableFileError, match="deep"):
        read("<div>" * depth + "x")


def test_broken_linked_data_is_no_obstacle() -> None:
    source = '<script type="application/ld+json">{"headline": </script><p>Text.'
    assert read(source).text == "Text."
