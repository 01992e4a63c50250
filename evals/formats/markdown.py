"""An evaluation as Markdown for a pull request: what changed first, then means with intervals, then what is wrong.

In: an evaluation, or a comparison of two runs. Out: Markdown. Texts of questions and answers are shown as text: marks
of Markdown and HTML in them are escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from evals.compare import Comparison, FigureChange, QuestionChange
from evals.evaluation import Evaluation
from evals.figures import moved, signed, written
from evals.measures import FIGURES, HEADLINE, MEASURES
from evals.slices import ALL
from evals.summary import Mean

LISTED = 50
"""Questions listed at most."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~!])")


def to_markdown(evaluation: Evaluation) -> bytes:
    return _text(_evaluation(evaluation))


def comparison_to_markdown(comparison: Comparison) -> bytes:
    return _text(_comparison(comparison))


def _evaluation(evaluation: Evaluation) -> Iterator[str]:
    run = evaluation.run
    right = len(run.outcomes) - len(evaluation.wrong)
    yield f"## {run.suite}: {right} of {len(run.outcomes)} questions right\n"
    yield from _gate(evaluation)
    if evaluation.baseline is not None:
        yield from _listed(f"Right in {evaluation.baseline.name}, wrong now", evaluation.regressions)
        yield from _listed(f"Wrong in {evaluation.baseline.name}, right now", evaluation.improvements)
    yield from _means([mean for mean in evaluation.means if mean.slice == ALL])
    yield from _figures(evaluation.scores.figures)
    yield from _by_language([mean for mean in evaluation.means if mean.measure == HEADLINE])
    yield from _wrong(evaluation)
    timing = evaluation.scores.timing
    yield f"Latency p50 {written('latency', timing.p50_ms)}, p95 {written('latency', timing.p95_ms)}; "
    yield f"{run.timing.machine}. Articles {run.corpus_sha256[:12]}, questions {run.questions_sha256[:12]}."


def _gate(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.checks is None:
        return
    if not evaluation.failed:
        yield f"The gate holds: {len(evaluation.checks)} checks.\n"
        return
    yield f"**The gate does not hold**: {len(evaluation.failed)} of {len(evaluation.checks)} checks fail.\n"
    yield from (f"- {_escaped(str(check))}" for check in evaluation.failed)
    yield ""


def _listed(title: str, ids: Sequence[str]) -> Iterator[str]:
    if ids:
        more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
        yield f"{_escaped(title)} ({len(ids)}): {', '.join(map(_escaped, ids[:LISTED]))}{more}\n"


def _means(means: Iterable[Mean]) -> Iterator[str]:
    yield "| measure | mean | 95 % interval | questions |"
    yield "| --- | ---: | --- | ---: |"
    for mean in means:
        interval = f"{written(mean.measure, mean.low)} to {written(mean.measure, mean.high)}"
        title = MEASURES[mean.measure].title
        yield f"| {title} (`{mean.measure}`) | {written(mean.measure, mean.mean)} | {interval} | {mean.questions} |"
    yield ""


def _figures(figures: dict[str, float | None]) -> Iterator[str]:
    known = [(name, value) for name, value in figures.items() if value is not None]
    if known:
        yield "; ".join(f"{FIGURES[name].title} (`{name}`) {written(name, value)}" for name, value in known) + "\n"


def _by_language(means: Iterable[Mean]) -> Iterator[str]:
    yield "| asked in | right | 95 % interval | questions |"
    yield "| --- | ---: | --- | ---: |"
    for mean in means:
        kind, _, lang = mean.slice.partition(":")
        if kind == "lang":
            interval = f"{written(HEADLINE, mean.low)} to {written(HEADLINE, mean.high)}"
            yield f"| {lang} | {written(HEADLINE, mean.mean)} | {interval} | {mean.questions} |"
    yield ""


def _wrong(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.wrong:
        return
    yield f"<details><summary>{len(evaluation.wrong)} wrong answers</summary>\n"
    for outcome, reasons in evaluation.wrong[:LISTED]:
        yield f"- **{_escaped(outcome.case.id)}** {_escaped(outcome.case.question)}"
        yield from (f"  - {_escaped(reason)}" for reason in reasons)
    if len(evaluation.wrong) > LISTED:
        yield f"- and {len(evaluation.wrong) - LISTED} more"
    yield "\n</details>\n"


def _comparison(comparison: Comparison) -> Iterator[str]:
    lost, won = len(comparison.regressions), len(comparison.improvements)
    yield f"## {comparison.compared} questions compared: {lost} newly wrong, {won} newly right\n"
    yield from _changes("Right before, wrong now", comparison.regressions)
    yield from _changes("Wrong before, right now", comparison.improvements)
    yield from _shifts(comparison.shifts)
    told = [one for one in comparison.differences if one.verdict != "same" or one.slice == ALL]
    yield "| measure | slice | before | after | difference, 95 % interval | p, corrected | |"
    yield "| --- | --- | ---: | ---: | --- | ---: | --- |"
    for one in told:
        cells = (
            *(one.measure, _escaped(one.slice), written(one.measure, one.before)),
            written(one.measure, one.after),
            f"{signed(one.measure, one.after - one.before)} ({signed(one.measure, one.low)} to "
            f"{signed(one.measure, one.high)})",
            f"{one.p_corrected:.3f}",
            "" if one.verdict == "same" else f"**{one.verdict}**",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield from _figure_changes(comparison.figures)
    yield from _listed("Asked only before", comparison.only_before)
    yield from _listed("Asked only now", comparison.only_after)
    yield from _listed("Asked or expected otherwise now, not compared", comparison.reworded)


def _changes(title: str, changes: Sequence[QuestionChange]) -> Iterator[str]:
    if not changes:
        return
    yield f"{title}:\n"
    for one in changes[:LISTED]:
        yield f"- **{_escaped(one.case_id)}** {_escaped(one.question)}"
        yield from (f"  - {_escaped(reason)}" for reason in one.reasons)
    if len(changes) > LISTED:
        yield f"- and {len(changes) - LISTED} more"
    yield ""


def _shifts(shifts: Sequence[QuestionChange]) -> Iterator[str]:
    if not shifts:
        return
    yield f"<details><summary>{len(shifts)} as right or wrong as before, otherwise changed</summary>\n"
    for one in shifts[:LISTED]:
        yield f"- **{_escaped(one.case_id)}** {_escaped(one.question)}"
        yield from (f"  - {_escaped(moved(change))}" for change in one.changes)
    if len(shifts) > LISTED:
        yield f"- and {len(shifts) - LISTED} more"
    yield "\n</details>\n"


def _figure_changes(figures: Iterable[FigureChange]) -> Iterator[str]:
    known = [one for one in figures if one.before is not None or one.after is not None]
    if not known:
        return
    yield "| figure, shown, not tested | before | after |"
    yield "| --- | ---: | ---: |"
    for one in known:
        name = one.figure
        yield f"| {FIGURES[name].title} (`{name}`) | {written(name, one.before)} | {written(name, one.after)} |"
    yield ""


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;").replace("\\&lt;", "&lt;")


def _text(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()
