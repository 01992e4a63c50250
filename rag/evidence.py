"""How sure it is that the articles answer: a calibrated probability from what search and extraction saw.

In: the ranked units of a question. Out: 0 to 1, and whether that is enough to answer. Coefficients are data, fitted by
``evals/benchmarks/fit_evidence.py`` on questions whose passages were taken away; never a fixed cosine.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp

import msgspec

from index.numbers import Number, numbers, same_number
from rag.extract import Candidate

FEATURES = ("late", "unit", "cosine", "chunk_coverage", "unit_coverage", "figures_missing", "lead")


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A logistic model over ``FEATURES`` and the least probability that counts as an answer."""

    intercept: float
    weights: dict[str, float]
    threshold: float


@cache
def calibration() -> Calibration:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "evidence.json").read_bytes(), type=Calibration)


def features(question: str, ranked: Sequence[Candidate]) -> dict[str, float]:
    """What the probability is made of; all zero for no candidates."""
    if not ranked:
        return dict.fromkeys(FEATURES, 0.0)
    best = ranked[0]
    others = [one.score for one in ranked if one.hit.work_id != best.hit.work_id]
    return {
        "late": best.hit.late,
        "unit": best.score,
        "cosine": best.hit.cosine,
        "chunk_coverage": best.hit.coverage,
        "unit_coverage": best.coverage,
        "figures_missing": _missing_share(question, best),
        "lead": best.score - max(others, default=best.score - 0.1),
    }


def support(question: str, ranked: Sequence[Candidate]) -> float:
    """Probability that the best candidate answers the question; 0 for no candidates."""
    if not ranked:
        return 0.0
    fitted = calibration()
    seen = features(question, ranked)
    return 1 / (1 + exp(-fitted.intercept - sum(fitted.weights[name] * seen[name] for name in FEATURES)))


def _missing_share(question: str, best: Candidate) -> float:
    """Share of the question's numbers (years, model numbers) that neither passage, title nor date holds."""
    asked = numbers(question)
    if not asked:
        return 0.0
    hit = best.hit
    context = " ".join((hit.title, *hit.headings, hit.text, hit.published or "", hit.modified or ""))
    known = numbers(context.replace("-", " "))
    return sum(not _is_among(number, known) for number in asked) / len(asked)


def _is_among(number: Number, known: Sequence[Number]) -> bool:
    return any(same_number(number, other) for other in known)
