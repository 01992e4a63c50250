"""Fit how far ``rag/reader.py`` trusts what is read: ``python -m evals.benchmarks.fit_reader [--data ../shared/data]``.

On the questions of ``reading_cases.py`` that the model was not trained on, where they are read at all. Here all
that are worth it are read; an answer stops once one of the first is ahead. The share of what it adds to scores is
the one with which most first candidates are right; a logistic model of evidence and of what is read tells the answered
from the others. Questions over few articles are only reported. Writes ``rag/data/reader.json``; what ships was fitted
when fewer publishers were there (pages 28 and 32 of docs/decisions), and the golden gate has to hold with another. Out:
on stdout, by source, how often the first candidate is right with each share, AUROC, and the time to read. Takes eight
minutes on two cores.
"""

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from math import exp
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from evals.benchmarks.machine import describe
from evals.benchmarks.reading_cases import FITTED_ON, SOURCES, Asked, asked
from evals.benchmarks.retrieval_report import markdown_table
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from index.records import ReadPairs
from rag.reader import Trust, adds, as_read, worth_reading
from rag.settings import load_settings

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FALSE_REFUSALS = 0.1
"""Of the answered; of the questions of page 28 evidence alone refused 12 %."""
OUT = Path("rag/data/reader.json")


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A question whose foremost candidates were read."""

    source: str
    answerable: bool
    evidence: float
    """Log-odds."""
    scores: NDArray[np.float64]
    """Of all candidates."""
    added: NDArray[np.float64]
    """To all scores with a share of 1: 0 for what is not read."""
    answers: float
    right: NDArray[np.bool_]
    ms: float

    def is_right(self, share: float) -> bool:
        return bool(self.right[np.argmax(self.scores + share * self.added)])


def main() -> None:
    """Ask, read, fit, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    encoder = SentenceEncoder(BUNDLED, load_settings().model_path)
    kept = [one for one in asked(parser.parse_args().data, kept=True) if one.found]
    seen = [found for one in kept if (found := read(one, encoder.read_pairs)) is not None]
    fitted = fit(seen)
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=2) + b"\n")
    print(markdown_table([HEAD, *(row(source, seen, fitted) for source in SOURCES)]))
    print(f"\n{len(kept) - len(seen)} more were plain without it, and not read. {fitted}\n\n{describe()}")


HEAD = [
    "kept from the training",
    "questions",
    *(f"first right, {share} added" for share in SHARES),
    "AUROC of evidence",
    "of what is read",
    "of both",
    "read",
    "ms, p50",
    "p95",
]


def row(source: str, every: Sequence[Read], fitted: Trust) -> list[str]:
    """Of the answerable ones the share whose first candidate is right; AUROC of those where it is against the rest."""
    seen = [one for one in every if one.source == source]
    answerable = [one for one in seen if one.answerable]
    used = _counted(seen, fitted.order)
    told = [one.answerable for one in used]
    evidence, answers = (np.array([getattr(one, name) for one in used]) for name in ("evidence", "answers"))
    both = fitted.evidence * evidence + fitted.answers * answers
    return [
        source,
        f"{len(answerable)} + {len(seen) - len(answerable)}",
        *(f"{np.mean([one.is_right(share) for one in answerable]):.3f}" for share in SHARES),
        *(f"{roc_auc_score(told, by):.3f}" for by in (evidence, answers, both)),
        f"{np.mean([np.count_nonzero(one.added) for one in seen]):.1f}",
        *(f"{np.quantile([one.ms for one in seen], part):.0f}" for part in (0.5, 0.95)),
    ]


def fit(seen: Sequence[Read]) -> Trust:
    """On ``FITTED_ON`` alone; the threshold refuses ``FALSE_REFUSALS`` of the answered."""
    seen = [one for one in seen if one.source in FITTED_ON]
    answerable = [one for one in seen if one.answerable]
    weights = _weights(answerable)
    right = {share: np.average([one.is_right(share) for one in answerable], weights=weights) for share in SHARES}
    order = max(SHARES, key=lambda share: right[share])
    used = _counted(seen, order)
    told, weights = np.array([one.answerable for one in used]), _weights(used)
    said = np.array([[one.evidence, one.answers] for one in used])
    model = LogisticRegression(max_iter=1000).fit(said, told, sample_weight=weights)
    odds = model.decision_function(said)
    least = _quantile(odds[told], weights[told])
    (evidence, answers), (intercept,) = model.coef_[0], model.intercept_
    return Trust(
        order=order,
        evidence=round(float(evidence), 4),
        answers=round(float(answers), 4),
        intercept=round(float(intercept), 4),
        threshold=round(float(1 / (1 + np.exp(-least))), 4),
    )


def _weights(seen: Sequence[Read]) -> NDArray[np.float64]:
    """Every source counts alike, however many questions it has; 1 on average."""
    sizes = Counter(one.source for one in seen)
    return np.array([len(seen) / len(sizes) / sizes[one.source] for one in seen])


def _counted(seen: Sequence[Read], order: float) -> list[Read]:
    """Without the answerable ones whose first candidate is wrong: to answer them is no gain, to refuse them no loss."""
    return [one for one in seen if not one.answerable or one.is_right(order)]


def read(one: Asked, read_pairs: ReadPairs) -> Read | None:
    """Its foremost candidates; None where it is plain without them whether the articles answer."""
    some = worth_reading(one.found, 1 / (1 + exp(-one.evidence)))
    began = time.perf_counter()
    said = read_pairs(one.posed.question, [as_read(each) for each in some]) if some else None
    ms = 1000 * (time.perf_counter() - began)
    if said is None:
        return None
    added = np.zeros(len(one.found))
    added[: len(some)] = adds(said)
    return Read(
        source=one.posed.source,
        answerable=one.answerable,
        evidence=one.evidence,
        scores=np.array([each.score for each in one.found]),
        added=added,
        answers=float(said[:, 1].max()),
        right=np.array(one.right),
        ms=ms,
    )


def _quantile(odds: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(odds)
    share = np.cumsum(weights[order]) / weights.sum()
    return float(odds[order][np.searchsorted(share, FALSE_REFUSALS)])


if __name__ == "__main__":
    main()
