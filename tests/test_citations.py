"""Markers are understood in every form in use, belong to their sentence, and are never cut, wherever a piece ends."""

import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.citations import LONGEST, Sentence, Sentences, is_whole
from rag.plain_text import plain


def read(pieces: list[str], lang: str = "en") -> list[Sentence]:
    sentences = Sentences(lang)
    return [one for piece in pieces for one in sentences.feed(piece)] + sentences.end()


def told(text: str, lang: str = "en") -> list[tuple[str, tuple[int, ...]]]:
    return [(one.text, one.numbers) for one in read([text], lang)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It is so [1].", (1,)),
        ("It is so. [1]", (1,)),
        ("It is so.[1]", (1,)),
        ("It is so【1】.", (1,)),
        ("It is so 【2】。", (2,)),
        ("It is so [1][2].", (1, 2)),
        ("It is so [1] [2].", (1, 2)),
        ("It is so [1, 2].", (1, 2)),
        ("It is so [1; 3].", (1, 3)),
        ("It is so [1-3].", (1, 2, 3)),
        ("It is so [1][1].", (1,)),
        ("It is so [^1].", (1,)),
        ("It is so 【3†source】.", (3,)),
        ("It is [1] so [2].", (1, 2)),
        ("It is so.", ()),
        ("It is so [Source 1].", (1,)),
        ("It is so [source: 1, 2].", (1, 2)),
        ("Es ist so [Quelle 1].", (1,)),
        ("It is so [Source 1][Source 2].", (1, 2)),
        ("It is so [1, p. 3].", (1,)),
        ("It is so [2, pp. 3-4].", (2,)),
        ("It is so (Source [1]).", (1,)),
        ("It is so ([1]).", (1,)),
        ("It is so. (Source: [1])", (1,)),
        ("It is so. Source [1]", (1,)),
        ("It is so. Sources: [1][2]", (1, 2)),
        ("It is so [Model 3].", ()),
        ("It is so (1).", ()),
        ("It is so [1-99].", ()),
        ("It is so [a].", ()),
    ],
)
def test_a_marker_in_any_form_gives_its_numbers(text: str, numbers: tuple[int, ...]) -> None:
    (sentence,) = read([text])
    assert sentence.numbers == numbers
    assert (sentence,) == tuple(read(list(text)))


def test_a_marker_belongs_to_the_sentence_it_stands_in_or_behind() -> None:
    assert told("One is so. [1] Two is so [2]. Three is so.[3] Four is so.") == [
        ("One is so.", (1,)),
        ("Two is so.", (2,)),
        ("Three is so.", (3,)),
        ("Four is so.", ()),
    ]
    assert told("[2] One is so. Two is so [1].") == [("One is so.", (2,)), ("Two is so.", (1,))]


def test_abbreviations_and_figures_end_no_sentence() -> None:
    assert told("Am 5. Mai 2021 waren es z. B. 3.000 Autos [1]. Das war viel [2].", "de") == [
        ("Am 5. Mai 2021 waren es z. B. 3.000 Autos.", (1,)),
        ("Das war viel.", (2,)),
    ]


def test_a_marker_behind_the_last_sign_ends_a_sentence_that_words_alone_do_not() -> None:
    assert told("Es war der 5. [1] Mai war es nicht. [2]", "de")[0] == ("Es war der 5.", (1,))
    assert told("Es war am 5. [1] mai so. [2]", "de") == [("Es war am 5. mai so.", (1, 2))]


def test_a_language_without_spaces_is_parted_too() -> None:
    assert told("工場は大きい[1]。車は赤い。[2]駅は遠い【3】。", "ja") == [
        ("工場は大きい。", (1,)),
        ("車は赤い。", (2,)),
        ("駅は遠い。", (3,)),
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("Two is", True), ("Two is.", False), ("Two is “so.”", False), ("Two is [2]", False)]
)
def test_a_last_sentence_without_marker_and_end_was_cut_off(text: str, expected: bool) -> None:
    assert is_whole(read([text])[-1]) != expected


def test_a_link_is_no_marker_and_stays_to_be_refused() -> None:
    assert told("See [1](https://evil.example/a) there.") == [("See [1](https://evil.example/a) there.", ())]


def test_paragraphs_are_kept() -> None:
    first, second, third = read(["One is so. [1]\n\nTwo is so. [1] Three is so. [1]"])
    assert (first.begins_paragraph, second.begins_paragraph, third.begins_paragraph) == (False, True, False)


def test_a_sentence_is_given_out_as_soon_as_the_next_begins() -> None:
    sentences = Sentences("en")
    assert sentences.feed("It is so [1") == []
    assert sentences.feed("]. ") == []
    assert [one.text for one in sentences.feed("A")] == ["It is so."]


def test_a_sentence_without_a_marker_waits_for_a_word_behind_it() -> None:
    sentences = Sentences("de")
    assert sentences.feed("Das war am 5. M") == []
    assert sentences.feed("ai so. Ein") == []
    assert [one.text for one in sentences.feed(" Tag")] == ["Das war am 5. Mai so."]


PARTS = st.sampled_from([
    "It is so", " in 2021", " 3.5 km", "U.S. cars", ".", "!", "?", " [1]", "[2]", " [1, 2]", "【3】", " [1] [2]", " ",
    "\n\n", "[", "]", " [1", "(x)", "[1](", "。", "工場", "z. B. ", " The next", "“Quote.”",
])  # fmt: skip


def test_no_marker_goes_over_the_end_of_a_line_however_the_text_is_cut() -> None:
    text = "It is so [1\n]. It was so [2]. "
    assert [numbers for _, numbers in told(text)] == [(), (2,)]
    assert [one.numbers for one in read(list(text))] == [(), (2,)]


@settings(deadline=None, max_examples=300)
@given(st.lists(PARTS, max_size=14), st.data())
def test_it_does_not_matter_where_pieces_are_cut(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts) + " So it ends [1]."
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    edges = [0, *cuts, len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    found, byte_by_byte = read(pieces), read(list(text))
    assert words(found) == words(byte_by_byte)
    assert numbers(found) == numbers(byte_by_byte)
    for sentence in found:
        shown = plain(sentence.text) or ""
        assert not any(mark in shown for mark in ("[1]", "[2]", "[1, 2]", "【3】"))


def words(sentences: list[Sentence]) -> str:
    return "".join(letter for one in sentences for letter in one.text if letter.isalnum())


def numbers(sentences: list[Sentence]) -> set[int]:
    return {number for one in sentences for number in one.numbers}


@pytest.mark.parametrize("size", [5, 7, 20_000])
def test_of_a_text_without_ends_no_more_than_a_page_is_read_at_once(size: int) -> None:
    text = "word " * 4_000
    found = read([text[at : at + size] for at in range(0, len(text), size)])
    assert max(len(one.text) for one in found) < 2 * LONGEST
    assert words(found) == "word" * 4_000


@pytest.mark.parametrize(
    "text",
    [
        "In 2021, the factory built" + " " * 2_400 + "43,866 cars [1]. ",
        " " * 2_400,
        "\u00a0" * 2_400,
        "[1]" * 800,
        "[" * 2_400,
        "[1," * 800,
        "( " * 1_200,
        "(Source " * 300,
        ". [" * 800,
        "a." * 1_200,
        "a.”" * 800,
        "[1, 2, 3, 4, 5, 6, 7, 8" * 100,
        "word " * 480,
        "。」" * 1_200,
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_no_text_holds_up_the_service_however_its_pieces_come(text: str) -> None:
    began = time.process_time()
    read(list(text))
    read([text])
    assert time.process_time() - began < 3
