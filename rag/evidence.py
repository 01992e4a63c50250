"""How sure it is that the articles answer: a calibrated probability from what search and extraction saw.

In: the ranked candidates of a question. Out: 0 to 1, and what is enough to answer. Coefficients are data, fitted by
``evals/benchmarks/fit_evidence.py`` on questions whose passages were taken away; never a fixed cosine.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp

import msgspec

from rag.candidates import Candidate, extraction_weights

LEAD_CAP = 3.0
"""In log-odds. Articles that say the same follow closely: a long lead proves something, a short one nothing."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A logistic model over ``evidence`` and the least probability that counts as an answer."""

    intercept: float
    weights: dict[str, float]
    threshold: float


@cache
def calibration() -> Calibration:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "evidence.json").read_bytes(), type=Calibration)


def evidence(ranked: Sequence[Candidate]) -> dict[str, float]:
    """By name: the signals of the best of at least one candidate, its lead over other works, its meaning if foreign."""
    best = ranked[0]
    others = [_as_said(one) for one in ranked if one.hit.work_id != best.hit.work_id]
    lead = _as_said(best) - max(others, default=_as_said(best) - LEAD_CAP)
    foreign_late = best.signals.foreign * best.signals.late
    return {**msgspec.structs.asdict(best.signals), "lead": min(LEAD_CAP, lead), "foreign_late": foreign_late}


def _as_said(candidate: Candidate) -> float:
    """The score for what is said, of whichever look-alike: a rival that is about another one stays a rival."""
    return candidate.score - extraction_weights().get("other_name", 0.0) * candidate.signals.other_name


def support(ranked: Sequence[Candidate]) -> float:
    """Probability that the best candidate answers the question; 0 for no candidates."""
    if not ranked:
        return 0.0
    fitted, seen = calibration(), evidence(ranked)
    return 1 / (1 + exp(-fitted.intercept - sum(weight * seen[name] for name, weight in fitted.weights.items())))
