"""Share of the expected facts that the answer or its quotes say. Zero without an answer; unscored without facts."""

from evals.golden import holds, normalise
from evals.measures.measure import Measure
from evals.measures.status import is_answered
from evals.records import Outcome


def _score(outcome: Outcome, _: float | None) -> float | None:
    facts = outcome.case.expect.facts
    if not facts:
        return None
    if outcome.answer is None or not is_answered(outcome.answer):
        return 0.0
    texts = [normalise(text) for text in (outcome.answer.text, *(one.quote for one in outcome.answer.citations))]
    return sum(any(holds(text, form) for text in texts for form in forms) for forms in facts) / len(facts)


FACT_RECALL = Measure(name="fact_recall", title="Expected facts in the answer", score=_score)
