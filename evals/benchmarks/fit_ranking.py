"""Fit the weights of search: ``python -m evals.benchmarks.fit_ranking [--data ../shared/data] [--index FOLDER]``.

Every sampled question of XQuAD's even articles is asked over one pool of all languages; over the same pool where half
of the passages have no version in its own language, its own among them or not; over its own language; and over another
one. Candidates are ranked by a conditional logistic model (the right ones' share of the softmax). Prints hit@1 by
cross-validation over articles and writes ``index/data/ranking.json``; the odd articles stay unseen.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.conditional import Choice, fit
from evals.benchmarks.search_index import SearchIndex, open_index
from evals.benchmarks.xquad import XquadQuestion, languages, questions, write_articles
from index.ranking import RankingWeights, columns
from index.records import Filters, QuestionVectors
from index.search import Query
from index.second_look import SecondLook

SAMPLED = 5
"""Every how many-th question is asked."""
FOLDS = 3
RIDGE = 1e-6
"""Cosines differ by hundredths, so that weights are large."""
FIGURES = [name for name in RankingWeights.__struct_fields__ if name != "origin"]
"""In the order of ``columns``."""
OUT = Path("index/data/ranking.json")


class Posed(msgspec.Struct, frozen=True):
    """A choice with what it comes from."""

    article: int
    pool: str
    choice: Choice


def main() -> None:
    """Ingest, ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--index", type=Path, help="folder to keep the index in, for the next run")
    given = parser.parse_args()
    xquad = given.data / "xquad"
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(xquad, Path(scratch))
        with open_index([Path(scratch)], given.index) as index:
            posed = list(_posed(index, list(questions(xquad, 0))[::SAMPLED], languages(xquad)))
    for pool, right in _validated(posed).items():
        print(f"{pool}: hit@1 {np.mean(right):.4f} of {len(right)}, cross-validated")
    factors = fit([one.choice for one in posed], RIDGE)
    named = zip(FIGURES, (round(float(factor), 2) for factor in factors), strict=True)
    ranking = RankingWeights(**dict(named), origin=round(_origin(posed, factors), 2))
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(ranking), indent=2) + b"\n")
    print(OUT, ranking)


def _posed(index: SearchIndex, asked: Sequence[XquadQuestion], langs: Sequence[str]) -> Iterator[Posed]:
    vectors = index.encoder.encode_questions([one.text for one in asked])
    for place, (one, own) in enumerate(zip(asked, vectors, strict=True)):
        others = [lang for lang in langs if lang != one.lang]
        yield Posed(one.article, "all languages", _choice(index, one, own, Filters()))
        yield Posed(one.article, "half in others only", _half_untranslated(index, one, own, place))
        for pool, lang in (("own language", one.lang), ("another language", others[place % len(others)])):
            yield Posed(one.article, pool, _choice(index, one, own, Filters(langs=(lang,))))


def _choice(index: SearchIndex, asked: XquadQuestion, vectors: QuestionVectors, filters: Filters) -> Choice:
    seen = _seen(index, asked, vectors, filters)
    if seen is None:
        return Choice(np.zeros((0, len(FIGURES))), np.zeros(0, np.bool_))
    return Choice(columns(seen.figures).astype(np.float64), _right(index, asked, seen))


def _half_untranslated(index: SearchIndex, asked: XquadQuestion, vectors: QuestionVectors, seed: int) -> Choice:
    """As if half of the works, drawn at random, had no version in the question's own language."""
    seen = _seen(index, asked, vectors, Filters())
    if seen is None:
        return Choice(np.zeros((0, len(FIGURES))), np.zeros(0, np.bool_))
    right, works = _right(index, asked, seen), index.searcher.snapshot.places(np.array(seen.rows, np.int64)).works
    drawn = np.random.default_rng(seed).random(len(works)) < 0.5
    untranslated = drawn[works]
    kept = seen.figures.foreign | ~untranslated
    figures = columns(seen.figures).astype(np.float64)
    figures[untranslated, FIGURES.index("untranslated")] = 1
    return Choice(figures[kept], right[kept])


def _seen(index: SearchIndex, asked: XquadQuestion, vectors: QuestionVectors, filters: Filters) -> SecondLook | None:
    query = Query(text=asked.text, lang=asked.lang, filters=filters, group_works=False)
    return index.searcher.look_at(query, vectors)


def _right(index: SearchIndex, asked: XquadQuestion, seen: SecondLook) -> NDArray[np.bool_]:
    name = f"/{asked.article:02d}-{asked.paragraph:02d}.txt"
    return np.array([index.searcher.snapshot.article_of(row).path.endswith(name) for row in seen.rows], np.bool_)


def _validated(posed: Sequence[Posed]) -> dict[str, list[bool]]:
    """By pool, whether the best candidate is right by weights from other articles."""
    folds = {article: place % FOLDS for place, article in enumerate(sorted({one.article for one in posed}))}
    found: dict[str, list[bool]] = {}
    for fold in range(FOLDS):
        factors = fit([one.choice for one in posed if folds[one.article] != fold], RIDGE)
        for one in posed:
            if folds[one.article] == fold:
                best = np.argmax(one.choice.figures @ factors)
                found.setdefault(one.pool, []).append(bool(one.choice.right[best]))
    return found


def _origin(posed: Sequence[Posed], factors: NDArray[np.float64]) -> float:
    """Halfway between what the best right and the best wrong candidates commonly score."""
    scores = [(one.choice.figures @ factors, one.choice.right) for one in posed if one.choice.right.sum() > 0]
    right = np.median([some[is_right].max() for some, is_right in scores])
    wrong = np.median([some[~is_right].max() for some, is_right in scores])
    return float((right + wrong) / 2)


if __name__ == "__main__":
    main()
