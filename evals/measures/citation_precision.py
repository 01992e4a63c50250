"""Share of an answer's citations that show what the case expects, by span overlap (``evals/measures/evidence.py``).

Unscored where nothing is cited, and where the articles do not hold the answer: that such a question was answered at
all counts under ``refusal_recall``.
"""

from evals.measures.evidence import is_evidence
from evals.measures.measure import Measure
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    case, answer = outcome.case, outcome.answer
    if not case.answerable or answer is None or not answer.citations:
        return None
    return sum(is_evidence(case, citation) for citation in answer.citations) / len(answer.citations)


CITATION_PRECISION = Measure(name="citation_precision", title="Citations that show what was asked", score=_score)
