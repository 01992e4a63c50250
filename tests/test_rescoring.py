"""Late interaction is credited to the very sentences that hold the words, wherever their chunk begins."""

from collections.abc import Iterator
from math import log
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_index import SmallIndex, small_index
from word_encoder import TokenWordEncoder

from index.chunk_rows import ChunkRows
from index.language_means import NO_TOKEN_MEANS
from index.rescoring import CONTEXT, NOTHING, RARITY_POWER, Rescored, rarities, rescore
from index.snapshot import Snapshot, take_snapshot
from index.token_vectors import TOKEN_DIM, QuestionTokens

TEXT = (
    "## Along the canal\n\nA heron stands here. It eats fish. Nobody minds.\n\n## In town\n\nPrices rose. A heron paid."
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path, monkeypatch, TokenWordEncoder())
    yield opened
    opened.close()


def uncentred(index: SmallIndex) -> Snapshot:
    """Without language means, so that cosines of words are 0 or 1."""
    taken = take_snapshot(index.catalog, index.encoder.dim)
    return Snapshot(taken.articles, taken.rows)


def question(index: SmallIndex, text: str) -> QuestionTokens:
    tokens = index.encoder.encode_question(text).tokens
    assert tokens is not None
    return tokens


def units(snapshot: Snapshot, results: list[Rescored]) -> dict[str, float]:
    """Score by sentence, of all chunks."""
    return {
        snapshot.article_of(row).text[span.start : span.end]: round(value, 3)
        for row, result in enumerate(results)
        for span, value in zip(snapshot.chunks[row].stored.sentences, result.units, strict=True)
    }


def rescored(index: SmallIndex, text: str) -> tuple[Snapshot, list[Rescored]]:
    snapshot = uncentred(index)
    rows = list(range(len(snapshot)))
    return snapshot, results(snapshot, index, rows, question(index, text))


def results(snapshot: Snapshot, index: SmallIndex, rows: list[int], tokens: QuestionTokens) -> list[Rescored]:
    return list(rescore(snapshot, index.catalog, rows, tokens, "en").results)


def test_unit_scores_line_up_with_their_sentences_under_title_and_heading(index: SmallIndex) -> None:
    index.write("a.en.md", TEXT, title="A heron in winter")
    index.ingest()
    scores = units(*rescored(index, "eats fish"))
    assert scores["It eats fish."] == 1.0
    assert scores["A heron stands here."] == CONTEXT
    assert scores["Nobody minds."] == CONTEXT


def test_what_the_title_says_holds_for_every_sentence_under_it(index: SmallIndex) -> None:
    index.write("a.en.md", f"{TEXT}\n\n" + "## Later\n\n" + "Rain fell on the roofs of the town. " * 6, title="Zebra")
    index.ingest()
    snapshot, results = rescored(index, "zebra")
    later = next(row for row, c in enumerate(snapshot.chunks) if c.stored.prefix and c.stored.start > 0)
    assert results[later].chunk == pytest.approx(1.0, abs=1e-3)
    assert results[later].units == pytest.approx([1.0] * len(results[later].units), abs=1e-3)


def test_a_heading_that_a_chunk_repeats_is_inherited_as_the_title_is(index: SmallIndex) -> None:
    filler = "Rain fell on the roofs of the town. " * 12
    index.write("a.en.md", f"Before.\n\n## Otters\n\n{filler}\n\nIt sleeps here.", title="Canal")
    index.ingest()
    snapshot, results = rescored(index, "otters sleeps")
    last = results[-1]
    assert snapshot.chunks[-1].stored.prefix
    assert last.units[-1] == pytest.approx(1.0, abs=1e-3)
    # Half of the question by the heading, and half of the other half by another sentence.
    assert last.units[0] == pytest.approx(0.5 + CONTEXT / 2, abs=1e-3)


