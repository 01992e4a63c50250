"""One consistent view of the index in memory: what a search runs on from its first step to its last.

In: the catalog's articles and chunks as of one moment. Out: vectors, terms and records by row. Immutable: an ingest
makes a new snapshot, and searches under way finish on theirs, so that no reader ever sees half an article.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.agreement import Places
from index.catalog import Catalog
from index.catalog_records import IndexedArticle, SearchedChunk
from index.chunk_rows import ChunkRows
from index.language_means import NO_TOKEN_MEANS, Prior, TokenMeans, prior_of, token_means, vector_means
from index.languages import base
from index.records import Filters, Hit, Vectors
from index.token_vectors import unpack

SAMPLED_CHUNKS = 32
"""Chunks per language whose tokens give the language's mean token."""
COPIED_SHARE = 0.1
"""Up to this share of all rows are multiplied by themselves."""
AS_FULL = 0.3
"""Characters or bytes of a version, as a share of another one's, from which it is taken to say the same; scripts
differ threefold in either, and less is an excerpt."""
MEAN_PRIOR_ROWS = 5
"""A language's mean lexical score counts as much as this many scores of zero."""


class Snapshot:
    """Rows are chunks, by article and order within it."""

    def __init__(
        self,
        articles: dict[str, IndexedArticle],
        rows: ChunkRows,
        token_means: TokenMeans = NO_TOKEN_MEANS,
        prior: Prior | None = None,
        fingerprint: str = "",
    ) -> None:
        """``fingerprint``: of the way in which all this was read and embedded."""
        self.articles = articles
        self.rows = rows
        self.fingerprint = fingerprint
        self.chunks: Sequence[SearchedChunk] = rows.chunks
        self.vectors = rows.vectors
        self.terms = rows.terms
        self.row_of = {chunk.chunk_id: row for row, chunk in enumerate(rows.chunks)}
        self._place_of = {key: place for place, key in enumerate(dict.fromkeys(one.article_id for one in rows.chunks))}
        self._article_of_row = np.array([self._place_of[chunk.article_id] for chunk in rows.chunks], np.int32)
        self._langs, self._lang_of_article = _coded([articles[key].lang for key in self._place_of])
        self._dates, self._date_of_article = _coded([articles[key].published or "" for key in self._place_of])
        self._lang_of_row = self._lang_of_article[self._article_of_row]
        self._places = self._places_of_rows()
        self._versions: dict[str, list[IndexedArticle]] = defaultdict(list)
        for key in self._place_of:
            self._versions[articles[key].work_id].append(articles[key])
        self.token_means = token_means
        self._means = _vector_means(self.vectors, self._lang_of_row, self._langs, prior)

    @cached_property
    def contents_sha256(self) -> str:
        """The same for the same articles, read and embedded in the same way, wherever they are searched."""
        known = hashlib.sha256(self.fingerprint.encode())
        for article_id in sorted(self.articles):
            known.update(msgspec.json.encode(_dated(self.articles[article_id])))
        return known.hexdigest()

    @property
    def langs(self) -> tuple[str, ...]:
        """Of the articles, sorted."""
        return tuple(self._langs)

    def __len__(self) -> int:
        return len(self.chunks)

    def article_of(self, row: int) -> IndexedArticle:
        return self.articles[self.chunks[row].article_id]

    def cosines(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of the question with each row, less its cosine with the mean of the row's language.

        Multilingual encoders put all texts of a language near one direction; unrelated text in the question's own
        language then beats the answer in another. Method: LIR (arXiv 2109.04727), applied to the score.
        """
        corrections = self._means @ vector
        scores: NDArray[np.float32] = self._products(vector, rows) - corrections[self._lang_of_row[rows]]
        return scores

    def nearest(self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """The rows with the highest cosines, ascending: at most ``count`` of all, or of those allowed. Exact."""
        rows = np.arange(len(self)) if allowed is None else allowed
        if len(rows) <= count:
            return rows
        return np.sort(rows[np.argpartition(-self.cosines(vector, rows), count)[:count]])

    def _products(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of the vector with each row. To copy many rows takes longer than to multiply all of them."""
        if len(rows) > len(self) * COPIED_SHARE:
            return (self.vectors @ vector)[rows]
        products: NDArray[np.float32] = self.vectors[rows] @ vector
        return products

    def less_language_mean(self, values: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Each row's value less the mean over those of the given rows that are in its language, drawn to zero."""
        codes = self._lang_of_row[rows]
        sizes = np.bincount(codes, minlength=len(self._langs))
        means = np.bincount(codes, weights=values, minlength=len(self._langs)) / (sizes + MEAN_PRIOR_ROWS)
        centred: NDArray[np.float32] = (values - means[codes]).astype(np.float32)
        return centred

    def places(self, rows: NDArray[np.int64]) -> Places:
        """Where each row stands in its article and work."""
        every = self._places
        return Places(
            works=every.works[rows], articles=every.articles[rows], starts=every.starts[rows], ends=every.ends[rows]
        )

    def _places_of_rows(self) -> Places:
        _works, work_of_article = _coded([self.articles[key].work_id for key in self._place_of])
        lengths = np.array([max(len(self.articles[key].text), 1) for key in self._place_of], np.float32)
        bounds = np.array([_bounds(chunk) for chunk in self.chunks], np.float32).reshape(-1, 2)
        shares = bounds / lengths[self._article_of_row][:, None]
        return Places(
            works=work_of_article[self._article_of_row],
            articles=self._article_of_row,
            starts=shares[:, 0],
            ends=shares[:, 1],
        )

    def are_foreign(self, rows: NDArray[np.int64], lang: str) -> NDArray[np.bool_]:
        """``[n]``: whether each is in another language."""
        return np.array([base(one) != base(lang) for one in self._langs], np.bool_)[self._lang_of_row[rows]]

    def matching(self, filters: Filters) -> NDArray[np.int64] | None:
        """The rows that a filter lets through, ascending; None when it lets all through.

        Dates compare at the coarser of the two precisions.
        """
        if filters == Filters():
            return None
        langs = np.array([_speaks_any(lang, filters) for lang in self._langs], np.bool_)
        dates = np.array([_lies_within(date or None, filters) for date in self._dates], np.bool_)
        passing = langs[self._lang_of_article] & dates[self._date_of_article]
        if filters.article_ids:
            chosen = [self._place_of[key] for key in filters.article_ids if key in self._place_of]
            passing &= np.isin(np.arange(len(passing)), chosen)
        return np.flatnonzero(passing[self._article_of_row])

    def has_version(self, row: int, lang: str, filters: Filters) -> bool:
        """Whether the row's work has a version in that language that is about as full and passes the filters."""
        article = self.article_of(row)
        return any(
            base(one.lang) == base(lang) and _passes(one, filters) and _is_as_full(one.text, article.text)
            for one in self._versions[article.work_id]
        )

    def hit(self, row: int, *, score: float, cosine: float, coverage: float) -> Hit:
        """The row as a search returns it."""
        chunk, article = self.chunks[row], self.article_of(row)
        stored = chunk.stored
        return Hit(
            chunk_id=chunk.chunk_id,
            article_id=article.article_id,
            work_id=article.work_id,
            path=article.path,
            url=article.url,
            lang=article.lang,
            title=article.title,
            headings=stored.headings,
            text=article.text[stored.start : stored.end],
            start=stored.start,
            end=stored.end,
            sentences=stored.sentences,
            published=article.published,
            modified=article.modified,
            content_sha256=article.content_sha256,
            other_langs=article.other_langs,
            score=score,
            cosine=cosine,
            coverage=coverage,
        )


def take_snapshot(catalog: Catalog, dim: int) -> Snapshot:
    """The current generation as of now; empty when nothing is indexed."""
    generation = catalog.current_generation()
    if generation is None:
        return Snapshot({}, ChunkRows((), dim))
    with catalog.reading(generation.number) as (articles, chunks):
        rows = ChunkRows(chunks, dim)
    prior = prior_of(generation.model, dim)
    token_means = _token_means(catalog, articles, rows.chunks, prior)
    return Snapshot(articles, rows, token_means, prior, generation.fingerprint)


def _dated(article: IndexedArticle) -> IndexedArticle:
    """Without its text, which its hash stands for."""
    return msgspec.structs.replace(article, text="")


def _is_as_full(text: str, other: str) -> bool:
    return len(text) >= AS_FULL * len(other) or len(text.encode()) >= AS_FULL * len(other.encode())


def _passes(article: IndexedArticle, filters: Filters) -> bool:
    return (
        _speaks_any(article.lang, filters)
        and _lies_within(article.published, filters)
        and (not filters.article_ids or article.article_id in filters.article_ids)
    )


def _speaks_any(lang: str, filters: Filters) -> bool:
    return not filters.langs or any(lang == wanted or lang.startswith(f"{wanted}-") for wanted in filters.langs)


def _lies_within(published: str | None, filters: Filters) -> bool:
    if filters.published_after and (
        published is None or _cut(published, filters.published_after) < _cut(filters.published_after, published)
    ):
        return False
    return not (
        filters.published_before
        and (published is None or _cut(published, filters.published_before) > _cut(filters.published_before, published))
    )


def _coded(values: Sequence[str]) -> tuple[list[str], NDArray[np.int32]]:
    """The different values, sorted, and for each its place among them."""
    different = sorted(set(values))
    codes = {value: code for code, value in enumerate(different)}
    return different, np.array([codes[value] for value in values], np.int32)


def _bounds(chunk: SearchedChunk) -> tuple[int, int]:
    stored = chunk.stored
    return stored.start, stored.end


def _cut(date: str, other: str) -> str:
    return date[: min(len(date), len(other))]


def _vector_means(vectors: Vectors, codes: NDArray[np.int32], langs: list[str], prior: Prior | None) -> Vectors:
    sums = np.zeros((len(langs), vectors.shape[1]), np.float32)
    np.add.at(sums, codes, vectors)
    sizes = np.bincount(codes, minlength=len(langs)).astype(np.float32)
    return vector_means(sums, sizes, langs, prior)


def _token_means(
    catalog: Catalog,
    articles: dict[str, IndexedArticle],
    chunks: Sequence[SearchedChunk],
    prior: Prior | None,
) -> TokenMeans:
    keys: dict[str, list[str]] = defaultdict(list)
    for chunk in chunks:
        keys[articles[chunk.article_id].lang].append(chunk.vector_key)
    sampled = {lang: some[:: max(1, len(some) // SAMPLED_CHUNKS)] for lang, some in keys.items()}
    packed = catalog.token_vectors({key for some in sampled.values() for key in some})
    found: dict[str, tuple[int, NDArray[np.float32]]] = {}
    for lang, some in sampled.items():
        vectors = np.concatenate([unpack(packed.get(key, b"")).vectors for key in some])
        if len(vectors):
            found[lang] = (len(keys[lang]), vectors.mean(axis=0))
    return token_means(found, prior) if found else NO_TOKEN_MEANS
