"""Whether the means of two runs differ by more than chance.

In: the outcomes of both runs for the same questions, and their values. Out: one difference per measure and slice, with
its interval, its p corrected for all of them, and a verdict. Pure; refuses nothing.

All tests together give a false alarm in at most 5 of 100 comparisons: 3.5 are set aside for right answers over all
questions, so that answers lost in four works and won in none are noticed; 1.5 for every other measure and slice,
corrected by Holm. Where so few works differ that no outcome could be significant, nothing is tested, and nothing counts
(Tarone 1990). Losses and gains are looked at separately; only a loss is an alarm.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.measures import HEADLINE, MEASURES
from evals.records import Outcome
from evals.slices import ALL, cluster, slices
from evals.statistics import (
    Clustered,
    Floats,
    clustered,
    difference_intervals,
    holm,
    least_probabilities,
    loss_probabilities,
)
from evals.summary import UNTIMED, rounded

ALPHA = 0.05
_HEADLINE_SHARE = 0.7

Verdict = Literal["loss", "gain", "same"]


class Difference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measure over one slice, in both runs."""

    slice: str
    measure: str
    questions: int
    """That either run scores; each mean is over those that its own run does."""
    before: float
    after: float
    low: float
    high: float
    """95 % interval of ``after - before``, questions clustered by work."""
    p_loss: float
    """One-sided, uncorrected; that of a gain is ``1 - p_loss``."""
    p_corrected: float
    """Of the side that it leans to; 1 where too few works differ for a test."""
    verdict: Verdict

    @property
    def difference(self) -> float:
        """Above 0 where the later run has more, which is not better for every measure."""
        return rounded(self.after - self.before)


def differences(
    first: Sequence[Outcome], second: Sequence[Outcome], before: Floats, after: Floats
) -> tuple[Difference, ...]:
    """Of the untimed measures [questions, measures] of the same questions in both runs; only where each scores any.

    What a measure is scored on may itself change: where a refusal becomes an answer, its citations are new. Such a
    question counts on the side that scores it, or all that it quotes wrongly would go unseen.
    """
    parts = _slices_of_either(first, second)
    clusters = [cluster(outcome.case) for outcome in first]
    was, now = (clustered(side, clusters, parts.values()) for side in (before, after))
    scored = clustered(np.where(np.isnan(before), after, before), clusters, parts.values()).counts.sum(axis=0)
    columns = [(part, measure) for part in parts for measure in UNTIMED]
    signs = np.array([MEASURES[measure].sign for _, measure in columns], dtype=np.float64)
    gains = Clustered(_moved(was, now) * signs, now.counts)
    p_loss, p_corrected = _tested(gains, is_headline=np.array([one == (ALL, HEADLINE) for one in columns]))
    interval = difference_intervals(was, now)
    counts = [side.counts.sum(axis=0) for side in (was, now)]
    means = [side.sums.sum(axis=0) / np.maximum(of, 1) for side, of in zip((was, now), counts, strict=True)]
    return tuple(
        Difference(
            slice=part,
            measure=measure,
            questions=int(scored[at]),
            before=rounded(means[0][at]),
            after=rounded(means[1][at]),
            low=rounded(interval.low[at]),
            high=rounded(interval.high[at]),
            p_loss=rounded(p_loss[at]),
            p_corrected=rounded(p_corrected[at]),
            verdict=_verdict(p_loss[at], p_corrected[at]),
        )
        for at, (part, measure) in enumerate(columns)
        if counts[0][at] and counts[1][at]
    )


def _moved(was: Clustered, now: Clustered) -> Floats:
    """By how much each cluster raises the mean: its change, less what its newly scored questions have on average.

    That average is over both runs together, so that a cluster's runs can trade places without changing it, and the
    paired test stays exact. Where both runs score the same questions, it is the change of the sum.
    """
    counts = (was.counts + now.counts).sum(axis=0)
    average = (was.sums + now.sums).sum(axis=0) / np.maximum(counts, 1)
    return np.asarray(now.sums - was.sums - average * (now.counts - was.counts))


def _slices_of_either(first: Sequence[Outcome], second: Sequence[Outcome]) -> dict[str, list[int]]:
    """Language pairs depend on what was cited, so a question is in those of both runs.

    In those of the earlier run alone, the questions that it answered would stand without those that only the later one
    did: a loss wherever two equal runs differ by chance.
    """
    merged: dict[str, set[int]] = {}
    for parts in (slices(first), slices(second)):
        for name, places in parts.items():
            merged.setdefault(name, set()).update(places)
    return {name: sorted(merged[name]) for name in sorted(merged, key=lambda name: (name != ALL, name))}


def _tested(gains: Clustered, is_headline: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """p of a loss, and the corrected p of the likelier side, per column."""
    p_loss = loss_probabilities(gains)
    least = least_probabilities(gains)
    corrected = np.ones(len(p_loss))
    for family, share in ((is_headline, _HEADLINE_SHARE), (~is_headline, 1 - _HEADLINE_SHARE)):
        testable = family & (least / share < ALPHA)
        either = [holm(side[testable]) for side in (p_loss, 1 - p_loss)]
        corrected[testable] = np.minimum(np.minimum(*either) / share, 1.0)
    return p_loss, corrected


def _verdict(p_loss: float, p_corrected: float) -> Verdict:
    if p_corrected >= ALPHA:
        return "same"
    return "loss" if p_loss < 0.5 else "gain"
