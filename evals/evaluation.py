"""A run with everything that was taken of it, as the formats show it.

In: a run; the rules and the baseline of a gate, where one is held. Out: scores, means and checks beside the run.
Refuses what ``evals.gate.hold`` refuses.
"""

import msgspec

from evals.baseline import Baseline
from evals.gate import Check, Gate, hold
from evals.measures import HEADLINE, Scores, scores
from evals.records import Outcome, Run
from evals.summary import Mean, means
from evals.verdicts import reasons


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a run."""

    run: Run
    scores: Scores
    means: tuple[Mean, ...]
    baseline: Baseline | None = None
    """The newest that is over the same articles."""
    checks: tuple[Check, ...] | None = None
    """None where no gate was held."""
    history: tuple[Baseline, ...] = ()
    """Every baseline of the suite, oldest first."""

    @property
    def failed(self) -> tuple[Check, ...]:
        """Checks of the gate that do not hold."""
        return tuple(check for check in self.checks or () if not check.holds)

    @property
    def wrong(self) -> tuple[tuple[Outcome, tuple[str, ...]], ...]:
        """Wrong outcomes with every reason why."""
        judged = ((outcome, reasons(outcome)) for outcome in self.run.outcomes)
        return tuple((outcome, found) for outcome, found in judged if found)

    @property
    def regressions(self) -> tuple[str, ...]:
        """Ids of questions that were right in the baseline and are wrong now."""
        return self._changed(before=1.0)

    @property
    def improvements(self) -> tuple[str, ...]:
        """Ids of questions that were wrong in the baseline and are right now."""
        return self._changed(before=0.0)

    def _changed(self, before: float) -> tuple[str, ...]:
        if self.baseline is None:
            return ()
        cases = [outcome.case for outcome in self.run.outcomes]
        return tuple(
            case.id
            for case in cases
            if self.baseline.score(case, HEADLINE) == before
            and self.scores.questions[case.id][HEADLINE] == 1.0 - before
        )


def evaluate(
    run: Run, gate: Gate | None = None, baseline: Baseline | None = None, history: tuple[Baseline, ...] = ()
) -> Evaluation:
    """``gate`` is None where none is to be held."""
    found = scores(run)
    baseline = None if baseline is None else baseline.beside(run)
    return Evaluation(
        run=run,
        scores=found,
        means=means(run, found),
        baseline=baseline if baseline is not None and baseline.corpus_sha256 == run.corpus_sha256 else None,
        checks=None if gate is None else hold(gate, run, found, baseline),
        history=tuple(one.beside(run) for one in history),
    )
