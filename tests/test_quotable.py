"""What of a chunk can be quoted: units, and lists as a whole with what announces them."""

from index.quotable import LONGEST_LIST, Unit, quotable
from index.records import BlockKind


def units(*pieces: tuple[BlockKind, str]) -> list[Unit]:
    """One after the other, a line break between them."""
    start, made = 0, []
    for kind, text in pieces:
        made.append(Unit(kind, start, start + len(text), text))
        start += len(text) + 1
    return made


def quoted(*pieces: tuple[BlockKind, str]) -> list[str]:
    text = "\n".join(piece for _, piece in pieces)
    return [text[span.start : span.end] for span in quotable(units(*pieces))]


def test_sentences_rows_and_captions_can_be_quoted_and_headings_cannot() -> None:
    assert quoted(("heading", "Trams"), ("paragraph", "They run."), ("table_row", "A | B"), ("caption", "A tram.")) == [
        "They run.", "A | B", "A tram.",
    ]  # fmt: skip


def test_a_lead_is_quoted_with_the_list_that_it_announces() -> None:
    assert quoted(("paragraph", "Two colours:"), ("list_item", "red"), ("list_item", "blue")) == [
        "Two colours:\nred\nblue", "red", "blue",
    ]  # fmt: skip


def test_a_list_under_a_heading_can_be_quoted_whole() -> None:
    assert quoted(("heading", "Colours"), ("list_item", "red"), ("list_item", "blue")) == ["red", "red\nblue", "blue"]


def test_a_lead_does_not_reach_over_a_heading() -> None:
    assert quoted(("paragraph", "Colours:"), ("heading", "Other"), ("list_item", "one")) == ["Colours:", "one"]


def test_what_announces_nothing_stays_by_itself() -> None:
    assert quoted(("paragraph", "It is red."), ("list_item", "one"), ("list_item", "two")) == [
        "It is red.", "one", "one\ntwo", "two",
    ]  # fmt: skip


def test_a_long_list_is_quoted_by_its_items_only() -> None:
    item = "x" * (LONGEST_LIST // 2)
    assert quoted(("paragraph", "Many:"), ("list_item", item), ("list_item", item)) == ["Many:", item, item]


def test_a_wide_colon_announces_too() -> None:
    assert quoted(("paragraph", "二色："), ("list_item", "赤")) == ["二色：\n赤", "赤"]


def test_a_lead_that_announces_no_list_is_quoted_as_it_is() -> None:
    assert quoted(("paragraph", "He said:"), ("quote", "Now.")) == ["He said:", "Now."]
    assert quoted(("list_item", "red"), ("paragraph", "And:")) == ["red", "And:"]
