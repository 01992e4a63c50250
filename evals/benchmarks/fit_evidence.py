"""Fit the calibration of ``rag/evidence.py``: ``python -m evals.benchmarks.fit_evidence [--data ../shared/data]``.

Every question of XQuAD's even articles is asked four times over one pool of all languages: as it is, with its passage
taken away in every language, and both again without the passages in the question's own language; the questions
of ``development.py`` come to it. A logistic model tells the answerable from the others. Writes
``rag/data/evidence.json`` and prints AUROC by cross-validation over articles; the odd articles are left for the report.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from evals.benchmarks.development import SET_BY_HAND, development_hits, is_right
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions, write_articles
from evals.fresh import open_fresh
from index.search import Query
from rag.candidates import candidates
from rag.evidence import Calibration, evidence
from rag.extract import choose
from rag.runtime import Runtime

FALSE_REFUSALS = 0.08
DEVELOPMENT_WEIGHT = 3
"""How often a development question counts: they are few, and the tempting ones among them are real."""
SAMPLED = 7
"""Every how many-th question is asked."""
OUT = Path("rag/data/evidence.json")


class Example(msgspec.Struct, frozen=True):
    """One question as asked in one of the four ways."""

    article: int
    answerable: bool
    evidence: dict[str, float]


def main() -> None:
    """Ingest, ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data / "xquad"
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            examples = [one for asked in list(questions(data, 0))[::SAMPLED] for one in _examples(runtime, asked)]
    for number, (case, lang, hits) in enumerate(development_hits(data.parent)):
        ranked = candidates(hits, case.question, lang)
        if ranked and (not case.answerable or any(is_right(case, one) for one in choose(ranked, lang))):
            examples += [
                Example(2 * number, case.answerable, evidence(ranked, case.question, lang))
            ] * DEVELOPMENT_WEIGHT
    fitted = fit(examples)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=2) + b"\n")
    print(f"{len(examples)} examples, threshold {fitted.threshold}, written to {OUT}")


def fit(examples: Sequence[Example]) -> Calibration:
    """The logistic model, and the threshold at which the given share of the answerable is refused."""
    names = list(examples[0].evidence)
    seen = np.array([[one.evidence[name] for name in names] for one in examples])
    answerable = np.array([one.answerable for one in examples])
    articles = np.array([one.article for one in examples])
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    model = LogisticRegression(max_iter=1000)
    predicted = cross_val_predict(
        model, (seen - mean) / spread, answerable, groups=articles, cv=_folds(articles), method="decision_function"
    )
    print(f"AUROC, cross-validated over articles: {roc_auc_score(answerable, predicted):.4f}")
    model.fit((seen - mean) / spread, answerable)
    weights = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - weights @ mean)
    weights = np.array([SET_BY_HAND.get(name, weight) for name, weight in zip(names, weights, strict=True)])
    probabilities = 1 / (1 + np.exp(-(seen[answerable] @ weights + intercept)))
    return Calibration(
        intercept=round(intercept, 4),
        weights={name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        threshold=round(float(np.quantile(probabilities, FALSE_REFUSALS)), 4),
    )


def _folds(articles: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Eight folds; an article is never on both sides."""
    rows = np.arange(len(articles))
    return [(rows[articles // 2 % 8 != fold], rows[articles // 2 % 8 == fold]) for fold in range(8)]


def _examples(runtime: Runtime, asked: XquadQuestion) -> Iterator[Example]:
    hits = runtime.find(Query(text=asked.text, lang=asked.lang, top_k=30, group_works=False))
    foreign = [hit for hit in hits if hit.lang != asked.lang]
    for pool in (hits, foreign):
        without = [hit for hit in pool if not answers_it(hit, asked)]
        for some, answerable in ((pool, True), (without, False)):
            ranked = candidates(some, asked.text, asked.lang)
            if ranked and (len(without) < len(pool) or not answerable):
                yield Example(asked.article, answerable, evidence(ranked, asked.text, asked.lang))


if __name__ == "__main__":
    main()
