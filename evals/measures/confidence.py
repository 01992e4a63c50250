"""How well ``Answer.confidence`` tells questions that the articles answer from those that they do not.

The event is that the articles hold the answer (``Case.answerable``): that is what the figure claims to be the
probability of. AUROC asks for the order alone, the Brier score and the expected calibration error for the probability
itself. Outcomes without a confidence (an error, or nothing was searched) are left out.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.measures.measure import Figure, Measure, Part
from evals.records import Outcome

_BINS = 10


class ReliabilityBin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers of about one confidence, and how often the articles did hold the answer."""

    low: float
    high: float
    """Exclusive, but for 1."""
    questions: int
    confidence: float
    """Mean."""
    answerable: float
    """Share."""


def auroc(parts: Sequence[Part]) -> float | None:
    """How often an answerable question is surer than an unanswerable one, ties half. None unless there are both."""
    sure, answerable = _columns(parts)
    right, wrong = sure[answerable], np.sort(sure[~answerable])
    if not right.size or not wrong.size:
        return None
    below, not_above = np.searchsorted(wrong, right, "left"), np.searchsorted(wrong, right, "right")
    return float((below.sum() + not_above.sum()) / (2 * right.size * wrong.size))


def reliability_bins(parts: Sequence[Part]) -> tuple[ReliabilityBin, ...]:
    """Ten of equal width, lowest first; empty ones are left out."""
    sure, answerable = _columns(parts)
    place = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return tuple(
        ReliabilityBin(
            low=number / _BINS,
            high=(number + 1) / _BINS,
            questions=int(inside.sum()),
            confidence=math.fsum(sure[inside]) / int(inside.sum()),
            answerable=int(answerable[inside].sum()) / int(inside.sum()),
        )
        for number in range(_BINS)
        if (inside := place == number).any()
    )


def calibration_error(parts: Sequence[Part]) -> float | None:
    """Expected calibration error: mean distance of confidence and share over the bins, by their size."""
    bins = reliability_bins(parts)
    total = sum(one.questions for one in bins)
    return math.fsum(one.questions * abs(one.confidence - one.answerable) for one in bins) / total if total else None


def confidence_of(outcome: Outcome) -> Part | None:
    """Confidence, and 1 if the articles hold the answer."""
    if outcome.answer is None or outcome.answer.confidence is None:
        return None
    return outcome.answer.confidence, float(outcome.case.answerable)


def _brier(outcome: Outcome, _: float | None) -> float | None:
    part = confidence_of(outcome)
    return None if part is None else (part[0] - part[1]) ** 2


def _columns(parts: Sequence[Part]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([sure for sure, _ in parts]), np.array([answerable for _, answerable in parts], dtype=bool)


BRIER = Measure(name="brier", title="Brier score of confidence", direction="lower", score=_brier)
CONFIDENCE = (
    Figure(name="auroc", title="Confidence tells answerable from unanswerable, AUROC", part=confidence_of, over=auroc),
    Figure(
        name="calibration_error",
        title="Calibration error of confidence",
        direction="lower",
        part=confidence_of,
        over=calibration_error,
    ),
)
