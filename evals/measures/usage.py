"""Tokens and cost of an answer that an LLM wrote.

Tokens are what the LLM's endpoint counted, of all requests for the answer. Unscored for answers that no LLM was asked
for, and where the endpoint counts nothing: a count made here would be of another tokenizer. Cost is of these tokens, at
the prices that the run was given; unscored where it was given none.
"""

from evals.measures.measure import Measure
from evals.records import Outcome

_PRICED = 1_000_000
"""Tokens that a price is for."""


def _tokens(outcome: Outcome, _: float | None) -> float | None:
    written = outcome.answer.written if outcome.answer else None
    if written is None or written.prompt_tokens is None:
        return None
    return float(written.prompt_tokens + (written.answer_tokens or 0))


def _cost(outcome: Outcome, _: float | None) -> float | None:
    written, prices = outcome.answer.written if outcome.answer else None, outcome.prices
    if written is None or prices is None or written.prompt_tokens is None or written.answer_tokens is None:
        return None
    return (written.prompt_tokens * prices.prompt + written.answer_tokens * prices.answer) / _PRICED


USAGE = (
    Measure(name="tokens", title="Tokens of prompt and answer", direction="lower", unit="tokens", score=_tokens),
    Measure(name="cost", title="Cost of an answer", direction="lower", unit="money", score=_cost),
)
