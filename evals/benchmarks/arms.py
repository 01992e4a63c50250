"""One question's rankings of passages: by each arm alone, by both, and by the whole search.

In: an index, a query, the question's vectors. Out: for each arm the paths of passages, best first, none twice; a
passage stands where its best chunk stands. Nothing is reimplemented: the figures are those that the search ranks by.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.search_index import SearchIndex
from index.records import QuestionVectors
from index.search import Query, score

Arm = Literal["lexical", "dense", "fused", "whole"]
ARMS: tuple[Arm, ...] = get_args(Arm)
"""Terms alone; vectors alone, less what the language brings; both, without token vectors; the search as it is."""
Rankings = dict[Arm, tuple[str, ...]]


def rankings(index: SearchIndex, query: Query, question: QuestionVectors, depth: int) -> Rankings:
    """At most ``depth`` passages by each arm; ``query.top_k`` bounds the chunks of the whole search."""
    snapshot = index.searcher.snapshot
    scores = score(snapshot, index.store, question.vector, query)

    def by(figures: NDArray[np.float32], least: float = -np.inf) -> tuple[str, ...]:
        order = (int(i) for i in np.argsort(-figures, kind="stable") if figures[i] > least)
        return _first((snapshot.article_of(int(scores.rows[i])).path for i in order), depth)

    return {
        "lexical": by(scores.coverages, 0.0),
        "dense": by(scores.cosines),
        "fused": by(scores.fused),
        "whole": _first((hit.path for hit in index.searcher.search(query, question)), depth),
    }


def _first(paths: Iterable[str], depth: int) -> tuple[str, ...]:
    return tuple(islice(_once(paths), depth))


def _once(paths: Iterable[str]) -> Iterator[str]:
    seen = set()
    for path in paths:
        if path not in seen:
            seen.add(path)
            yield path
