"""A question to hits, best first: dense and lexical candidates, one fused score, works grouped.

In: a question, its language, filters. Out: hits. Knows nothing of answers. A search has no side effects and runs on
one snapshot; after an ingest the caller makes a new searcher.
"""

from collections.abc import Iterable, Sequence
from copy import copy

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.agreement import agreed
from index.catalog import Catalog
from index.errors import StoreGoneError
from index.languages import base
from index.lexical import terms
from index.ranking import log_odds
from index.records import Encoder, Filters, Hit, QuestionVectors, VectorStore
from index.repetition import repeats
from index.reranker import Reranker
from index.rescoring import NOTHING, Rescored, rarities
from index.second_look import Candidates, SecondLook, look
from index.snapshot import Snapshot, take_snapshot
from index.timeliness import asked_time, timeliness
from index.vectors import EXACT_CHUNKS

CANDIDATES = 200
"""Nearest chunks taken from each arm before they are scored together."""
SAMPLED = 16
"""One row in so many tells how high the best are: most of many rows share something with a question."""
DENSE_WEIGHT = 0.7
LEXICAL_WEIGHT = 0.3
FOREIGN_LEXICAL_WEIGHT = 0.05
"""Of z-scores; of passages in other languages than the question the last one counts: terms tell little there."""
TIMELINESS = 0.7
TIMELINESS_Z = 0.12
"""What fitting the time that is asked for adds: in log-odds, and in z-scores where there are no token vectors."""
RERANKED = 20
"""Best hits that a reranker reads, where one is set."""
OWN_LANGUAGE_MARGIN = 2.0
OWN_LANGUAGE_MARGIN_Z = 0.35
"""How much lower a version in the reader's language may score and still be shown: in log-odds, and in z-scores where
the encoder gives no token vectors."""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What is searched, and how hits are wanted."""

    text: str
    lang: str
    """BCP 47: of the question, for the lexical arm, and the language preferred among versions of one work."""
    top_k: int = 10
    filters: Filters = Filters()
    group_works: bool = True
    """One language version per work; without it every version is a hit of its own."""


class Scores(Candidates, frozen=True, kw_only=True):
    """Of both arms together, not sorted."""

    fused: NDArray[np.float32]


class Searcher:
    """Searches the catalog as it was when this was made.

    ``store``, which large indexes search, may be None: then dense candidates are found exactly, in memory.
    """

    def __init__(
        self, catalog: Catalog, encoder: Encoder, store: VectorStore | None, reranker: Reranker | None = None
    ) -> None:
        self._reranker = reranker
        self._catalog = catalog
        self.encoder = encoder
        self._store = store
        self.snapshot = take_snapshot(catalog, encoder.dim)

    def with_store(self, store: VectorStore | None) -> "Searcher":
        """The same snapshot with another store."""
        other = copy(self)
        other._store = store
        return other

    def search(self, query: Query, question: QuestionVectors | None = None) -> tuple[Hit, ...]:
        """At most ``top_k`` hits, best first; none when nothing is indexed or nothing passes the filters.

        ``question``: the vectors of the query's text, where the caller has them already.
        """
        snapshot = self.snapshot
        question = question or self.encoder.encode_question(query.text)
        scores = score(snapshot, self._store, question.vector, query)
        seen = self._look(scores, question, query)
        asked = asked_time(query.text, query.lang)
        if seen is None:
            timely = TIMELINESS_Z * timeliness(asked, self._published(scores.rows.tolist()))
            fused, margin, late = scores.fused + timely, OWN_LANGUAGE_MARGIN_Z, {}
        else:
            odds = log_odds(seen.figures) + TIMELINESS * timeliness(asked, self._published(seen.rows))
            fused, margin = _led_by(scores.fused, seen.chosen, odds), OWN_LANGUAGE_MARGIN
            late = dict(zip(seen.rows, seen.results, strict=True))
        if not query.group_works:
            fused = agreed(fused, snapshot.places(scores.rows))
        scores = msgspec.structs.replace(scores, fused=fused)
        return self._hits(scores, _order(snapshot, scores, query, margin), query, late)

    def look_at(self, query: Query, question: QuestionVectors) -> SecondLook | None:
        """What a search knows of the candidates that it reads word by word; None where the encoder gives no tokens."""
        return self._look(score(self.snapshot, self._store, question.vector, query), question, query)

    def _look(self, scores: Scores, question: QuestionVectors, query: Query) -> SecondLook | None:
        if question.tokens is None:
            return None
        tokens = question.tokens.weighed(rarities(self.snapshot, query.text, query.lang, question.tokens))
        return look(self.snapshot, self._catalog, scores, tokens, query.lang, query.filters)

    def _hits(self, scores: Scores, order: Iterable[int], query: Query, late: dict[int, Rescored]) -> tuple[Hit, ...]:
        hits: list[Hit] = []
        for i in order:
            if len(hits) == query.top_k:
                break
            hit = _hit(self.snapshot, scores, int(i), late)
            if not any(repeats(hit, other) for other in hits):
                hits.append(hit)
        return self._reranked(query.text, hits)

    def _reranked(self, question: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The first ones in the order of the reranker, where there is one; the scores stay in their places."""
        if self._reranker is None:
            return tuple(hits)
        first = hits[:RERANKED]
        found = self._reranker.scores(question, [f"{hit.title}\n{hit.text}" for hit in first])
        order = np.argsort(-found, kind="stable")
        moved = (msgspec.structs.replace(first[i], score=hit.score) for i, hit in zip(order, first, strict=True))
        return (*moved, *hits[RERANKED:])

    def _published(self, rows: Iterable[int]) -> list[str | None]:
        return [self.snapshot.article_of(row).published for row in rows]


