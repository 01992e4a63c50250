"""How sure it is that the articles answer: a calibrated probability from what search and extraction saw.

In: a question with its ranked candidates. Out: 0 to 1, and what is enough to answer. Coefficients are data, fitted by
``evals/benchmarks/fit_evidence.py`` on questions whose passages were taken away; never a fixed cosine.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp

import msgspec

from rag.candidates import Candidate, extraction_weights
from rag.unmentioned import unmentioned

COUNTED = ("unit_late", "late", "unit_coverage", "coverage", "figures_absent", "unknown", "other_name")
"""Signals of the best candidate that count as they are. The others brought nothing where they were left in."""
ELSEWHERE, ELSEWHERE_HITS = 0.48, 2
"""Late interaction with other works' passages that is usual, and how many passages that counts as."""
LEAST_ELSEWHERE = 0.42
"""Below, the whole question is foreign to the articles, which speaks for no answer."""
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


def evidence(ranked: Sequence[Candidate], question: str, lang: str) -> dict[str, float]:
    """By name, of at least one candidate: what speaks for the best, and how it stands out.

    * ``lead``: over the best of other works.
    * ``foreign_late``: its meaning if foreign.
    * ``elsewhere``: how well the passages of other works match, which a question of common words does everywhere.
    * ``other_kind``: 0, or down to -0.5 for a best one that surely holds nothing of the kind that is asked for.
    * ``unmentioned``: 1 if its passage does not mention a name, country or year of the question.
    * ``other_setting``: 1 if that is a country or a year.
    """
    best = ranked[0]
    others = [_as_said(one) for one in ranked if one.hit.work_id != best.hit.work_id]
    missing = unmentioned(question, lang, best.hit)
    lead = _as_said(best) - max(others, default=_as_said(best) - LEAD_CAP)
    return {
        **{name: getattr(best.signals, name) for name in COUNTED},
        "lead": min(LEAD_CAP, lead),
        "foreign_late": best.signals.foreign * best.signals.late,
        "elsewhere": _elsewhere(ranked, best),
        "other_kind": min(0.0, best.signals.kind),
        "unmentioned": float(bool(missing.names or missing.setting)),
        "other_setting": float(bool(missing.setting)),
    }


def _elsewhere(ranked: Sequence[Candidate], best: Candidate) -> float:
    others = {one.hit.chunk_id: one.signals.late for one in ranked if one.hit.work_id != best.hit.work_id}
    usual = (ELSEWHERE * ELSEWHERE_HITS + sum(others.values())) / (ELSEWHERE_HITS + len(others))
    return max(LEAST_ELSEWHERE, usual)


def _as_said(candidate: Candidate) -> float:
    """The score for what is said, of whichever look-alike: a rival that is about another one stays a rival."""
    return candidate.score - extraction_weights().get("other_name", 0.0) * candidate.signals.other_name


def support(ranked: Sequence[Candidate], question: str, lang: str) -> float:
    """Probability that the best candidate answers the question; 0 for no candidates."""
    if not ranked:
        return 0.0
    fitted, seen = calibration(), evidence(ranked, question, lang)
    return 1 / (1 + exp(-fitted.intercept - sum(weight * seen[name] for name, weight in fitted.weights.items())))
