"""What may be quoted, read together with the question, and how sure it is then that the articles answer.

In: ranked candidates, how sure evidence is, and what reads pairs. Out: the foremost candidates in a new order, and what
is sure now. Reading takes as long as most of what was done before, so only candidates that could come first are read,
and none where evidence speaks plainly for an answer or against one. Figures are data, fitted by
``evals/benchmarks/fit_reader.py``.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import exp

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.log_odds import log_odds
from index.pair_reader import titled
from index.records import ReadPairs
from rag.candidates import Candidate
from rag.evidence import calibration

READ = 4
"""Candidates that are read, at most, from the best."""
AT_FIRST, AHEAD = 2, 1.0
"""So many are read at first, which two cores do in the time of one; where the best of those leads the next candidate by
this, in log-odds, no more are."""
MARGIN = 2.0
"""In log-odds: who is further behind the best is not read."""
HOPELESS, SETTLED = 0.05, 0.95
"""Where evidence is less sure, or as sure as this, nothing is read."""


class Reading(msgspec.Struct, frozen=True):
    """Candidates, best first, and how sure it is that the articles answer."""

    ranked: list[Candidate]
    sure: float
    is_enough: bool
    """To be quoted."""


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much counts what the model says."""

    order: float
    """Of what it adds to a score."""
    evidence: float
    """Log-odds that the articles answer are theirs times this,"""
    answers: float
    """plus the log-odds that one of the sentences does, times this,"""
    intercept: float
    """plus this."""
    threshold: float
    """The least probability that counts as an answer."""


@cache
def trust() -> Trust:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "reader.json").read_bytes(), type=Trust)


def unread(_question: str, _texts: list[str]) -> None:
    """Nothing is read."""


def read(found: Sequence[Candidate], sure: float, question: str, read_pairs: ReadPairs) -> Reading:
    """``found``: best first; ``sure``: 0 to 1, by evidence."""
    said = _said(worth_reading(found, sure), question, read_pairs)
    if said is None:
        return Reading(list(found), sure, sure >= calibration().threshold)
    fitted = trust()
    again = _again(found, said)
    ranked = sorted([*again, *found[len(again) :]], key=lambda one: -one.score)
    odds = fitted.evidence * log_odds(sure) + fitted.answers * float(said[:, 1].max()) + fitted.intercept
    now = 1 / (1 + exp(-odds))
    return Reading(ranked, now, now >= fitted.threshold)


def _said(some: Sequence[Candidate], question: str, read_pairs: ReadPairs) -> NDArray[np.float32] | None:
    """``[n, 2]`` of the foremost of ``some``; of all unless one of the first is ahead."""
    if not some:
        return None
    said = read_pairs(question, [as_read(one) for one in some[:AT_FIRST]])
    rest = some[AT_FIRST:]
    if said is None or not rest or max(one.score for one in _again(some, said)) >= rest[0].score + AHEAD:
        return said
    more = read_pairs(question, [as_read(one) for one in rest])
    return said if more is None else np.concatenate([said, more])


def _again(found: Sequence[Candidate], said: NDArray[np.float32]) -> list[Candidate]:
    """Those that were read, with their new scores."""
    return [
        msgspec.structs.replace(one, score=one.score + float(more))
        for one, more in zip(found, trust().order * adds(said), strict=False)
    ]


def worth_reading(found: Sequence[Candidate], sure: float) -> list[Candidate]:
    """The foremost of ``found``, unless it is plain without them whether the articles answer."""
    if not HOPELESS <= sure < SETTLED:
        return []
    return [one for one in found[:READ] if one.score >= found[0].score - MARGIN]


def adds(said: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[n]``, to each score if it is trusted wholly: nothing on average, as what is not read gets nothing."""
    apart: NDArray[np.float32] = said[:, 0] - said[:, 0].mean()
    return apart


def as_read(candidate: Candidate) -> str:
    """As training saw it."""
    return titled(candidate.hit.title, candidate.text)
