"""The right passage on real pages: ``python -m evals.benchmarks.retrieval_pages [--tuning]``.

In: the electric-vehicle pages and the seed articles (``--data``), 80 questions in eight languages
(``evals/questions/pages.jsonl``). A passage is right if it belongs to an expected work and holds every expected fact.
Out: hit@1, hit@3 and MRR by each arm, as a reader searches and by pair of languages. The questions were written by
reading the pages, before anything was searched, and are for reports alone; ``--tuning`` asks the answerable ones of
``development.jsonl`` and ``tempting.jsonl`` instead, which choices may be made on. Refuses data that is not there.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.arms import ARMS, Arm, chunk_rankings
from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval_report import Table, markdown_table
from evals.benchmarks.search_index import SearchIndex, open_index
from evals.golden import QUESTIONS, Case, holds, load_cases, normalise
from evals.measures.ranking import hit, reciprocal_rank
from evals.statistics import clustered, mean_intervals
from index.languages import split_path
from index.records import Filters, QuestionVectors
from index.search import Query

REPORTED, TUNED_ON = ("pages",), ("development", "tempting")
DEPTH = 50
"""Chunks that are ranked; what stands further down counts as not found."""
EVERYTHING = ""
"""The pool of all languages, by its language; a reader's search."""


class Place(msgspec.Struct, frozen=True):
    """Where one question's right passage stands in one pool, by one arm."""

    case: Case
    passages: str
    """The language of the pool."""
    arm: Arm
    first: float
    third: float
    reciprocal: float


def main() -> None:
    given = _options()
    names = TUNED_ON if given.tuning else REPORTED
    cases = [case for name in names for case in load_cases(QUESTIONS / f"{name}.jsonl") if _is_marked(case)]
    with open_index([given.data / "evkx" / "content", given.data / "seeds"], given.index) as index:
        vectors = index.encoder.encode_questions([case.question for case in cases])
        places = [place for case, own in zip(cases, vectors, strict=True) for place in asked(index, case, own)]
    found = {one.case.id for one in places}
    print(f"{len(found)} questions, {len(cases) - len(found)} more without a right passage among the pages\n")
    print(markdown_table(by_arm(places)))
    print(f"\n{markdown_table(by_pair(places))}")
    if given.tuning:
        print(f"\nNot first: {', '.join(_missed(places)) or 'none'}")
    print(f"\n{describe()}")


def asked(index: SearchIndex, case: Case, question: QuestionVectors) -> Iterator[Place]:
    """Over all pages, and over those of each language that has a right passage; nothing where no page has one."""
    right = right_chunks(index, case)
    if not right:
        return
    grades = dict.fromkeys(right, 1)
    for lang in (EVERYTHING, *sorted(set(right.values()))):
        query = Query(
            text=case.question,
            lang=case.lang,
            top_k=DEPTH,
            filters=Filters(langs=(lang,)) if lang else Filters(),
            group_works=not lang,
        )
        for arm, ranking in chunk_rankings(index, query, question, DEPTH).items():
            figures = hit(ranking, grades, 1), hit(ranking, grades, 3), reciprocal_rank(ranking, grades)
            yield Place(case, lang, arm, *figures)


def right_chunks(index: SearchIndex, case: Case) -> dict[str, str]:
    """The chunks that answer, by id, with their languages."""
    snapshot, right = index.searcher.snapshot, {}
    for row, chunk in enumerate(snapshot.chunks):
        article = snapshot.article_of(row)
        text = normalise(article.text[chunk.stored.start : chunk.stored.end])
        if split_path(article.path)[1] in case.expect.works and _says(text, case):
            right[chunk.chunk_id] = article.lang
    return right


def by_arm(places: Sequence[Place]) -> Table:
    """As a reader searches, over all pages."""
    rows = [["over all pages", "hit@1", "hit@3", "MRR"]]
    for arm in ARMS:
        rows.append([arm, *_figures([one for one in places if one.arm == arm and one.passages == EVERYTHING])])
    return rows


def by_pair(places: Sequence[Place]) -> Table:
    """The whole search over the pages of one language, by the question's own and the passages'."""
    rows = [["question → passages", "questions", "hit@1", "hit@3", "MRR"]]
    whole = [one for one in places if one.arm == "whole" and one.passages != EVERYTHING]
    own = [one for one in whole if one.case.lang == one.passages]
    across = [one for one in whole if one.case.lang != one.passages]
    rows += [[name, str(len(some)), *_figures(some)] for name, some in (("own", own), ("across", across)) if some]
    for lang, passages in sorted({(one.case.lang, one.passages) for one in whole}):
        some = [one for one in whole if (one.case.lang, one.passages) == (lang, passages)]
        means = _values(some).mean(axis=0)
        rows.append([f"{lang} → {passages}", str(len(some)), *(f"{number:.2f}" for number in means)])
    return rows


def _figures(places: Sequence[Place]) -> list[str]:
    """Means with intervals; questions about one work succeed and fail together."""
    values = _values(places)
    interval = mean_intervals(clustered(values, [one.case.expect.works[0] for one in places], [range(len(places))]))
    columns = zip(values.mean(axis=0), interval.low, interval.high, strict=True)
    return [f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in columns]


def _values(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array([[one.first, one.third, one.reciprocal] for one in places])


def _missed(places: Sequence[Place]) -> Iterator[str]:
    for one in places:
        if one.arm == "whole" and one.passages == EVERYTHING and not one.first:
            yield f"{one.case.id} ({one.reciprocal:.2f})"


def _is_marked(case: Case) -> bool:
    return case.answerable and bool(case.expect.works) and bool(case.expect.facts)


def _says(text: str, case: Case) -> bool:
    return all(any(holds(text, form) for form in forms) for forms in case.expect.facts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure retrieval on real pages.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds evkx and seeds")
    parser.add_argument("--tuning", action="store_true", help="the development questions instead of those held out")
    parser.add_argument("--index", type=Path, help="folder to keep the index in, for the next run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
