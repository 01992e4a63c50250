"""A snapshot filters completely, and takes from every cosine what the language alone brings to it."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from small_index import SmallIndex, small_index
from word_encoder import TokenWordEncoder

from index.catalog import Catalog
from index.catalog_records import IndexedArticle, IndexedChunk, StoredChunk, pack_chunk, pack_vectors
from index.chunk_rows import ChunkRows
from index.language_means import PRIOR_CHUNKS
from index.records import Filters, Span
from index.snapshot import Snapshot, take_snapshot
from index.token_vectors import TOKEN_DIM


def article(article_id: str, *, lang: str = "en", published: str | None = "2022-12-14") -> IndexedArticle:
    return IndexedArticle(
        article_id=article_id,
        source_id="site",
        work_id=f"work-{article_id}",
        path=f"{article_id}.md",
        lang=lang,
        title="Title",
        url=None,
        published=published,
        modified=None,
        chunks=1,
        other_langs=(),
        text="Title\n\nOne fact. Two facts.",
        content_sha256="0",
    )


def chunk(article_id: str, *vector: float) -> IndexedChunk:
    return IndexedChunk(
        chunk_id=f"{article_id}-0",
        article_id=article_id,
        record=pack_chunk(StoredChunk(start=7, end=27, prefix=6, headings=(), sentences=(Span(7, 16), Span(17, 27)))),
        terms=["fact"],
        vector_key=f"key-{article_id}",
        vector=pack_vectors(np.array([vector], np.float32))[0],
    )


def snapshot_of(*parts: tuple[str, str, tuple[float, float]]) -> Snapshot:
    """Of articles with one chunk each: id, language, vector."""
    articles = {article_id: article(article_id, lang=lang) for article_id, lang, _ in parts}
    return Snapshot(articles, ChunkRows([chunk(article_id, *vector) for article_id, _, vector in parts], 2))


def passes(one: IndexedArticle, filters: Filters) -> bool:
    rows = Snapshot({one.article_id: one}, ChunkRows([chunk(one.article_id, 1, 0)], 2)).matching(filters)
    return rows is None or rows.tolist() == [0]


def test_a_hit_is_the_slice_of_its_article() -> None:
    hit = snapshot_of(("a", "en", (1, 0))).hit(0, score=0.5, cosine=0.25, coverage=1.0)
    assert hit.text == "One fact. Two facts."
    assert [hit.text[s.start - hit.start : s.end - hit.start] for s in hit.sentences] == ["One fact.", "Two facts."]
    assert (hit.score, hit.cosine, hit.coverage) == (0.5, 0.25, 1.0)


def test_a_language_of_one_chunk_is_centred_on_all_languages_rather_than_on_itself() -> None:
    snapshot = snapshot_of(("a", "en", (1, 0)), ("b", "de", (0, 1)))
    # Mean over languages (0.5, 0.5); of English (1 + 20 · 0.5, 20 · 0.5) / 21.
    own = (1 + PRIOR_CHUNKS * 0.5) / (1 + PRIOR_CHUNKS)
    other = PRIOR_CHUNKS * 0.5 / (1 + PRIOR_CHUNKS)
    cosines = snapshot.cosines(np.array([1, 0], np.float32), np.array([0, 1]))
    assert cosines.tolist() == pytest.approx([1 - own, 0 - other], abs=1e-3)


def test_with_many_chunks_what_a_language_shares_counts_nothing() -> None:
    english = [(f"e{n}", "en", (1.0, 0.0)) for n in range(2000)]
    german = [(f"g{n}", "de", (0.0, 1.0)) for n in range(2000)]
    cosines = snapshot_of(*english, *german).cosines(np.array([1, 0], np.float32), np.array([0, 2000]))
    assert cosines.tolist() == pytest.approx([0, 0], abs=0.01)


def test_all_languages_count_alike_in_their_common_mean() -> None:
    snapshot = snapshot_of(("a", "en", (1, 0)), ("b", "en", (1, 0)), ("c", "en", (1, 0)), ("d", "de", (0, 1)))
    # The mean over languages is (0.5, 0.5) though three of four chunks are English.
    mean = (3 + PRIOR_CHUNKS * 0.5) / (3 + PRIOR_CHUNKS)
    assert snapshot.cosines(np.array([1, 0], np.float32), np.array([0]))[0] == pytest.approx(1 - mean, abs=1e-3)


def test_each_row_has_its_place_in_article_and_work() -> None:
    snapshot = snapshot_of(("a", "en", (1, 0)), ("b", "de", (0, 1)))
    found = snapshot.places(np.array([1, 0]))
    assert found.works.tolist() == [1, 0]
    assert found.articles.tolist() == [1, 0]
    length = len("Title\n\nOne fact. Two facts.")
    np.testing.assert_allclose([found.starts, found.ends], [[7 / length] * 2, [27 / length] * 2], rtol=1e-6)


def test_rows_in_another_language_are_told_from_those_of_its_regions() -> None:
    snapshot = snapshot_of(("a", "en-GB", (1, 0)), ("b", "de", (0, 1)))
    assert snapshot.are_foreign(np.array([0, 1]), "en").tolist() == [False, True]


def test_the_empty_filter_is_no_filter() -> None:
    assert snapshot_of(("a", "en", (1, 0))).matching(Filters()) is None


def test_rows_that_pass_come_in_order_and_all_of_them() -> None:
    snapshot = snapshot_of(("a", "en", (1, 0)), ("b", "de", (0, 1)), ("c", "en", (0, 1)))
    rows = snapshot.matching(Filters(langs=("en",)))
    assert rows is not None
    assert rows.tolist() == [0, 2]


def test_a_filter_that_nothing_passes_gives_no_rows() -> None:
    rows = snapshot_of(("a", "en", (1, 0))).matching(Filters(langs=("fr",)))
    assert rows is not None
    assert rows.tolist() == []


def test_a_snapshot_of_nothing_is_empty() -> None:
    snapshot = Snapshot({}, ChunkRows((), 2))
    assert len(snapshot) == 0
    assert snapshot.cosines(np.array([1, 0], np.float32), np.array([], np.int64)).shape == (0,)


@pytest.mark.parametrize(
    ("lang", "wanted", "lets_through"),
    [("en", "en", True), ("pt-BR", "pt", True), ("pt", "pt-BR", False), ("de", "en", False), ("eng", "en", False)],
)
def test_a_language_filter_lets_its_regions_through(lang: str, wanted: str, lets_through: bool) -> None:
    assert passes(article("a", lang=lang), Filters(langs=(wanted,))) == lets_through


@pytest.mark.parametrize(
    ("published", "filters", "lets_through"),
    [
        ("2022-12-14", Filters(published_after="2022-12-14"), True),
        ("2022-12-14", Filters(published_before="2022-12-14"), True),
        ("2022-12-14", Filters(published_after="2022-12-15"), False),
        ("2022-12-14", Filters(published_before="2022-12-13"), False),
        ("2022-12", Filters(published_after="2022-12-20"), True),
        ("2022-12", Filters(published_before="2022-11"), False),
        ("2022", Filters(published_after="2023"), False),
        ("2022-12-14", Filters(published_after="2022", published_before="2022"), True),
        (None, Filters(published_after="1900"), False),
        (None, Filters(published_before="2100"), False),
    ],
)
def test_dates_are_compared_inclusively_at_the_coarser_precision(
    published: str | None, filters: Filters, lets_through: bool
) -> None:
    assert passes(article("a", published=published), filters) == lets_through


def test_all_parts_of_a_filter_have_to_pass() -> None:
    filters = Filters(langs=("en",), article_ids=("a", "b"))
    assert passes(article("a"), filters)
    assert not passes(article("c"), filters)
    assert not passes(article("b", lang="de"), filters)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path, monkeypatch, TokenWordEncoder())
    yield opened
    opened.close()


def test_a_snapshot_stays_as_it_was_while_the_catalog_changes(index: SmallIndex) -> None:
    index.write("a.md", "The heron is grey.")
    index.ingest()
    snapshot = take_snapshot(index.catalog, index.encoder.dim)
    index.write("a.md", "The heron flew away.")
    index.ingest()
    assert snapshot.hit(0, score=0, cosine=0, coverage=0).text == "The heron is grey."
    assert len(take_snapshot(index.catalog, index.encoder.dim)) == 1


def test_nothing_indexed_is_an_empty_snapshot(index: SmallIndex) -> None:
    assert len(take_snapshot(index.catalog, 3)) == 0


def test_a_language_without_chunks_has_the_mean_token_of_all_languages(index: SmallIndex) -> None:
    index.write("a.en.md", "heron heron")
    index.ingest()
    snapshot = take_snapshot(index.catalog, index.encoder.dim)
    assert np.allclose(snapshot.token_means.of_passages("fi"), snapshot.token_means.of_passages(""))
    assert snapshot.token_means.of_passages("fi")[0] > 0


def test_without_token_vectors_the_mean_token_is_zero() -> None:
    assert np.array_equal(snapshot_of(("a", "en", (1, 0))).token_means.of_passages("en"), np.zeros(TOKEN_DIM))


class ChangingCatalog(Catalog):
    """A catalog in which an ingest drops an article between two steps of taking a snapshot."""

    def token_vectors(self, keys: object) -> dict[str, bytes]:
        self.remove_files("site", ["a.md"])
        self.settle()
        return super().token_vectors(keys)  # type: ignore[arg-type]


def test_an_article_that_goes_while_the_snapshot_is_taken_does_no_harm(index: SmallIndex) -> None:
    index.write("a.md", "The heron is grey.")
    index.write("b.md", "The winter is cold.")
    index.ingest()
    snapshot = take_snapshot(ChangingCatalog(index.catalog._engine), index.encoder.dim)
    assert len(snapshot) == 2


def versions(**texts: str) -> Snapshot:
    """One work with one article per language."""
    made = {
        lang: msgspec.structs.replace(article(lang, lang=lang), work_id="one", text=text)
        for lang, text in texts.items()
    }
    return Snapshot(made, ChunkRows([chunk(lang, 1, 0) for lang in made], 2))


def test_a_work_has_a_version_in_the_languages_of_its_articles() -> None:
    found = versions(de="Ein Satz. Zwei Sätze.", ru="Один факт. Два факта.", zh="一个事实。两个事实。")
    assert [found.has_version(0, lang, Filters()) for lang in ("zh", "ru-RU", "en")] == [True, True, False]


def test_an_excerpt_or_one_that_is_filtered_out_is_no_version() -> None:
    found = versions(de="Ein Satz. " * 20, en="One sentence.")
    assert not found.has_version(0, "en", Filters())
    assert found.has_version(1, "de", Filters())
    assert not found.has_version(1, "de", Filters(langs=("en",)))
    assert not found.has_version(1, "de", Filters(published_after="2023"))
    assert not found.has_version(1, "de", Filters(article_ids=("en",)))
