"""Fit the weights of search and extraction: ``python -m evals.benchmarks.fit_ranking [--data ../shared/data]``.

Every sampled question of XQuAD's even articles is asked over one pool of all languages, and once more without the
version of its passage in its own language: then the answer stands in foreign articles only, behind own-language ones
that merely look alike. For extraction the questions of ``development.py`` come to it. Chunks and quotable units
are ranked by conditional logistic models (the right ones' share of the softmax). Writes ``index/data/ranking.json`` and
``rag/data/extraction.json``; the odd articles stay unseen.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from evals.benchmarks.development import development_hits, is_right
from evals.benchmarks.xquad import XquadQuestion, passage_of, questions, write_articles
from evals.fresh import open_fresh
from index.ranking import RankingWeights
from index.records import Hit
from index.search import Query
from rag.candidates import Candidate, Signals, candidates
from rag.runtime import Runtime

SAMPLED = 7
"""Every how many-th question is asked."""
DEVELOPMENT_WEIGHT = 5
"""How often a development question counts: they are few, but real pages have titles, tables and look-alikes."""
RIDGE = 1e-4
SIGNALS = Signals.__struct_fields__
RANKING, EXTRACTION = Path("index/data/ranking.json"), Path("rag/data/extraction.json")


class Choice(msgspec.Struct, frozen=True):
    """What could be chosen for one question: figures ``[n, features]``, and which of them is right ``[n]``."""

    figures: NDArray[np.float64]
    right: NDArray[np.bool_]


def main() -> None:
    """Ingest, ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data / "xquad"
    asked = list(questions(data, 0))
    answers = {(one.lang, *one.key): one.answers for one in asked}
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            pools = [(one, pool) for one in asked[::SAMPLED] for pool in _pools(runtime, one)]
    chunk_weights = fit([_chunk_choice(one, pool) for one, pool in pools])
    late, cosine, coverage, foreign_coverage, foreign = (round(float(weight), 2) for weight in chunk_weights)
    ranking = RankingWeights(late, cosine, coverage, foreign_coverage, foreign, origin=round(0.73 * late, 2))
    choices = [_unit_choice(one, pool, answers) for one, pool in pools]
    for case, lang, hits in development_hits(data.parent):
        ranked = candidates(hits, case.question, lang)
        choices += [_choice(ranked, [is_right(case, one) for one in ranked])] * DEVELOPMENT_WEIGHT
    unit_weights = fit(choices)
    extraction = {name: round(float(weight), 2) for name, weight in zip(SIGNALS, unit_weights, strict=True)}
    for path, fitted in ((RANKING, ranking), (EXTRACTION, extraction)):
        path.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=2) + b"\n")
        print(path, fitted)


def fit(choices: Sequence[Choice]) -> NDArray[np.float64]:
    """Weights that give the right candidates the largest share of the softmax, on average over questions."""
    usable = [choice for choice in choices if choice.right.any()]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = RIDGE * float(weights @ weights), 2 * RIDGE * weights
        for choice in usable:
            scores = choice.figures @ weights
            right = choice.figures[choice.right]
            value -= (logsumexp(scores[choice.right]) - logsumexp(scores)) / len(usable)
            slope = slope - (_softmax(scores[choice.right]) @ right - _softmax(scores) @ choice.figures) / len(usable)
        return value, slope

    start = np.zeros(usable[0].figures.shape[1])
    fitted: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return fitted


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.exp(scores - logsumexp(scores))
    return shares


def _pools(runtime: Runtime, asked: XquadQuestion) -> Iterator[list[Hit]]:
    hits = list(runtime.find(Query(text=asked.text, lang=asked.lang, top_k=30, group_works=False)))
    yield hits
    yield [hit for hit in hits if not (_answers(hit, asked) and hit.lang == asked.lang)]


def _chunk_choice(asked: XquadQuestion, hits: Sequence[Hit]) -> Choice:
    figures = [[hit.late, hit.cosine, *_by_language(hit.lang == asked.lang, hit.coverage)] for hit in hits]
    return Choice(np.array(figures).reshape(len(hits), 5), np.array([_answers(hit, asked) for hit in hits], np.bool_))


def _unit_choice(
    asked: XquadQuestion, hits: Sequence[Hit], answers: dict[tuple[str, int, int, int], tuple[str, ...]]
) -> Choice:
    ranked = candidates(hits, asked.text, asked.lang)
    right = [
        _answers(one.hit, asked) and any(gold in one.text for gold in answers[one.hit.lang, *asked.key])
        for one in ranked
    ]
    return _choice(ranked, right)


def _choice(ranked: Sequence[Candidate], right: Sequence[bool]) -> Choice:
    figures = [msgspec.structs.astuple(one.signals) for one in ranked]
    return Choice(np.array(figures).reshape(len(ranked), len(SIGNALS)), np.array(right, np.bool_))


def _by_language(own: bool, coverage: float) -> list[float]:
    """The figure for an own and for a foreign candidate, and whether it is a foreign one."""
    return [coverage, 0.0, 0.0] if own else [0.0, coverage, 1.0]


def _answers(hit: Hit, asked: XquadQuestion) -> bool:
    return passage_of(hit) == (asked.article, asked.paragraph)


if __name__ == "__main__":
    main()
