"""Tokens and cost of an answer that an LLM wrote.

Unscored for extractive answers, which use none, and at present for all: answers do not report what the LLM's endpoint
counted, and a count made here from the answer's text alone would leave the prompt out.
"""

from evals.measures.measure import Measure
from evals.records import Outcome


def _unreported(_: Outcome, __: float | None) -> float | None:
    return None


USAGE = (
    Measure(name="tokens", title="Tokens of prompt and answer", direction="lower", unit="tokens", score=_unreported),
    Measure(name="cost", title="Cost of an answer", direction="lower", unit="money", score=_unreported),
)
