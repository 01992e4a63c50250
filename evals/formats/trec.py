"""A run in the formats of the Text REtrieval Conference, for trec_eval, ir_measures and their kin.

In: a run. Out: the ranking of works for each question, and which works are right. A work counts where its first hit
stands. Ids are percent-encoded where they hold white space. Questions that no article answers have no right work.
"""

from collections.abc import Iterator
from urllib.parse import quote

from evals.measures.ranking import works_found
from evals.records import Outcome, Run


def to_trec_run(run: Run) -> bytes:
    """``question Q0 work rank score suite``; scores fall by one from rank to rank, because hits may tie."""
    return _lines(
        f"{_id(outcome.case.id)} Q0 {_id(work)} {rank} {score} {_id(run.suite)}"
        for outcome in run.outcomes
        for rank, score, work in _ranked(outcome)
    )


def to_qrels(run: Run) -> bytes:
    """``question 0 work 1``."""
    return _lines(
        f"{_id(outcome.case.id)} 0 {_id(work)} 1" for outcome in run.outcomes for work in outcome.case.expect.works
    )


def _ranked(outcome: Outcome) -> Iterator[tuple[int, int, str]]:
    works = works_found(outcome.found)
    for place, work in enumerate(works):
        yield place + 1, len(works) - place, work


def _id(text: str) -> str:
    return quote(text, safe="/:+&=,;@()'*!")


def _lines(lines: Iterator[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