def _led_by(fused: NDArray[np.float32], chosen: NDArray[np.int64], odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Those that were read word by word by their log-odds, and the others behind the last of them."""
    led: NDArray[np.float32] = fused - fused.max(initial=-np.inf) + odds.min(initial=0)
    led[chosen] = odds
    return led


def _order(snapshot: Snapshot, scores: Scores, query: Query, margin: float) -> Iterable[int]:
    """Places among the candidates, best first."""
    order = np.argsort(-scores.fused, kind="stable")
    return _one_version_per_work(snapshot, scores, order, query.lang, margin) if query.group_works else order


def _hit(snapshot: Snapshot, scores: Scores, i: int, late: dict[int, Rescored]) -> Hit:
    row = int(scores.rows[i])
    rescored = late.get(row, NOTHING)
    hit = snapshot.hit(
        row,
        score=round(float(1 / (1 + np.exp(-np.clip(scores.fused[i], -20, 20)))), 4),
        cosine=float(scores.cosines[i]),
        coverage=float(scores.coverages[i]),
    )
    return msgspec.structs.replace(
        hit, late=rescored.chunk, unit_scores=rescored.units, unit_focus=rescored.focus, tokens=rescored.tokens
    )


def score(snapshot: Snapshot, store: VectorStore | None, vector: NDArray[np.float32], query: Query) -> Scores:
    """Both arms' candidates, each scored by both arms and fused by a weighted sum of z-scores.

    Passages in other languages share few terms with a question: what a language's candidates share on average is
    taken from each, or the question's own language would win by its letters alone, and what is left counts for little.
    """
    question_terms = terms(query.text, query.lang)
    allowed = snapshot.matching(query.filters)
    lexical = snapshot.terms.scores(question_terms)
    is_small = len(snapshot) <= EXACT_CHUNKS
    near = None if store is None or is_small or allowed is not None else _nearest(snapshot, store, vector)
    if near is None:
        near = snapshot.nearest(vector, CANDIDATES, allowed)
    rows = _union(near, _best_rows(lexical, CANDIDATES, allowed))
    cosines = snapshot.cosines(vector, rows)
    shared = lexical[rows]
    weights = np.where(snapshot.are_foreign(rows, query.lang), FOREIGN_LEXICAL_WEIGHT, LEXICAL_WEIGHT)
    told = weights.astype(np.float32) * _z_scores(snapshot.less_language_mean(shared, rows))
    return Scores(
        rows=rows,
        fused=DENSE_WEIGHT * _z_scores(cosines) + told,
        cosines=cosines,
        coverages=shared / max(snapshot.terms.ceiling(question_terms), 1e-6),
    )


def _nearest(snapshot: Snapshot, store: VectorStore, vector: NDArray[np.float32]) -> Iterable[int] | None:
    """Rows of the chunks nearest to the question; None where the store is of a generation no longer kept, or fails."""
    try:
        near = [snapshot.row_of.get(chunk_id) for chunk_id, _ in store.query(vector, CANDIDATES)]
    except StoreGoneError:
        return None
    return [row for row in near if row is not None]


def _one_version_per_work(
    snapshot: Snapshot, scores: Scores, order: NDArray[np.int64], lang: str, margin: float
) -> list[int]:
    """The order without the versions of a work that lose to another one: the reader's own, else the best one."""
    version_of: dict[str, str] = {}
    best: dict[str, float] = {}
    for i in order:
        article = snapshot.article_of(int(scores.rows[i]))
        fused = float(scores.fused[i])
        if article.work_id not in version_of:
            version_of[article.work_id] = article.article_id
            best[article.work_id] = fused
        elif _is_own(article.lang, lang) and fused >= best[article.work_id] - margin:
            current = snapshot.articles[version_of[article.work_id]]
            if not _is_own(current.lang, lang):
                version_of[article.work_id] = article.article_id
    kept = set(version_of.values())
    return [int(i) for i in order if snapshot.article_of(int(scores.rows[i])).article_id in kept]


def _is_own(lang: str, reader: str) -> bool:
    return base(lang) == base(reader)


def _union(*groups: Iterable[int]) -> NDArray[np.int64]:
    return np.array(sorted({int(row) for group in groups for row in group}), np.int64)


def _best_rows(scores: NDArray[np.float32], count: int, allowed: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Of all rows, or of those allowed, that have a score above zero."""
    rows = _high_rows(scores, count) if allowed is None else allowed[scores[allowed] > 0]
    if len(rows) > count:
        return rows[np.argpartition(-scores[rows], count)[:count]]
    return rows


def _high_rows(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Among them the ``count`` best: all that reach what so many of a sample reach."""
    sample = scores[::SAMPLED]
    least = np.partition(sample, -count)[-count] if len(sample) > count else 0
    return np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores)


def _z_scores(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Zeros where all are equal."""
    if not len(values):
        return values
    scaled: NDArray[np.float32] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return scaled
