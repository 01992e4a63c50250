"""What a search across languages is fitted on: questions with passages of other languages.

In: the folder of shared data. Out: each question with the hits of other languages, best first, and which of them
answer: those of XQuAD's even articles, over the passages of one other language, and those of the publishers that may be
tuned on, over all languages but the question's, in one index. The same articles and publishers are kept as in
``reading_cases.py``. Where nothing that answers is among the first, a question teaches nothing and is left out, unless
it is kept.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from evals.benchmarks.publishers import PUBLISHERS
from evals.benchmarks.reading_cases import KEPT_ARTICLES, KEPT_PUBLISHERS, tuned_on
from evals.benchmarks.xquad import XquadQuestion, answers_it, languages, passage_of, questions, write_articles
from evals.fresh import open_fresh
from evals.golden import Case, holds, load_cases, normalise
from index.languages import base, detect_question
from index.records import Filters, Hit
from index.search import Query

SOURCES = ("xquad", "publishers")
DEPTH = 30
"""Hits of a search, of which those that may be seen are kept,"""
SEEN = 8
"""at most so many."""
DRAWN = 2
"""Other languages, of those that there are, in which a question of the training is asked for."""


class Crossing(msgspec.Struct, frozen=True):
    """A question with passages of other languages, best first, no two of one article in XQuAD."""

    question: str
    source: str
    """One of ``SOURCES``."""
    is_kept: bool
    """From the training."""
    hits: tuple[Hit, ...]
    right: tuple[bool, ...]


def crossings(data: Path) -> Iterator[Crossing]:
    """``data`` holds ``xquad``."""
    for one in (*_of_xquad(data / "xquad"), *_of_publishers()):
        if any(one.right) or (one.is_kept and one.hits):
            yield one


def _of_xquad(data: Path) -> Iterator[Crossing]:
    rng, langs = np.random.default_rng(0), languages(data)
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            for one in questions(data, 0):
                others = [lang for lang in langs if lang != one.lang]
                is_kept = one.article >= KEPT_ARTICLES
                for lang in others if is_kept else rng.choice(others, DRAWN, replace=False):
                    query = _query(one.text, one.lang, Filters(langs=(str(lang),)))
                    yield _over_passages(one, is_kept, runtime.find(query))


def _over_passages(one: XquadQuestion, is_kept: bool, hits: Sequence[Hit]) -> Crossing:
    """The best hit of each passage; in training nothing of the odd articles, not even as a wrong one."""
    first: dict[str, Hit] = {}
    for hit in hits:
        if is_kept or passage_of(hit)[0] % 2 == 0:
            first.setdefault(hit.path, hit)
    return _crossing(one.text, "xquad", is_kept, list(first.values()), lambda hit: answers_it(hit, one))


def _of_publishers() -> Iterator[Crossing]:
    names = tuned_on()
    with open_fresh([PUBLISHERS / name / "content" for name in names]) as runtime:
        for name in names:
            for case in load_cases(PUBLISHERS / name / "questions.jsonl"):
                lang = detect_question(case.question)
                hits = runtime.find(_query(case.question, lang, Filters()))
                foreign = [hit for hit in hits if base(hit.lang) != base(lang)]
                if case.answerable:
                    yield _crossing(case.question, "publishers", name in KEPT_PUBLISHERS, foreign, _says_it(case))


def _says_it(case: Case) -> Callable[[Hit], bool]:
    """Whether a passage holds the quote and all that is to be said."""

    def says_it(hit: Hit) -> bool:
        text = normalise(hit.text)
        told = all(any(holds(text, form) for form in forms) for forms in case.expect.facts)
        return told and any(holds(text, quote) for quote in case.expect.quotes)

    return says_it


def _query(text: str, lang: str, filters: Filters) -> Query:
    return Query(text=text, lang=lang, top_k=DEPTH, group_works=False, filters=filters)


def _crossing(
    question: str, source: str, is_kept: bool, hits: Sequence[Hit], says_it: Callable[[Hit], bool]
) -> Crossing:
    some = tuple(hit for hit in hits if hit.unit_scores)[:SEEN]
    return Crossing(question, source, is_kept, some, tuple(map(says_it, some)))
