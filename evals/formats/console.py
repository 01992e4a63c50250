"""An evaluation or a comparison for a terminal: what changed and what is wrong first, then the figures.

In: an evaluation, a comparison, baselines, grades. Out: plain text. Long lists are cut; the other formats hold all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from evals.baseline import Baseline
from evals.compare import Comparison, QuestionChange
from evals.evaluation import Evaluation
from evals.figures import moved, signed, written
from evals.measures import FIGURES, HEADLINE, MEASURES
from evals.records import Run
from evals.slices import ALL
from evals.verdicts import reasons

if TYPE_CHECKING:
    from evals.grade import Grades

LISTED = 20


def to_text(evaluation: Evaluation) -> str:
    return "\n".join(_evaluation(evaluation))


def comparison_to_text(comparison: Comparison) -> str:
    return "\n".join(_comparison(comparison))


def baselines_to_text(baselines: Sequence[Baseline]) -> str:
    """Oldest first, with what they came to."""
    rows = [("name", "saved", "questions", HEADLINE, "articles")]
    rows += [
        (one.name, one.saved, str(len(one.questions)), written(HEADLINE, one.mean(HEADLINE)), one.corpus_sha256[:12])
        for one in baselines
    ]
    return "\n".join(_table(rows))


def baseline_to_text(baseline: Baseline) -> str:
    """Means over all questions, and figures."""
    rows = [(name, written(name, baseline.mean(name))) for name in baseline.measures]
    rows += [(name, written(name, value)) for name, value in baseline.figures.items()]
    system = ", ".join(f"{name} {value}" for name, value in baseline.system.items())
    return "\n".join([f"{baseline.name}: {baseline.suite}, saved {baseline.saved}, {system}", *_table(rows)])


def grades_to_text(grades: "Grades", run: Run) -> str:
    """First every answer that is right by the measures alone, or by the LLM alone."""
    return "\n".join(_grades(grades, run))


def _grades(grades: "Grades", run: Run) -> Iterator[str]:
    answered = (outcome for outcome in run.outcomes if outcome.answer is not None)
    for outcome, one in zip(answered, grades.grades, strict=True):
        measured = "wrong" if reasons(outcome) else "right"
        if one.grade is not None and (one.grade == "right") != (measured == "right"):
            yield f"{one.case_id}: {measured} by the measures, {one.grade} by the LLM"
            yield f"  {one.reason}"
    counts = Counter(one.grade for one in grades.grades)
    told = ", ".join(f"{counts[kind]} {kind or 'without a grade'}" for kind in ("right", "partial", "wrong", None))
    yield f"{len(grades.grades)} answers graded by {grades.model}, prompt {grades.prompt_sha256[:12]}: {told}"


def _evaluation(evaluation: Evaluation) -> Iterator[str]:
    run = evaluation.run
    yield from _wrong(evaluation)
    if evaluation.baseline is not None:
        yield from _ids(f"Right in {evaluation.baseline.name}, wrong now", evaluation.regressions)
        yield from _ids(f"Wrong in {evaluation.baseline.name}, right now", evaluation.improvements)
    yield from _table(_means(evaluation))
    yield ""
    yield from _table(_slices(evaluation))
    yield ""
    timing = evaluation.scores.timing
    yield f"latency: median {written('latency', timing.p50_ms)}, p95 {written('latency', timing.p95_ms)}"
    right = len(run.outcomes) - len(evaluation.wrong)
    yield f"{run.suite}: {right} of {len(run.outcomes)} questions right in {run.timing.seconds:.1f} s"
    yield from _gate(evaluation)


def _wrong(evaluation: Evaluation) -> Iterator[str]:
    for outcome, against in evaluation.wrong[:LISTED]:
        yield f"{outcome.case.id}: {outcome.case.question}"
        yield from (f"  {reason}" for reason in against)
    if len(evaluation.wrong) > LISTED:
        yield f"and {len(evaluation.wrong) - LISTED} more wrong answers"
    if evaluation.wrong:
        yield ""


def _means(evaluation: Evaluation) -> Iterator[tuple[str, ...]]:
    yield ("measure", "mean", "95 % interval", "questions", "")
    for mean in evaluation.means:
        if mean.slice == ALL:
            interval = f"{written(mean.measure, mean.low)} to {written(mean.measure, mean.high)}"
            title = MEASURES[mean.measure].title
            yield (mean.measure, written(mean.measure, mean.mean), interval, str(mean.questions), title)
    for name, value in evaluation.scores.figures.items():
        if value is not None:
            yield (name, written(name, value), "", "", FIGURES[name].title)


def _slices(evaluation: Evaluation) -> Iterator[tuple[str, ...]]:
    yield ("right", "mean", "95 % interval", "questions")
    for mean in evaluation.means:
        if mean.measure == HEADLINE and mean.slice.startswith(("lang:", "answerable:", "tag:")):
            interval = f"{written(HEADLINE, mean.low)} to {written(HEADLINE, mean.high)}"
            yield (mean.slice, written(HEADLINE, mean.mean), interval, str(mean.questions))


def _gate(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.checks is None:
        return
    yield from (f"gate: {check} fails" for check in evaluation.failed)
    verdict = f"{len(evaluation.failed)} of {len(evaluation.checks)} checks fail" if evaluation.failed else "holds"
    yield f"gate: {verdict}"


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield from _changes("right before, wrong now", comparison.regressions)
    yield from _changes("wrong before, right now", comparison.improvements)
    yield from _shifts(comparison.shifts)
    yield from _table(_differences(comparison))
    yield ""
    if figures := [*_figures(comparison)]:
        yield from _table([("figure, shown, not tested", "before", "after", ""), *figures])
        yield ""
    yield from _ids("asked only before", comparison.only_before)
    yield from _ids("asked only now", comparison.only_after)
    yield from _ids("asked or expected otherwise now, not compared", comparison.reworded)
    lost, won = len(comparison.regressions), len(comparison.improvements)
    verdict = f"{len(comparison.losses)} significant losses" if comparison.alarm else "no significant loss"
    yield f"{comparison.compared} questions compared: {lost} newly wrong, {won} newly right, {verdict}"


def _changes(title: str, changes: Sequence[QuestionChange]) -> Iterator[str]:
    for one in changes[:LISTED]:
        yield f"{title}: {one.case_id}: {one.question}"
        yield from (f"  {reason}" for reason in one.reasons)
    if len(changes) > LISTED:
        yield f"{title}: {len(changes) - LISTED} more"
    if changes:
        yield ""


def _shifts(shifts: Sequence[QuestionChange]) -> Iterator[str]:
    for one in shifts[:LISTED]:
        yield f"as right or wrong as before, otherwise changed: {one.case_id}: {one.question}"
        yield from (f"  {moved(change)}" for change in one.changes)
    if len(shifts) > LISTED:
        yield f"as right or wrong as before, otherwise changed: {len(shifts) - LISTED} more"
    if shifts:
        yield ""


def _figures(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    for one in comparison.figures:
        if one.before is not None or one.after is not None:
            name = one.figure
            yield (name, written(name, one.before), written(name, one.after), FIGURES[name].title)


def _differences(comparison: Comparison) -> Iterator[tuple[str, ...]]:
    yield ("measure", "slice", "before", "after", "difference", "95 % interval", "p, corrected", "")
    for one in comparison.differences:
        if one.slice == ALL or one.verdict != "same":
            interval = f"{signed(one.measure, one.low)} to {signed(one.measure, one.high)}"
            before, after = written(one.measure, one.before), written(one.measure, one.after)
            difference = signed(one.measure, one.after - one.before)
            verdict = "" if one.verdict == "same" else one.verdict
            yield (one.measure, one.slice, before, after, difference, interval, f"{one.p_corrected:.3f}", verdict)


def _ids(title: str, ids: Sequence[str]) -> Iterator[str]:
    if ids:
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        yield f"{title} ({len(ids)}): {', '.join(ids[:LISTED])}{more}"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
