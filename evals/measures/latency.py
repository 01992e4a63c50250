"""Milliseconds from question to answer. In: measured latencies. Out: their percentiles. Timed, so never compared."""

import math
from collections.abc import Sequence

from evals.measures.measure import Measure
from evals.records import Outcome


def percentile(values: Sequence[float], share: float) -> float | None:
    """Nearest rank: a latency that was measured; None of nothing."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _score(_: Outcome, latency_ms: float | None) -> float | None:
    return latency_ms


LATENCY = Measure(name="latency", title="Latency", direction="lower", unit="ms", score=_score, timed=True)
