"""What search loses when a question is asked as a follow-up instead of by itself.

Per question: hit@5 of the standalone question minus hit@5 of the follow-up, so 1 for a loss and -1 for a gain. Over
all: the share of hits that is kept. Scored for follow-ups that have a standalone question and an expected work.
"""

from collections.abc import Sequence

from evals.measures.measure import Figure, Measure, Part
from evals.measures.ranking import hit, relevant_works, works_found
from evals.records import Outcome

_K = 5


def kept(parts: Sequence[Part]) -> float | None:
    """Hits of the follow-ups over hits of their standalone questions; None without any of the latter."""
    alone = sum(alone for _, alone in parts)
    return sum(asked for asked, _ in parts) / alone if alone else None


def hits_of(outcome: Outcome) -> Part | None:
    """As asked, and by itself."""
    if not _is_scored(outcome):
        return None
    relevant = relevant_works(outcome.case)
    return (
        hit(works_found(outcome.found), relevant, _K),
        hit(works_found(outcome.standalone_found), relevant, _K),
    )


def _loss(outcome: Outcome, _: float | None) -> float | None:
    part = hits_of(outcome)
    return None if part is None else part[1] - part[0]


def _is_scored(outcome: Outcome) -> bool:
    return outcome.case.standalone is not None and bool(outcome.case.expect.works)


FOLLOWUP_LOSS = Measure(name="followup_loss", title="Hits lost by follow-ups", direction="lower", score=_loss)
FOLLOWUP_KEPT = Figure(name="followup_kept", title="Hits that follow-ups keep", part=hits_of, over=kept)
