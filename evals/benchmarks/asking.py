"""Ask questions with expectations of an index built afresh, and report what came out.

In: folders of articles and cases. Out: what ``evals.ask`` gives for each case, in order, and a report as lines of text.
Refuses what ``evals.fresh`` refuses.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio

from evals.ask import Asked, ask
from evals.fresh import open_fresh
from evals.golden import Case
from evals.measures.latency import percentile
from evals.verdicts import reasons


def ask_fresh(cases: Sequence[Case], folders: Sequence[Path]) -> tuple[Asked, ...]:
    """Every case in turn, asked of an index that holds ``folders`` and nothing else."""
    with open_fresh(folders) as runtime:
        return anyio.run(ask, runtime, cases)


def report(asked: Sequence[Asked]) -> Iterator[str]:
    """The wrong answers, then rights per language, quotes and latency."""
    for one in asked:
        if wrong := reasons(one.outcome):
            yield from _wrong(one, wrong)
    for lang in sorted({one.outcome.case.lang for one in asked}):
        yield _rights(lang, [one for one in asked if one.outcome.case.lang == lang])
    yield _rights("all", asked)
    quotes = sum(len(one.outcome.answer.citations) for one in asked if one.outcome.answer is not None)
    yield f"quotes: {quotes}, of them not exact: {sum(len(one.outcome.false_quotes) for one in asked)}"
    times = [latency_ms for one in asked for latency_ms in one.latencies_ms]
    yield f"latency: median {percentile(times, 0.5) or 0:.0f} ms, p95 {percentile(times, 0.95) or 0:.0f} ms"


def _wrong(one: Asked, wrong: Sequence[str]) -> Iterator[str]:
    yield f"{one.outcome.case.id}: {one.outcome.case.question}"
    yield from (f"  wrong: {reason}" for reason in wrong)
    answer = one.outcome.answer
    if answer is not None:
        yield f"  {answer.status}, {answer.lang}: {answer.text}"
        yield from (f"  [{citation.n}] {citation.source.path}" for citation in answer.citations)


def _rights(name: str, asked: Sequence[Asked]) -> str:
    judged = [(one.outcome.case.answerable, not reasons(one.outcome)) for one in asked]
    answerable = [right for is_answerable, right in judged if is_answerable]
    unanswerable = [right for is_answerable, right in judged if not is_answerable]
    return (
        f"{name:<5} right: {sum(answerable + unanswerable)}/{len(asked)}"
        f"   answerable: {sum(answerable)}/{len(answerable)}   unanswerable: {sum(unanswerable)}/{len(unanswerable)}"
    )
