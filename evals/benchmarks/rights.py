"""How many answers are right, and how many speak of something else than was asked, by language and by tag.

In: what was asked and what came of it. Out: rows of a table, each with both goals, and an interval in which questions
about one work are drawn together (``evals.statistics``), and the measures that tell where the rest goes wrong. Refuses
nothing; without questions there are no rows.

An answer speaks of something else if one of its quotes shows a forbidden form, if its first citation is from an article
about something else than the expected works, or if it was asked for something that no article describes (tagged
``other-entity``). Folders stand for what articles are about, as on real pages: a model's pages, a test cycle, a guide;
of articles that are filed otherwise, fewer are told apart.
"""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import numpy as np

from evals.ask import Asked
from evals.benchmarks.retrieval_report import Table
from evals.benchmarks.table import Row, exactly
from evals.golden import holds, normalise
from evals.measures import MEASURES
from evals.measures.latency import percentile
from evals.measures.measure import Measure
from evals.records import Outcome
from evals.slices import cluster, slices
from evals.statistics import clustered, mean_intervals
from evals.verdicts import reasons
from index.languages import split_path

RIGHT, UNKNOWN_ENTITY = 0.85, "other-entity"
_SHOWN = ("all", "answerable:", "lang:", "tag:")
_TELLING = ("status", "answer_language", "fact_recall", "hit@1", "hit@5", "followup_loss")
_LEAST = 20
"""Slices of fewer questions are left out of the measures."""


def rows(asked: Sequence[Asked]) -> Iterator[Row]:
    """All first, then by whether the articles answer, by language and by tag; then quotes and times."""
    if not asked:
        return
    outcomes = [one.outcome for one in asked]
    yield from _by_slice(outcomes)
    yield exactly("quotes that are not exact", sum(len(outcome.false_quotes) for outcome in outcomes))
    times = [latency_ms for one in asked for latency_ms in one.latencies_ms]
    p50, p95 = (percentile(times, share) or 0.0 for share in (0.5, 0.95))
    yield Row("time to an answer, p50 and p95", f"{p50:.0f} and {p95:.0f} ms")


def measured(asked: Sequence[Asked]) -> Table:
    """Means in percent over the slices of some size; empty where nothing is scored."""
    outcomes = [one.outcome for one in asked]
    table = [["", *_TELLING]]
    for name, places in slices(outcomes).items():
        if name.startswith(_SHOWN) and len(places) >= _LEAST:
            members = [outcomes[place] for place in places]
            table.append([f"{name}, {len(members)}", *(_mean(MEASURES[of], members) for of in _TELLING)])
    return table


def is_about_another(outcome: Outcome) -> bool:
    """Whether the answer speaks of something else than was asked; a refusal never does."""
    expect, answer = outcome.case.expect, outcome.answer
    if answer is None or not answer.citations:
        return False
    quotes = [normalise(citation.quote) for citation in answer.citations]
    first = _subject(split_path(answer.citations[0].source.path)[1])
    return (
        any(holds(quote, form) for quote in quotes for form in expect.forbidden)
        or (bool(expect.works) and first not in map(_subject, expect.works))
        or UNKNOWN_ENTITY in outcome.case.tags
    )


def _by_slice(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    groups = {name: places for name, places in slices(outcomes).items() if name.startswith(_SHOWN)}
    right = np.array([[float(not reasons(outcome))] for outcome in outcomes])
    another = np.array([is_about_another(outcome) for outcome in outcomes])
    clusters = [cluster(outcome.case) for outcome in outcomes]
    interval = mean_intervals(clustered(right, clusters, groups.values()))
    for at, (name, places) in enumerate(groups.items()):
        members = list(places)
        share, others = right[members].mean(), int(another[members].sum())
        yield Row(
            f"{name}, {len(members)} questions: right, about another",
            f"{100 * share:.1f} % [{100 * interval.low[at]:.0f}, {100 * interval.high[at]:.0f}], {others}",
            f"≥ {100 * RIGHT:g} %, 0",
            bool(share >= RIGHT) and others == 0,
        )


def _mean(measure: Measure, outcomes: Sequence[Outcome]) -> str:
    scored = [score for outcome in outcomes if (score := measure.score(outcome, None)) is not None]
    return f"{100 * sum(scored) / len(scored):.1f}" if scored else ""


def _subject(work: str) -> str:
    """The work's folder; at the top, where articles have nothing in common, the work itself."""
    folder = PurePosixPath(work).parent.as_posix()
    return work if folder == "." else folder
