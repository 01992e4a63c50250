"""A search with token vectors: every unit is scored, and what is read word by word leads what is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_index import SmallIndex, ask, paths, small_index
from word_encoder import TokenWordEncoder

from index.records import Filters


@pytest.fixture
def token_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path, monkeypatch, TokenWordEncoder())
    yield opened
    opened.close()


def test_late_interaction_scores_every_unit_of_a_hit(token_index: SmallIndex) -> None:
    token_index.write("a.en.md", "The heron is grey. It walks along the canal. Nobody feeds it.", title="Bird")
    token_index.write("b.en.md", "Prices rose.", title="Money")
    token_index.ingest()
    hit = ask(token_index, "heron grey")[0]
    assert hit.path == "a.en.md"
    assert len(hit.unit_scores) == len(hit.sentences)
    best = hit.sentences[hit.unit_scores.index(max(hit.unit_scores))]
    assert hit.text[best.start - hit.start : best.end - hit.start] == "The heron is grey."
    assert hit.late >= max(hit.unit_scores)


def test_word_order_aside_the_passage_with_all_words_beats_one_that_repeats_one(token_index: SmallIndex) -> None:
    token_index.write("a.en.md", "Canal, canal, canal, canal.", title="One")
    token_index.write("b.en.md", "A grey bird at the canal.", title="Two")
    token_index.write("c.en.md", "Money.", title="Three")
    token_index.ingest()
    assert paths(ask(token_index, "grey bird canal"))[0] == "b.en.md"


def test_a_translation_follows_the_version_that_answers(token_index: SmallIndex) -> None:
    token_index.write("bird.en.md", "The grey heron walks.", title="Bird")
    token_index.write("bird.de.md", "Der graue Reiher geht.", title="Vogel")
    token_index.write("other.en.md", "The price walks.", title="Price")
    token_index.ingest()
    found = paths(ask(token_index, "grey heron walks", group_works=False))
    assert found == ["bird.en.md", "bird.de.md", "other.en.md"]


@pytest.mark.parametrize("filters", [Filters(), Filters(langs=("fr",))])
def test_no_candidates_are_no_hits_with_token_vectors_too(token_index: SmallIndex, filters: Filters) -> None:
    if filters != Filters():
        token_index.write("a.en.md", "The heron is grey.")
        token_index.ingest()
    assert ask(token_index, "heron", filters=filters) == ()


def test_candidates_beyond_those_looked_at_word_by_word_stay_behind_them(
    token_index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.second_look.NEAREST", 1)
    monkeypatch.setattr("index.second_look.MOST_SHARED", 1)
    for number in range(4):
        token_index.write(f"{number}.en.md", f"The heron {'is grey ' * number}.", title="Bird")
    token_index.ingest()
    hits = ask(token_index, "heron grey")
    assert [hit.unit_scores != () for hit in hits] == [True, True, False, False]


def test_a_translation_that_is_not_looked_at_follows_the_version_that_answers(
    token_index: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.second_look.NEAREST", 1)
    monkeypatch.setattr("index.second_look.MOST_SHARED", 0)
    token_index.write("bird.en.md", "The heron in winter.", title="Bird")
    token_index.write("bird.de.md", "Der graue Reiher.", title="Vogel")
    token_index.write("other.en.md", "The winter and a price.", title="Price")
    token_index.ingest()
    hits = ask(token_index, "heron in winter", group_works=False)
    assert paths(hits) == ["bird.en.md", "bird.de.md", "other.en.md"]
    assert [hit.unit_scores != () for hit in hits] == [True, False, False]
