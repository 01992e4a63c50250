"""Every measure of an evaluation run, one small file each, and their scores.

In: a run. Out: its scores, a record that is the same for the same run in every byte but its ``timing``. Refuses a run
that holds a question twice. ``measure.py`` says what "unscored" means; each file says when its own measure is.
"""

import statistics
from collections import Counter

import msgspec

from evals.measures.citation_precision import CITATION_PRECISION
from evals.measures.citation_recall import CITATION_RECALL
from evals.measures.cited_numbers import CITED_NUMBERS
from evals.measures.confidence import BRIER, CONFIDENCE, ReliabilityBin, confidence_of, reliability_bins
from evals.measures.errors import ERRORS
from evals.measures.fact_recall import FACT_RECALL
from evals.measures.followup import FOLLOWUP_KEPT, FOLLOWUP_LOSS
from evals.measures.forbidden import FORBIDDEN
from evals.measures.hits import HITS
from evals.measures.language import LANGUAGE
from evals.measures.latency import LATENCY, percentile
from evals.measures.measure import Figure, Measure
from evals.measures.ndcg import NDCG
from evals.measures.quote_exactness import QUOTE_EXACTNESS
from evals.measures.reciprocal_rank import RECIPROCAL_RANK
from evals.measures.right import RIGHT
from evals.measures.short_answer import SHORT_ANSWER_F1
from evals.measures.status import STATUS
from evals.measures.usage import USAGE
from evals.records import Run
from rag.errors import InputError

__all__ = [
    "FIGURES",
    "HEADLINE",
    "MEASURES",
    "RANKING",
    "Figure",
    "LatencyScores",
    "Measure",
    "ReliabilityBin",
    "Scores",
    "scores",
]

HEADLINE = RIGHT.name
"""The measure that says most by itself."""
MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        RIGHT,
        *STATUS,
        *HITS,
        RECIPROCAL_RANK,
        NDCG,
        CITATION_PRECISION,
        CITATION_RECALL,
        QUOTE_EXACTNESS,
        FACT_RECALL,
        FORBIDDEN,
        SHORT_ANSWER_F1,
        CITED_NUMBERS,
        LANGUAGE,
        BRIER,
        FOLLOWUP_LOSS,
        ERRORS,
        *USAGE,
        LATENCY,
    )
}
"""By name, in the order in which they are shown."""
FIGURES: dict[str, Figure] = {figure.name: figure for figure in (*CONFIDENCE, FOLLOWUP_KEPT)}
"""By name: what only many questions together have."""

RANKING = frozenset(
    (*(hits.name for hits in HITS), RECIPROCAL_RANK.name, NDCG.name, FOLLOWUP_LOSS.name, FOLLOWUP_KEPT.name)
)
"""Measures and figures of how works are ranked: not comparable between runs that ranked otherwise."""


class LatencyScores(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs between equal runs."""

    latency_ms: dict[str, float]
    """By case: the median of its repetitions."""
    p50_ms: float | None
    p95_ms: float | None
    """Over all repetitions of all cases."""


class Scores(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything measured of one run; None is unscored."""

    questions: dict[str, dict[str, float | None]]
    """By case, in the order of the run: every measure that is not timed, by name."""
    figures: dict[str, float | None]
    """Over the whole run, by name."""
    calibration: tuple[ReliabilityBin, ...]
    timing: LatencyScores


def scores(run: Run) -> Scores:
    """Every measure of every question, and the figures of the whole run. Raises InputError for an id used twice."""
    twice = [case_id for case_id, times in Counter(one.case.id for one in run.outcomes).items() if times > 1]
    if twice:
        raise InputError(f"The run holds {', '.join(twice[:3])} more than once. Give every question an id of its own.")
    untimed = [measure for measure in MEASURES.values() if not measure.timed]
    return Scores(
        questions={one.case.id: {of.name: of.score(one, None) for of in untimed} for one in run.outcomes},
        figures={figure.name: figure.of(run.outcomes) for figure in FIGURES.values()},
        calibration=reliability_bins([part for one in run.outcomes if (part := confidence_of(one)) is not None]),
        timing=_timing(run),
    )


def _timing(run: Run) -> LatencyScores:
    repeated = zip(run.outcomes, run.timing.latencies_ms, strict=False)
    medians = {one.case.id: statistics.median(times) for one, times in repeated if times}
    every = [time for times in run.timing.latencies_ms for time in times]
    return LatencyScores(latency_ms=medians, p50_ms=percentile(every, 0.5), p95_ms=percentile(every, 0.95))
