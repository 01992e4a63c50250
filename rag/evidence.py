"""How sure it is that the articles answer: a calibrated probability from what search and extraction saw.

In: the ranked units of a question. Out: 0 to 1, and whether that is enough to answer. Coefficients are data, fitted by
``evals/benchmarks/fit_evidence.py`` on questions whose passages were taken away; never a fixed cosine.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp

import msgspec

from index.languages import base
from index.numbers import Number, numbers, same_number
from rag.extract import Candidate

LEAD_CAP = 3.0
"""In log-odds. Articles that say the same follow closely: a long lead proves something, a short one nothing."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for the best candidate. ``foreign_…`` repeat a figure where it is in another language than asked."""

    late: float
    unit_late: float
    chunk_coverage: float
    unit_coverage: float
    figures_missing: float
    lead: float
    foreign: float
    foreign_late: float
    foreign_chunk_coverage: float
    foreign_unit_coverage: float


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A logistic model over the fields of ``Evidence`` and the least probability that counts as an answer."""

    intercept: float
    weights: dict[str, float]
    threshold: float


@cache
def calibration() -> Calibration:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "evidence.json").read_bytes(), type=Calibration)


def evidence(question: str, lang: str, ranked: Sequence[Candidate]) -> Evidence:
    """For the first of at least one candidate; ``lang`` is the question's."""
    best = ranked[0]
    hit = best.hit
    foreign = float(base(hit.lang) != base(lang))
    others = [one.score for one in ranked if one.hit.work_id != hit.work_id]
    return Evidence(
        late=hit.late,
        unit_late=best.late,
        chunk_coverage=hit.coverage,
        unit_coverage=best.coverage,
        figures_missing=_missing_share(question, best),
        lead=min(LEAD_CAP, best.score - max(others, default=best.score - LEAD_CAP)),
        foreign=foreign,
        foreign_late=foreign * hit.late,
        foreign_chunk_coverage=foreign * hit.coverage,
        foreign_unit_coverage=foreign * best.coverage,
    )


def support(question: str, lang: str, ranked: Sequence[Candidate]) -> float:
    """Probability that the best candidate answers the question; 0 for no candidates."""
    if not ranked:
        return 0.0
    fitted = calibration()
    seen = msgspec.structs.asdict(evidence(question, lang, ranked))
    return 1 / (1 + exp(-fitted.intercept - sum(fitted.weights[name] * value for name, value in seen.items())))


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
