"""What a run comes to: every measure's mean over every slice, with its interval.

In: a run and its scores. Out: means in the order of slices (``all`` first), then of measures; only where at least one
question is scored, and without the timed measures. Refuses scores that are not the run's.
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from evals.measures import MEASURES, Scores
from evals.records import Run
from evals.slices import cluster, slices
from evals.statistics import Floats, clustered, mean_intervals
from rag.errors import InputError

UNTIMED = tuple(name for name, measure in MEASURES.items() if not measure.timed)
"""The measures that are averaged and compared, in their order."""
_DIGITS = 9
"""Kept of what random draws and sums give: less than any machine's rounding could change."""


class Mean(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measure over one slice."""

    slice: str
    measure: str
    questions: int
    """That are scored."""
    mean: float
    low: float
    high: float
    """95 % interval, questions clustered by work."""


def means(run: Run, scores: Scores) -> tuple[Mean, ...]:
    """Every mean there is."""
    if list(scores.questions) != [outcome.case.id for outcome in run.outcomes]:
        raise InputError("These scores belong to another run. Take them of this one.")
    parts = slices(run.outcomes)
    clusters = [cluster(outcome.case) for outcome in run.outcomes]
    data = clustered(values(scores, list(scores.questions)), clusters, parts.values())
    interval = mean_intervals(data)
    sums, counts = data.sums.sum(axis=0), data.counts.sum(axis=0)
    columns = [(part, measure) for part in parts for measure in UNTIMED]
    return tuple(
        Mean(
            slice=part,
            measure=measure,
            questions=int(counts[at]),
            mean=rounded(sums[at] / counts[at]),
            low=rounded(interval.low[at]),
            high=rounded(interval.high[at]),
        )
        for at, (part, measure) in enumerate(columns)
        if counts[at]
    )


def values(scores: Scores, case_ids: Sequence[str]) -> Floats:
    """[cases, untimed measures], NaN for unscored."""
    rows = [[scores.questions[case_id].get(measure) for measure in UNTIMED] for case_id in case_ids]
    return np.array(rows, dtype=np.float64).reshape(len(case_ids), len(UNTIMED))


def rounded(value: float) -> float:
    """Equal on every machine; never a negative zero."""
    return round(float(value), _DIGITS) + 0.0
