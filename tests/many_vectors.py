"""A catalog of many chunks with vectors that nobody had to embed.

In: a folder, and how many chunks. Out: an open catalog in it: articles of ten short chunks, each with its own vector.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from index.catalog import Catalog
from index.catalog_records import ArticleVersion, FileState, NewChunk, StoredVectors, pack_vectors
from index.records import Article, Block, Chunk

DIM = 16
CHUNKS_EACH = 10


@contextmanager
def many_vectors(folder: Path, chunks: int) -> Iterator[Catalog]:
    vectors = np.random.default_rng(3).normal(size=(chunks, DIM)).astype(np.float32)
    packed = pack_vectors(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    with closing(Catalog.open(f"sqlite:///{folder / 'catalog.db'}")) as catalog:
        generation = catalog.start_generation("words", "words").number
        catalog.add_source("s", "/articles")
        catalog.add_vectors({f"v{row}": StoredVectors(data, b"") for row, data in enumerate(packed)})
        catalog.save("s", [_version(number) for number in range(chunks // CHUNKS_EACH)], generation)
        yield catalog


def _version(number: int) -> ArticleVersion:
    lines = [f"Part {part} of article {number}." for part in range(CHUNKS_EACH)]
    starts = [sum(len(line) + 2 for line in lines[:part]) for part in range(CHUNKS_EACH)]
    path = f"article-{number}.md"
    article = Article(
        path=path,
        work_key=path,
        lang="en",
        title=f"Article {number}",
        text="\n\n".join(lines),
        blocks=tuple(
            Block(kind="paragraph", start=start, end=start + len(line))
            for start, line in zip(starts, lines, strict=True)
        ),
    )
    state = FileState(
        path=path,
        size=1,
        mtime_ns=1,
        sha256="0",
        site_url=None,
        article_id=f"a{number}",
        outcome="new",
        reason=None,
        checked_on="2024-01-01",
        expires=None,
    )
    chunks = tuple(
        NewChunk(
            chunk_id=f"a{number}-{part}",
            chunk=Chunk(
                ordinal=part,
                start=starts[part],
                end=starts[part] + len(lines[part]),
                text=lines[part],
                headings=(),
                embed_text=lines[part],
                sentences=(),
            ),
            terms=lines[part].casefold().rstrip(".").split(),
            vector_key=f"v{number * CHUNKS_EACH + part}",
        )
        for part in range(CHUNKS_EACH)
    )
    return ArticleVersion(article_id=f"a{number}", work_id=f"w{number}", article=article, state=state, chunks=chunks)