def test_the_title_is_inherited_where_the_chunk_begins_with_it_too(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here. It eats fish.", title="Zebra")
    index.ingest()
    snapshot, results = rescored(index, "zebra eats")
    assert snapshot.chunks[0].stored.prefix == 0
    assert units(snapshot, results)["It eats fish."] == 1.0
    assert units(snapshot, results)["A heron stands here."] == 0.5 + CONTEXT / 2


def test_the_first_sentence_that_stands_for_a_title_is_a_unit_and_not_inherited(index: SmallIndex) -> None:
    (index.site / "a.en.txt").write_text("A heron stands here. It eats fish.", encoding="utf-8")
    index.ingest()
    snapshot, results = rescored(index, "heron eats")
    assert snapshot.article_of(0).title == "A heron stands here."
    assert units(snapshot, results) == pytest.approx(
        {"A heron stands here.": 0.5 + CONTEXT / 2, "It eats fish.": 0.5 + CONTEXT / 2}, abs=1e-3
    )


def test_a_chunk_in_the_middle_of_an_article_has_right_offsets_too(index: SmallIndex) -> None:
    filler = " ".join(f"Sentence {number} tells nothing at all of note." for number in range(20))
    index.write("a.en.md", f"{filler} The otter sleeps. {filler}", title="Long")
    index.ingest()
    snapshot, results = rescored(index, "otter")
    assert len(snapshot) > 2
    scores = units(snapshot, results)
    assert [text for text, value in scores.items() if value == 1.0] == ["The otter sleeps."]


def test_a_question_counts_by_the_weights_of_its_words(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here.", title="Bird")
    index.ingest()
    tokens = question(index, "heron zebra")
    weighted = tokens.weighed(np.array([0.75, 0.25], np.float32))
    snapshot = uncentred(index)
    (result,) = results(snapshot, index, [0], weighted)
    assert result.chunk == pytest.approx(0.75, abs=1e-3)


def test_results_come_in_the_order_of_the_rows(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here.", title="One")
    index.write("b.en.md", "The otter sleeps.", title="Two")
    index.ingest()
    snapshot = uncentred(index)
    forward = results(snapshot, index, [0, 1], question(index, "heron"))
    assert results(snapshot, index, [1, 0], question(index, "heron")) == forward[::-1]
    assert forward[0] != forward[1]


def test_a_row_whose_vectors_are_gone_from_the_catalog_scores_nothing(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here.", title="Bird")
    index.ingest()
    snapshot = uncentred(index)
    index.catalog.remove_files("site", ["a.en.md"])
    index.catalog.settle()
    assert results(snapshot, index, [0], question(index, "heron")) == [NOTHING]


def test_no_rows_give_no_results(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here.")
    index.ingest()
    assert results(uncentred(index), index, [], question(index, "heron")) == []


def test_question_and_passage_are_each_centred_by_their_own_language(index: SmallIndex) -> None:
    index.write("a.de.md", "Otter.")
    index.ingest()
    axes = np.eye(TOKEN_DIM, dtype=np.float32)
    taken = take_snapshot(index.catalog, index.encoder.dim)
    means = msgspec.structs.replace(NO_TOKEN_MEANS, passages={"de": axes[100], "en": axes[101]})
    centred = Snapshot(taken.articles, taken.rows, means)
    # Both are "otter" less axis 100 once their languages' means are taken off.
    asked = question(index, "otter")
    tokens = msgspec.structs.replace(asked, vectors=asked.vectors - axes[100] + axes[101])
    assert rescore(centred, index.catalog, [0], tokens, "en").results[0].chunk == pytest.approx(1.0, abs=1e-3)
    assert rescore(centred, index.catalog, [0], tokens, "de").results[0].chunk < 0.9


def test_commonness_is_how_near_a_passage_lies_to_what_questions_have_in_common(index: SmallIndex) -> None:
    index.write("a.en.md", "Otter.")
    index.write("b.en.md", "Zebra.")
    index.ingest()
    taken = take_snapshot(index.catalog, index.encoder.dim)
    common = msgspec.structs.replace(NO_TOKEN_MEANS, common=question(index, "otter").vectors)
    snapshot = Snapshot(taken.articles, taken.rows, common)
    found = rescore(snapshot, index.catalog, [0, 1], question(index, "fish"), "en").common
    by_path = {snapshot.article_of(row).path: float(found[0, row]) for row in (0, 1)}
    assert by_path == {"a.en.md": pytest.approx(1, abs=1e-3), "b.en.md": pytest.approx(0, abs=1e-3)}


# Rarity


def test_what_every_article_says_counts_less_than_what_one_says_and_what_none_says_counts_fully(
    index: SmallIndex,
) -> None:
    for number, word in enumerate(("otter", "zebra", "fish")):
        index.write(f"{number}.en.md", f"A heron and one {word}.", title="Bird")
    index.ingest()
    factors = rarities(uncentred(index), "heron otter moon", "en", question(index, "heron otter moon"))
    assert factors[0] < factors[1] < factors[2] == 1


def test_the_factor_of_a_word_is_the_root_of_its_rarity_in_the_index(index: SmallIndex) -> None:
    for number, word in enumerate(("otter", "zebra", "fish")):
        index.write(f"{number}.en.md", f"A heron and one {word}.", title="Bird")
    index.ingest()
    snapshot = uncentred(index)
    assert len(snapshot) == 3
    # In one of three chunks: 1 - ln 2 / ln 5.
    (factor,) = rarities(snapshot, "otter", "en", question(index, "otter"))
    assert factor == pytest.approx((1 - log(2) / log(5)) ** RARITY_POWER)


def test_every_piece_of_a_word_has_the_factor_of_the_word(index: SmallIndex) -> None:
    index.write("a.en.md", "A heron stands here.", title="Bird")
    index.ingest()
    axes = np.eye(TOKEN_DIM, dtype=np.float32)[:3]
    pieces = QuestionTokens(
        vectors=axes,
        weights=np.full(3, 1 / 3, np.float32),
        starts=np.array([0, 3, 6], np.int32),
        ends=np.array([3, 5, 10], np.int32),
    )
    factors = rarities(uncentred(index), "heron moon", "en", pieces)
    assert factors[0] == factors[1] < factors[2] == 1


@settings(deadline=None)  # the first text loads the stemmers
@given(st.text(max_size=30))
def test_in_an_empty_index_every_token_of_any_question_counts_fully(text: str) -> None:
    snapshot = Snapshot({}, ChunkRows((), 2))
    marks = QuestionTokens(
        vectors=np.zeros((len(text), TOKEN_DIM), np.float32),
        weights=np.full(len(text), 1 / max(len(text), 1), np.float32),
        starts=np.arange(len(text), dtype=np.int32),
        ends=np.arange(1, len(text) + 1, dtype=np.int32),
    )
    factors = rarities(snapshot, text, "en", marks)
    assert factors.shape == (len(text),)
    assert all(factors == 1)
