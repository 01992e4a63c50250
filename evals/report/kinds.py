"""What kind of failure an outcome is, so that failures can be counted and filtered.

In: an outcome and the reasons why it is wrong. Out: kinds, in the order of ``KINDS``; none for a right outcome. The
reasons are those of ``evals.verdicts`` and ``evals.golden.judge``, told apart by how they begin.
"""

from collections.abc import Iterable

from evals.measures.status import is_answered
from evals.records import Outcome

KINDS = {
    "error": "ended in an error",
    "unanswered": "not answered, though the articles say it",
    "invented": "answered, though the articles do not say it",
    "status": "another status",
    "work": "another article",
    "fact": "fact missing",
    "quote": "passage missing",
    "forbidden": "shows what it must not",
    "language": "another language",
    "date": "another date",
    "exactness": "quote not exact",
    "other": "another reason",
}
"""By name, in the order in which they are shown."""

_BEGINNINGS = {
    "ended in an error": "error",
    "not found, yet": "status",
    "answered in": "language",
    "as of": "date",
    "quotes what it must not": "forbidden",
    "says what it must not": "forbidden",
    "does not say": "fact",
    "quotes none of": "quote",
    "cites": "work",
    "a quote is not exact": "exactness",
}


def kinds(outcome: Outcome, reasons: Iterable[str]) -> tuple[str, ...]:
    """Each once."""
    found = {_kind(outcome, reason) for reason in reasons}
    return tuple(kind for kind in KINDS if kind in found)


def _kind(outcome: Outcome, reason: str) -> str:
    if reason.startswith("status is") and outcome.answer is not None:
        given = is_answered(outcome.answer)
        if given == outcome.case.answerable:
            return "status"
        return "invented" if given else "unanswered"
    return next((kind for beginning, kind in _BEGINNINGS.items() if reason.startswith(beginning)), "other")
