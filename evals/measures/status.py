"""Whether what can be answered is answered, and whether the rest is refused.

``refusal_precision`` is scored on refused questions alone and ``refusal_recall`` on those that should be refused, so
that their means are precision and recall; ``answered`` is the counterpart of the latter on the answerable ones.
"""

from evals.measures.measure import Measure
from evals.records import Outcome
from rag.records import Answer


def is_answered(answer: Answer) -> bool:
    return answer.status in {"answered", "partial"}


def _accuracy(outcome: Outcome, _: float | None) -> float | None:
    """A partial answer counts for an answered one, not the other way round."""
    if outcome.answer is None:
        return 0.0
    given, wanted = outcome.answer.status, outcome.case.expect.status
    return float(given == wanted or (given == "partial" and wanted == "answered"))


def _answered(outcome: Outcome, _: float | None) -> float | None:
    if not outcome.case.answerable:
        return None
    return float(outcome.answer is not None and is_answered(outcome.answer))


def _refusal_precision(outcome: Outcome, _: float | None) -> float | None:
    return float(not outcome.case.answerable) if _refused(outcome) else None


def _refusal_recall(outcome: Outcome, _: float | None) -> float | None:
    return None if outcome.case.answerable else float(_refused(outcome))


def _refused(outcome: Outcome) -> bool:
    return outcome.answer is not None and not is_answered(outcome.answer)


STATUS = (
    Measure(name="status", title="Right status", score=_accuracy),
    Measure(name="answered", title="Answerable questions that are answered", score=_answered),
    Measure(name="refusal_precision", title="Refusals that are right", score=_refusal_precision),
    Measure(name="refusal_recall", title="Unanswerable questions that are refused", score=_refusal_recall),
)
