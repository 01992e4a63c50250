"""Two runs side by side: what changed question by question, then whether the means differ by more than chance.

In: two runs, the earlier one first. Out: a comparison; it is an alarm if any loss is significant after correction for
all that was looked at. Refuses runs over different articles, and runs that have no question in common.

A question is compared where both runs hold it and it asks and expects the same in both, whatever its tags; it is in the
slices of either. A mean is over those of them that its run scores. Measures of the ranking are left out where the runs
ranked otherwise (``Run.system``).
"""

from collections.abc import Iterator, Sequence

import msgspec

from evals.differences import Difference, differences
from evals.measures import FIGURES, HEADLINE, RANKING, Scores, scores
from evals.records import Outcome, Run
from evals.summary import UNTIMED, values
from evals.verdicts import reasons
from rag.errors import InputError

_SAME = 1e-9


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A measure of one question that is not what it was; None is unscored."""

    measure: str
    before: float | None
    after: float | None


class QuestionChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question that came out differently."""

    case_id: str
    question: str
    lang: str
    changes: tuple[Change, ...]
    reasons: tuple[str, ...]
    """Why the later answer is wrong; empty if it is right."""


class FigureChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure of the whole run, over the questions compared; shown, not tested."""

    figure: str
    before: float | None
    after: float | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be read first stands first; questions in the order of the later run."""

    regressions: tuple[QuestionChange, ...]
    """Right before, wrong now."""
    improvements: tuple[QuestionChange, ...]
    """Wrong before, right now."""
    shifts: tuple[QuestionChange, ...]
    """As right or as wrong as before, but another measure differs."""
    differences: tuple[Difference, ...]
    """By slice, ``all`` first, then by measure."""
    figures: tuple[FigureChange, ...]
    compared: int
    """Questions."""
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    reworded: tuple[str, ...]
    """Ids in both runs of cases that ask or expect something else now; they are not compared."""

    @property
    def losses(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.verdict == "loss")

    @property
    def alarm(self) -> bool:
        return bool(self.losses)


def compare(before: Run, after: Run) -> Comparison:
    """The later run against the earlier one. Raises InputError for runs that cannot be compared."""
    _refuse_other_articles(before, after)
    earlier, later = ({one.case.id: one for one in run.outcomes} for run in (before, after))
    shared = [case_id for case_id in later if case_id in earlier]
    ids = [case_id for case_id in shared if later[case_id].case.asks_as(earlier[case_id].case)]
    if not ids:
        raise InputError("The runs have no question in common. Compare runs of the same suite.")
    alike = before.system.get("ranked") == after.system.get("ranked")
    was, now = (scores(run) if alike else _unranked(scores(run)) for run in (before, after))
    first, second = ([outcomes[case_id] for case_id in ids] for outcomes in (earlier, later))
    changed = [_question_change(outcome, was, now) for outcome in second]
    moved = [one for one in changed if one.changes]
    return Comparison(
        regressions=tuple(one for one in moved if _headline(one) < 0),
        improvements=tuple(one for one in moved if _headline(one) > 0),
        shifts=tuple(one for one in moved if _headline(one) == 0),
        differences=differences(first, second, values(was, ids), values(now, ids)),
        figures=tuple(one for one in _figure_changes(first, second) if alike or one.figure not in RANKING),
        compared=len(ids),
        only_before=tuple(case_id for case_id in earlier if case_id not in later),
        only_after=tuple(case_id for case_id in later if case_id not in earlier),
        reworded=tuple(case_id for case_id in shared if not later[case_id].case.asks_as(earlier[case_id].case)),
    )


def _refuse_other_articles(before: Run, after: Run) -> None:
    if before.corpus_sha256 != after.corpus_sha256:
        raise InputError(
            f"The runs were made over different articles ({before.corpus_sha256[:12]} and {after.corpus_sha256[:12]}). "
            "Ask the earlier system again over the articles of the later run (kilde eval run), and compare that run."
        )


def _unranked(found: Scores) -> Scores:
    """Without what two runs that ranked otherwise cannot be compared by."""
    kept = {
        case_id: {name: None if name in RANKING else value for name, value in one.items()}
        for case_id, one in found.questions.items()
    }
    return msgspec.structs.replace(found, questions=kept)


def _question_change(outcome: Outcome, was: Scores, now: Scores) -> QuestionChange:
    case = outcome.case
    before, after = was.questions[case.id], now.questions[case.id]
    changes = [Change(measure=name, before=before[name], after=after[name]) for name in UNTIMED]
    return QuestionChange(
        case_id=case.id,
        question=case.question,
        lang=case.lang,
        changes=tuple(change for change in changes if _differs(change.before, change.after)),
        reasons=reasons(outcome),
    )


def _differs(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > _SAME


def _headline(question: QuestionChange) -> float:
    """1 for newly right, -1 for newly wrong, 0 for neither."""
    return next(((one.after or 0) - (one.before or 0) for one in question.changes if one.measure == HEADLINE), 0)


def _figure_changes(first: Sequence[Outcome], second: Sequence[Outcome]) -> Iterator[FigureChange]:
    for name, figure in FIGURES.items():
        yield FigureChange(figure=name, before=figure.of(first), after=figure.of(second))
