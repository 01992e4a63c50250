"""One question's rankings: by each arm alone, by both, and by the whole search.

In: an index, a query, the question's vectors. Out: for each arm chunks or the paths of passages, best first, none
twice. Nothing is reimplemented: the figures are those that the search ranks by.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.search_index import SearchIndex
from index.closer_look import looked_closer
from index.records import QuestionVectors
from index.search import Query, score

Arm = Literal["lexical", "dense", "fused", "whole"]
ARMS: tuple[Arm, ...] = get_args(Arm)
"""Terms alone; vectors alone, less what the language brings; a search without token vectors; a reader's search."""
Rankings = Mapping[Arm, tuple[str, ...]]


def chunk_rankings(index: SearchIndex, query: Query, question: QuestionVectors, depth: int) -> Rankings:
    """At most ``depth`` chunk ids by each arm; by both searches at most ``query.top_k``.

    Only these group works where the query asks for it.
    """
    snapshot = index.searcher.snapshot
    scores = score(snapshot, index.store, question.vector, query)

    def by(figures: NDArray[np.float32], least: float = -np.inf) -> tuple[str, ...]:
        best = islice((int(i) for i in np.argsort(-figures, kind="stable") if figures[i] > least), depth)
        return tuple(snapshot.chunks[int(scores.rows[i])].chunk_id for i in best)

    fused = index.searcher.search(query, QuestionVectors(question.vector, None))
    found = index.searcher.search(query, question)
    whole = looked_closer(query.text, query.lang, found, index.encoder.read_across)
    return {
        "lexical": by(scores.coverages, 0.0),
        "dense": by(scores.cosines),
        "fused": tuple(hit.chunk_id for hit in fused),
        "whole": tuple(hit.chunk_id for hit in whole),
    }


def passage_rankings(index: SearchIndex, query: Query, question: QuestionVectors, depth: int) -> Rankings:
    """At most ``depth`` paths of articles by each arm, each where its best chunk stands."""
    snapshot = index.searcher.snapshot
    chunks = chunk_rankings(index, query, question, query.top_k)

    def paths(ids: Iterable[str]) -> Iterable[str]:
        return dict.fromkeys(snapshot.article_of(snapshot.row_of[chunk_id]).path for chunk_id in ids)

    return {arm: tuple(islice(paths(ids), depth)) for arm, ids in chunks.items()}
