"""Chunks of articles: where they are cut, what they carry, and what holds for any article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.chunking import chunk
from index.records import Article, Block, BlockKind, Chunk

Piece = tuple[BlockKind, str, tuple[str, ...]]


def count_words(text: str) -> int:
    """Two tokens of frame, and one for every word or twelve characters of it."""
    return 2 + sum(-(-len(word) // 12) for word in text.split())


def article(*pieces: Piece, title: str = "Trams", lang: str = "en") -> Article:
    text, blocks = "", []
    for kind, piece, headings in pieces:
        text += "\n\n" if text else ""
        blocks.append(Block(kind=kind, start=len(text), end=len(text) + len(piece), headings=headings))
        text += piece
    return Article(path="a.md", work_key="a.md", lang=lang, title=title, text=text, blocks=tuple(blocks))


def paragraph(text: str, *headings: str) -> Piece:
    return "paragraph", text, headings


def words(number: int, name: str = "word") -> str:
    """One sentence of so many words."""
    return " ".join([name.capitalize(), *[name] * (number - 1)]) + "."


def cut(of: Article, max_tokens: int = 100, target_tokens: int = 40) -> tuple[Chunk, ...]:
    return chunk(of, count_tokens=count_words, max_tokens=max_tokens, target_tokens=target_tokens)


def quotable(of: Article, one: Chunk) -> list[str]:
    return [of.text[span.start : span.end] for span in one.sentences]


def test_title_description_and_lead_are_the_first_chunk() -> None:
    of = article(
        ("title", "Trams", ()), ("description", "All about trams.", ()), paragraph("They run on rails."),
        ("heading", "History", ()), paragraph(words(30), "History"),
    )  # fmt: skip
    first, second = cut(of)
    assert first.text == "Trams\n\nAll about trams.\n\nThey run on rails."
    assert second.headings == ("History",)


def test_a_chunk_ends_where_the_next_section_begins() -> None:
    of = article(
        ("heading", "One", ()), paragraph(words(15), "One"), ("heading", "Two", ()), paragraph(words(15), "Two")
    )
    assert [one.headings for one in cut(of)] == [("One",), ("Two",)]


def test_tiny_sections_under_one_heading_share_a_chunk() -> None:
    of = article(
        ("heading", "One", ("Top",)), paragraph("Yes.", "Top", "One"),
        ("heading", "Two", ("Top",)), paragraph("No.", "Top", "Two"),
    )  # fmt: skip
    assert [one.text for one in cut(of)] == ["One\n\nYes.\n\nTwo\n\nNo."]


def test_tiny_sections_under_different_headings_stay_apart() -> None:
    of = article(
        ("heading", "One", ("Top",)), paragraph("Yes.", "Top", "One"),
        ("heading", "Two", ("Other",)), paragraph("No.", "Other", "Two"),
    )  # fmt: skip
    assert len(cut(of)) == 2


def test_a_lone_heading_goes_with_the_section_below() -> None:
    of = article(("heading", "Top", ()), ("heading", "One", ("Top",)), paragraph(words(38), "Top", "One"))
    only = cut(of)
    assert [(one.headings, one.text[:8]) for one in only] == [(("Top",), "Top\n\nOne")]


def test_a_heading_at_the_very_end_goes_with_what_is_above() -> None:
    of = article(paragraph(words(30)), ("heading", "Top", ()))
    assert [one.text[-5:] for one in cut(of)] == ["\n\nTop"]


def test_paragraphs_are_packed_up_to_the_target() -> None:
    of = article(*[paragraph(words(15, name)) for name in ("ape", "bee", "cat", "dog")])
    assert [one.text.split()[0] for one in cut(of, target_tokens=40)] == ["Ape", "Cat"]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    of = article(paragraph(" ".join(words(15, name) for name in ("ape", "bee", "cat", "dog"))))
    assert [quotable(of, one) for one in cut(of, target_tokens=40)] == [
        [words(15, "ape"), words(15, "bee")],
        [words(15, "cat"), words(15, "dog")],
    ]


def test_a_sentence_longer_than_the_target_stays_whole() -> None:
    of = article(paragraph(words(70)))
    assert [one.text for one in cut(of, max_tokens=100, target_tokens=40)] == [words(70)]


def test_a_sentence_longer_than_the_window_is_cut_between_words() -> None:
    of = article(paragraph(words(150)))
    parts = cut(of, max_tokens=100)
    assert len(parts) == 2
    assert " ".join(one.text for one in parts) == words(150)


def test_chinese_without_spaces_is_cut_between_characters() -> None:
    of = article(paragraph("车" * 3000), lang="zh")
    assert "".join(one.text for one in cut(of)) == "车" * 3000


def test_a_letter_keeps_its_marks_where_a_long_word_is_cut() -> None:
    of = article(paragraph("q\u0323" * 2000))
    assert all(one.text.startswith("q") for one in cut(of))


def test_a_cut_among_many_spaces_leaves_no_empty_unit() -> None:
    of = article(("code", "deep" + " " * 5000 + words(150), ()))
    units = [text for one in cut(of) for text in quotable(of, one)]
    assert all(units)
    assert " ".join(units) == "deep " + words(150)


def test_table_rows_are_whole_and_not_mixed_with_the_next_section() -> None:
    rows: list[Piece] = [("table_row", f"Row {n}. " + "cell " * 12 + "end", ("One",)) for n in range(4)]
    of = article(("heading", "One", ()), *rows, ("heading", "Two", ()), paragraph("Short.", "Two"))
    chunks = cut(of)
    assert [quotable(of, one) for one in chunks[:-1]] == [
        [row[1] for row in rows[:2]],
        [row[1] for row in rows[2:]],
    ]
    assert chunks[-1].text == "Two\n\nShort."


def test_headings_are_in_the_text_but_cannot_be_quoted() -> None:
    of = article(("heading", "Who drives? Nobody.", ()), paragraph("A tram drives.", "Who drives? Nobody."))
    (only,) = cut(of)
    assert only.text.startswith("Who drives?")
    assert quotable(of, only) == ["A tram drives."]


def test_each_list_item_row_and_caption_is_one_unit_and_the_title_none() -> None:
    of = article(
        ("title", "Trams", ()), ("caption", "A tram. In town.", ()), ("list_item", "One. Two.", ()),
        ("table_row", "A. B.", ()), ("quote", "Here. There.", ()),
    )  # fmt: skip
    (only,) = cut(of)
    assert quotable(of, only) == ["A tram. In town.", "One. Two.", "A. B.", "Here.", "There."]


def test_a_long_list_item_is_quoted_by_the_sentence() -> None:
    item = " ".join([words(30, "rail"), words(30, "tram"), words(30, "stop")])
    of = article(("list_item", item, ()))
    assert [text for one in cut(of) for text in quotable(of, one)] == [
        words(30, "rail"), words(30, "tram"), words(30, "stop"),
    ]  # fmt: skip


def test_the_encoder_sees_title_and_headings_before_the_text() -> None:
    of = article(paragraph("It is fast.", "History", "Today"))
    assert cut(of)[0].embed_text == "Trams › History › Today\nIt is fast."


def test_a_heading_that_begins_the_text_is_not_said_twice() -> None:
    of = article(("heading", "Today", ("History",)), paragraph("It is fast.", "History", "Today"))
    (only,) = cut(of)
    assert only.embed_text == "Trams › History\nToday\n\nIt is fast."
    assert only.headings == ("History", "Today")


def test_a_title_that_begins_the_text_is_not_said_twice() -> None:
    of = article(("title", "Trams", ()), paragraph("It is fast."))
    assert cut(of)[0].embed_text == "Trams\n\nIt is fast."


def test_outer_headings_give_way_where_the_window_is_small() -> None:
    of = article(paragraph(words(40), words(30, "outer"), "Inner"))
    assert cut(of, max_tokens=50)[0].embed_text == "Inner\n" + words(40)


def test_an_article_without_blocks_has_no_chunks() -> None:
    assert cut(article()) == ()


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        cut(article(paragraph("Text.")), max_tokens=5)


def test_tokens_are_counted_a_few_times_per_sentence() -> None:
    calls = 0

    def counting(text: str) -> int:
        nonlocal calls
        calls += 1
        return count_words(text)

    of = article(*[paragraph(words(10) + " " + words(10)) for _ in range(200)])
    chunk(of, count_tokens=counting, max_tokens=100, target_tokens=40)
    assert calls < 3 * 400


KINDS: list[BlockKind] = ["paragraph", "heading", "list_item", "table_row", "caption", "quote", "title", "code"]
TEXTS = st.text(st.sampled_from("ab. ?!é车ก\n'”"), min_size=1, max_size=200).map(str.strip).filter(bool)
HEADINGS = st.lists(st.sampled_from(["One", "Two", "Very long heading " * 20]), max_size=3).map(tuple)
PIECES = st.lists(st.tuples(st.sampled_from(KINDS), TEXTS, HEADINGS), max_size=25)


@given(PIECES, st.integers(10, 80), st.integers(1, 60))
def test_chunks_hold_every_block_once_in_order_within_the_window(
    pieces: list[Piece], max_tokens: int, target_tokens: int
) -> None:
    of = article(*pieces)
    chunks = cut(of, max_tokens, target_tokens)
    covered = [at for one in chunks for at in range(one.start, one.end) if not of.text[at].isspace()]
    assert covered == [at for at, letter in enumerate(of.text) if not letter.isspace()]
    assert [one.ordinal for one in chunks] == list(range(len(chunks)))
    for one in chunks:
        assert of.text[one.start : one.end] == one.text
        assert one.embed_text.endswith(one.text)
        assert count_words(one.embed_text) <= max_tokens


@given(PIECES, st.integers(10, 80))
def test_quotable_units_lie_in_order_within_their_chunk_and_out_of_headings(
    pieces: list[Piece], max_tokens: int
) -> None:
    of = article(*pieces)
    headings = [block for block in of.blocks if block.kind == "heading"]
    for one in cut(of, max_tokens):
        assert list(one.sentences) == sorted(one.sentences, key=lambda span: (span.start, span.end))
        for span in one.sentences:
            assert one.start <= span.start < span.end <= one.end
            assert not any(span.start < block.end and block.start < span.end for block in headings)
