"""Whether an outcome is right, and if not, every reason why.

In: an outcome. Out: reasons; none for a right one. An error, a quote that is not exact and everything that
``evals.golden.judge`` finds are reasons.
"""

from collections.abc import Iterator

from evals.golden import judge
from evals.records import Outcome


def reasons(outcome: Outcome) -> tuple[str, ...]:
    """Empty for a right outcome."""
    return tuple(_reasons(outcome))


def _reasons(outcome: Outcome) -> Iterator[str]:
    if outcome.error is not None:
        yield f"ended in an error: {outcome.error}"
    if outcome.answer is not None:
        yield from judge(outcome.case, outcome.answer).reasons
    for quote in outcome.false_quotes:
        yield f"a quote is not exact, or not marked as what it is: {quote!r}"
