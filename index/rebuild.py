"""Another generation of the index, built from the stored articles beside the one that serves, audited, then swapped.

In: the catalog, an embedder and the number of the new generation, which may be half built. Out: progress. Refuses to
swap when the new generation is not whole; the old one keeps serving then.
"""

import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import msgspec

from index.ahead import Ahead
from index.catalog import Catalog
from index.catalog_records import NewChunk
from index.embedding import Embedder, Encoding
from index.errors import KildeError, StoreGoneError
from index.records import Article, IngestProgress, VectorStore
from index.tally import Tally

if TYPE_CHECKING:
    from index.derived import StoreReport

WINDOW_CHUNKS = 256
STEPS_AHEAD = 4


class Rechunked(msgspec.Struct, frozen=True):
    """Articles whose chunks are written together."""

    articles: dict[str, tuple[NewChunk, ...]]
    """Chunks by article id."""

    @property
    def chunks(self) -> tuple[NewChunk, ...]:
        return tuple(new for chunks in self.articles.values() for new in chunks)


def rebuild(
    catalog: Catalog, embedder: Embedder, open_store: Callable[[int], VectorStore | None], generation: int
) -> Iterator[IngestProgress]:
    """Chunk and embed every stored article that the generation lacks, then make it the current one."""
    done = catalog.chunked_articles(generation)
    articles = [
        (article_id, article) for article_id, _work, article in catalog.read_articles() if article_id not in done
    ]
    tally = Tally(started=time.monotonic(), total=len(articles))
    store = open_store(generation)
    with Ahead() as ahead:
        windows = ahead.iterate(_windows(embedder, articles), 1)
        for step in ahead.iterate(embedder.embedded(windows), STEPS_AHEAD):
            if isinstance(step, Encoding):
                tally.add(step)
                yield tally.progress("embedding")
                continue
            if store is not None:
                step.upsert_into(store, embedder.dim)
            catalog.add_chunks(generation, step.window.articles)
            tally.done += len(step.window.articles)
            yield tally.progress("reading")
    if store is not None:
        _audit(catalog, store, generation, embedder.dim)
    catalog.make_current(generation)
    catalog.settle()
    yield tally.progress("finishing")


def _windows(embedder: Embedder, articles: list[tuple[str, Article]]) -> Generator[Rechunked, None, None]:
    window: dict[str, tuple[NewChunk, ...]] = {}
    for article_id, article in articles:
        window[article_id] = embedder.chunks(article_id, article)
        if sum(map(len, window.values())) >= WINDOW_CHUNKS:
            yield Rechunked(window)
            window = {}
    if window:
        yield Rechunked(window)


def _audit(catalog: Catalog, store: VectorStore, generation: int, dim: int) -> None:
    """Look up every chunk in the derived store; fill it anew where that fails, and give up where it fails again."""
    found = _report(catalog, store, generation, dim)
    if found is not None and not found.is_sound:
        raise KildeError(
            f"The new index was built, but its vector store is not sound: of {found.chunks} chunks {found.missing} are "
            f"missing and {found.lost + found.bare} not found, recall {found.recall:.2f}. The old index keeps serving. "
            "Check the disk of KILDE_DATA_DIR, then try again."
        )


def _report(catalog: Catalog, store: VectorStore, generation: int, dim: int) -> "StoreReport | None":
    """None where a server that held the store has gone meanwhile: search does without it until it is mended."""
    from index.derived import refill, report

    try:
        found = report(catalog, store, generation)
        if found.is_sound:
            return found
        refill(catalog, store, generation, dim)
        return report(catalog, store, generation)
    except StoreGoneError:
        return None
