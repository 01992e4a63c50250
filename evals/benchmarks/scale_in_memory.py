"""Search at sizes whose catalogs would take too much disk: the snapshot is made of grown chunks without one.

In: the folder of the real index, a size, questions. Out: what a search costs. Token vectors are read from the real
catalog, the same ones for all copies of a chunk. Above ``LARGEST_WITH_TERMS`` chunks have vectors alone, and only
finding the nearest is measured. The store is filled for as long as the caller allows; what is measured then is the part
that was filled, and says so by its number of chunks.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np

from evals.benchmarks.grown_index import Corpus, copied_articles, read_corpus
from evals.benchmarks.growth import BLOCK
from evals.benchmarks.scale_measures import (
    Arm,
    AskedQuestion,
    Given,
    Measured,
    megabytes,
    nearest,
    processor_s,
    recall,
    resident_mb,
    searches,
    timed,
)
from index.catalog import Catalog
from index.catalog_records import IndexedArticle, IndexedChunk, pack_vectors, unpack_vectors
from index.chunk_rows import ChunkRows
from index.language_means import prior_of
from index.records import VectorStore
from index.search import Searcher
from index.snapshot import Snapshot
from index.vectors import ChromaVectors

LARGEST_WITH_TERMS = 1_000_000
"""The terms of a million chunks take 7 GB while they are put in order."""


def measure_in_memory(
    real: Path, folder: Path, size: int, arm: Arm, asked: Sequence[AskedQuestion], limit_s: float
) -> Measured:
    """``folder``: of the store, which is made anew."""
    dim = len(asked[0].vectors.vector)
    with closing(Catalog.open(f"sqlite:///{real / 'catalog.db'}")) as catalog:
        corpus = read_corpus(catalog, dim)
        searcher = Searcher(catalog, Given(dim), None)
        build_s, store, store_mb = 0.0, None, 0.0
        if arm == "HNSW":
            before = resident_mb()
            store = ChromaVectors(folder, 1)
            build_s, size = processor_s(lambda: _fill(store, grown_chunks(corpus, size), dim, limit_s))
            store_mb = resident_mb() - before
        before = resident_mb()
        load_s, snapshot = processor_s(lambda: grown_snapshot(corpus, size, searcher.snapshot))
        gc.collect()
        memory_mb = store_mb + resident_mb() - before
        searcher.snapshot, searcher._store = snapshot, store
        return Measured(
            chunks=len(snapshot),
            arm=arm,
            load_s=load_s,
            build_s=build_s,
            memory_mb=memory_mb,
            disk_mb=megabytes(folder) if store else 0.0,
            dense=timed(lambda one: nearest(snapshot, store, one.vectors.vector), asked),
            recall=recall(snapshot, store, asked),
            searches=searches(searcher, store, asked, corpus.rare) if size <= LARGEST_WITH_TERMS else None,
        )


def grown_snapshot(corpus: Corpus, size: int, real: Snapshot) -> Snapshot:
    """``size`` chunks exactly."""
    articles: dict[str, IndexedArticle] = {}

    def noted() -> Iterator[IndexedChunk]:
        for article, chunk in islice(grown_chunks(corpus, size), size):
            articles[article.article_id] = article
            yield chunk

    dim = corpus.vectors.shape[1]
    rows = ChunkRows(noted(), dim)
    return Snapshot(articles, rows, real.token_means, prior_of(corpus.model, dim))


def grown_chunks(corpus: Corpus, size: int) -> Iterator[tuple[IndexedArticle, IndexedChunk]]:
    """At least ``size`` chunks, each with its article."""
    growth, chance, has_terms = corpus.growth(), np.random.default_rng(0), size <= LARGEST_WITH_TERMS
    places = ((copy, row) for copy, rows in copied_articles(corpus, size) for row in rows)
    while block := list(islice(places, BLOCK)):
        packed = pack_vectors(growth.draw(np.array([row for _, row in block]), chance))
        for (copy, row), vector in zip(block, packed, strict=True):
            chunk = corpus.chunks[row]
            article = corpus.articles[chunk.article_id]
            copied = msgspec.structs.replace(
                chunk,
                chunk_id=f"{chunk.chunk_id}-{copy}",
                article_id=f"{article.article_id}-{copy}",
                terms=chunk.terms if has_terms else [],
                vector=chunk.vector if copy == 0 else vector,
            )
            own = {"article_id": copied.article_id, "work_id": f"{article.work_id}-{copy}"}
            yield msgspec.structs.replace(article, **own), copied


def _fill(store: VectorStore, chunks: Iterator[tuple[IndexedArticle, IndexedChunk]], dim: int, limit_s: float) -> int:
    """How many got in."""
    filled, end = 0, time.monotonic() + limit_s
    while block := [chunk for _, chunk in islice(chunks, BLOCK)]:
        store.upsert([chunk.chunk_id for chunk in block], unpack_vectors([chunk.vector for chunk in block], dim))
        filled += len(block)
        if time.monotonic() > end:
            break
    return filled
