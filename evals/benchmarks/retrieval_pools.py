"""XQuAD's questions asked over pools of passages: the own language's, every other one's, and pools of several.

In: questions with their vectors, an index of XQuAD. Out: for every question and pool the rankings of all arms, and four
measures of each. Language filters make the pools; the pool of all languages has no filter, as a reader's search has
none. A question's language is given, not detected.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from evals.benchmarks.arms import ARMS, Arm, Rankings, passage_rankings
from evals.benchmarks.search_index import SearchIndex
from evals.benchmarks.xquad import XquadQuestion
from evals.measures.ranking import hit, ndcg
from index.records import Filters, QuestionVectors
from index.search import Query

MIXED, SEVERAL = "mixed", "en+de+es"
SEVERAL_LANGS = ("en", "de", "es")
DEPTH, MIXED_DEPTH = 10, 100
"""Passages that are ranked; in the pool of all languages average precision looks at more of them."""
CHUNKS_PER_PASSAGE = 2


class Pool(msgspec.Struct, frozen=True):
    name: str
    langs: tuple[str, ...]
    depth: int = DEPTH


class Measured(NamedTuple):
    """Of one ranking; from 0 to 1."""

    hit: float
    """Whether the first passage is right."""
    ndcg: float
    """Of the first ten."""
    precision: float
    """Average precision over all that is ranked."""
    recall: float
    """Share of the right passages among the first ten."""


class Asked(msgspec.Struct, frozen=True):
    """A question with its rankings and their measures, by pool."""

    question: XquadQuestion
    rankings: Mapping[str, Rankings]
    right: Mapping[str, tuple[str, ...]]
    measured: Mapping[tuple[Arm, str], Measured]

    @property
    def id(self) -> str:
        return "-".join(map(str, (self.question.lang, *self.question.key)))


def pools(lang: str, langs: Sequence[str]) -> Iterator[Pool]:
    """The pools that a question in ``lang`` is asked over, where passages are there in ``langs``."""
    yield from (Pool(one, (one,)) for one in langs)
    yield Pool(MIXED, tuple(langs), MIXED_DEPTH)
    if lang in SEVERAL_LANGS and set(SEVERAL_LANGS) <= set(langs):
        yield Pool(SEVERAL, SEVERAL_LANGS)


def ask(index: SearchIndex, question: XquadQuestion, vectors: QuestionVectors, langs: Sequence[str]) -> Asked:
    """The question over every pool."""
    ranked, right = {}, {}
    for pool in pools(question.lang, langs):
        query = Query(
            text=question.text,
            lang=question.lang,
            top_k=CHUNKS_PER_PASSAGE * pool.depth,
            filters=Filters() if pool.name == MIXED else Filters(langs=pool.langs),
            group_works=False,
        )
        ranked[pool.name] = passage_rankings(index, query, vectors, pool.depth)
        right[pool.name] = tuple(right_path(question, lang) for lang in pool.langs)
    measured = {(arm, pool): measure(ranked[pool][arm], right[pool]) for pool in ranked for arm in ARMS}
    return Asked(question, ranked, right, measured)


def right_path(question: XquadQuestion, lang: str) -> str:
    """The passage in ``lang`` that answers the question."""
    return f"{lang}/{question.article:02d}-{question.paragraph:02d}.txt"


def measure(ranking: Sequence[str], right: Sequence[str]) -> Measured:
    """``right`` is not empty."""
    grades = dict.fromkeys(right, 1)
    recall = len(grades.keys() & set(ranking[:10])) / len(grades)
    return Measured(hit(ranking, grades, 1), ndcg(ranking, grades, 10), average_precision(ranking, right), recall)


def average_precision(ranking: Sequence[str], right: Sequence[str]) -> float:
    """Mean over the right passages of the precision where each stands; 0 for those that were not found."""
    ranks = [rank for rank, path in enumerate(ranking, start=1) if path in right]
    return math.fsum(found / rank for found, rank in enumerate(ranks, start=1)) / len(right)
