"""A catalog of any size, grown from an ingested one: its articles over and over, each time with vectors of their own.

In: an ingested catalog, the number of chunks wanted. Out: a new catalog of so many chunks (or a few more, since works
are whole) in the usual form. Texts, terms and token vectors are those of the articles that were copied: they have the
real lengths and frequencies, but no new words. One language is made rare. Refuses an empty catalog (InputError).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from evals.benchmarks.growth import Growth
from index.catalog import Catalog
from index.catalog_records import (
    ArticleVersion,
    FileState,
    IndexedArticle,
    IndexedChunk,
    NewChunk,
    StoredVectors,
    pack_vectors,
    unpack_vectors,
)
from index.records import Article, Chunk, Vectors
from rag.errors import InputError

RARE_SHARE = 0.005
ARTICLES_A_TRANSACTION = 200
SOURCE = "grown"


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of an ingested catalog: rows are chunks, by article and order."""

    fingerprint: str
    model: str
    articles: dict[str, IndexedArticle]
    records: dict[str, Article]
    chunks: Sequence[IndexedChunk]
    tokens: Mapping[str, bytes]
    vectors: Vectors

    @property
    def langs(self) -> list[str]:
        """Of each row."""
        return [self.articles[chunk.article_id].lang for chunk in self.chunks]

    @property
    def rare(self) -> str:
        """The language with the fewest chunks, made rarer still."""
        return min(sorted(set(self.langs)), key=Counter(self.langs).__getitem__)

    def growth(self) -> Growth:
        return Growth(self.vectors, np.unique(self.langs, return_inverse=True)[1])


def read_corpus(catalog: Catalog, dim: int) -> Corpus:
    """The current generation."""
    generation = catalog.current_generation()
    articles, chunks = catalog.load(generation.number) if generation else ({}, [])
    if generation is None or not chunks:
        raise InputError("There is nothing to grow: the index is empty.")
    return Corpus(
        fingerprint=generation.fingerprint,
        model=generation.model,
        articles=articles,
        records={article_id: article for article_id, _work, article in catalog.read_articles()},
        chunks=chunks,
        tokens=catalog.token_vectors([chunk.vector_key for chunk in chunks]),
        vectors=unpack_vectors([chunk.vector for chunk in chunks], dim),
    )


def grow_catalog(corpus: Corpus, catalog: Catalog, size: int, seed: int = 0) -> None:
    """Fill an empty catalog. The first copy of every article keeps its real vectors."""
    growth, chance = corpus.growth(), np.random.default_rng(seed)
    generation = catalog.start_generation(corpus.fingerprint, corpus.model).number
    catalog.add_source(SOURCE, f"/{SOURCE}")
    versions: list[ArticleVersion] = []
    vectors: dict[str, StoredVectors] = {}
    for copy, rows in copied_articles(corpus, size):
        own = corpus.vectors[rows] if copy == 0 else growth.draw(np.array(rows), chance)
        version = _version(corpus, copy, [corpus.chunks[row] for row in rows])
        versions.append(version)
        for new, row, packed in zip(version.chunks, rows, pack_vectors(own), strict=True):
            vectors[new.vector_key] = StoredVectors(packed, corpus.tokens.get(corpus.chunks[row].vector_key, b""))
        if len(versions) == ARTICLES_A_TRANSACTION:
            _save(catalog, versions, vectors, generation)
    _save(catalog, versions, vectors, generation)


def copied_articles(corpus: Corpus, size: int) -> Iterator[tuple[int, list[int]]]:
    """The number of the copy and the article's rows, until there are enough; the rare language only as often as due."""
    rows_of: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row, chunk in enumerate(corpus.chunks):
        rows_of[corpus.articles[chunk.article_id].work_id][chunk.article_id].append(row)
    rare, made, made_rare, copy = corpus.rare, 0, 0, 0
    while True:
        for work in rows_of.values():
            for article_id, rows in work.items():
                if corpus.articles[article_id].lang == rare:
                    if made_rare + len(rows) > RARE_SHARE * (made + len(rows)):
                        continue
                    made_rare += len(rows)
                made += len(rows)
                yield copy, rows
            if made >= size:
                return
        copy += 1


def _version(corpus: Corpus, copy: int, chunks: Sequence[IndexedChunk]) -> ArticleVersion:
    article_id = chunks[0].article_id
    article = corpus.records[article_id]
    path = f"{copy}/{article.path}"
    return ArticleVersion(
        article_id=f"{article_id}-{copy}",
        work_id=f"{corpus.articles[article_id].work_id}-{copy}",
        article=msgspec.structs.replace(article, path=path),
        state=FileState(
            path=path,
            size=len(article.text),
            mtime_ns=0,
            sha256="",
            site_url=None,
            article_id=f"{article_id}-{copy}",
            outcome="new",
            reason=None,
            checked_on="2000-01-01",
            expires=None,
        ),
        chunks=tuple(_chunk(article, copy, ordinal, chunk) for ordinal, chunk in enumerate(chunks)),
    )


def _chunk(article: Article, copy: int, ordinal: int, chunk: IndexedChunk) -> NewChunk:
    stored = chunk.stored
    text = article.text[stored.start : stored.end]
    return NewChunk(
        chunk_id=f"{chunk.chunk_id}-{copy}",
        chunk=Chunk(
            ordinal=ordinal,
            start=stored.start,
            end=stored.end,
            text=text,
            headings=stored.headings,
            # Of what was embedded the catalog keeps only how long its start was.
            embed_text=" " * stored.prefix + text,
            sentences=stored.sentences,
        ),
        terms=chunk.terms,
        vector_key=f"{chunk.vector_key}-{copy}",
    )


def _save(catalog: Catalog, versions: list[ArticleVersion], vectors: dict[str, StoredVectors], generation: int) -> None:
    catalog.add_vectors(vectors)
    catalog.save(SOURCE, versions, generation)
    versions.clear()
    vectors.clear()
