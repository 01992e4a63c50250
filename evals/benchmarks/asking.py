"""Ask questions with expectations of an index built afresh, and say which answers are wrong.

In: folders of articles and cases. Out: what ``evals.ask`` gives for each case, in order, and the wrong answers as lines
of text. Refuses what ``evals.fresh`` refuses.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import anyio

from evals.ask import Asked, ask
from evals.fresh import open_fresh
from evals.golden import Case
from evals.verdicts import reasons


def ask_fresh(cases: Sequence[Case], folders: Sequence[Path]) -> tuple[Asked, ...]:
    """Every case in turn, asked of an index that holds ``folders`` and nothing else."""
    with open_fresh(folders) as runtime:
        return anyio.run(ask, runtime, cases)


def wrong_answers(asked: Sequence[Asked]) -> Iterator[str]:
    """Each with every reason why it is wrong, what was answered and what was cited."""
    for one in asked:
        if wrong := reasons(one.outcome):
            yield from _wrong(one, wrong)


def _wrong(one: Asked, wrong: Sequence[str]) -> Iterator[str]:
    yield f"{one.outcome.case.id}: {one.outcome.case.question}"
    yield from (f"  wrong: {reason}" for reason in wrong)
    answer = one.outcome.answer
    if answer is not None:
        yield f"  {answer.status}, {answer.lang}: {answer.text}"
        yield from (f"  [{citation.n}] {citation.source.path}" for citation in answer.citations)
