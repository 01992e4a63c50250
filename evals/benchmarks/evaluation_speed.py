"""``python -m evals.benchmarks.evaluation_speed [--data FOLDER] [--questions N]``: how long an evaluation takes.

In: the folder of shared data, which holds ``xquad``. Out: a Markdown table, then machine and versions. All questions of
six languages are asked twice, in bulk, over the paragraphs of all six in one index, and scored, with every mean and its
interval, and written as JSON; building the index is no part of it. ``--questions`` takes an even choice of fewer, which
is extrapolated, the start of the processes apart; that gives more than all of them take, as few are asked twice then.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, at_most, exactly, markdown
from evals.benchmarks.xquad import languages, questions, write_articles
from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.fresh import built
from evals.golden import Case, Expect
from evals.records import Run
from evals.run import Where, run_suite
from evals.suite import Suite
from rag.settings import load_settings

GOAL_S = 360
ROUNDS = 2


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="evaluation_speed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="holds xquad/")
    parser.add_argument("--questions", type=int, help="ask so many instead of all")
    parser.add_argument("--index", type=Path, help="data folder that holds the paragraphs already")
    given = parser.parse_args(args)
    xquad = given.data / "xquad"
    every = tuple(_cases(xquad))
    chosen = every[:: max(1, len(every) // given.questions)][: given.questions] if given.questions else every
    with nullcontext(given.index) if given.index else _indexed(xquad) as data_dir:
        print(markdown(list(_rows(_suite(chosen), data_dir, len(every)))))
    print(f"\nXQuAD in {', '.join(languages(xquad))}.\n\n{describe()}", flush=True)


@contextmanager
def _indexed(xquad: Path) -> Iterator[Path]:
    """The data folder of an index over all paragraphs."""
    with tempfile.TemporaryDirectory(prefix="kilde-xquad-") as articles:
        write_articles(xquad, Path(articles))
        with built([Path(articles)], load_settings()) as runtime:
            yield runtime.settings.data_path


def _rows(suite: Suite, data_dir: Path, total: int) -> Iterator[Row]:
    settings, processes = load_settings(), len(os.sched_getaffinity(0))
    ticks: list[tuple[float, int]] = []
    began = time.perf_counter()
    where = Where(data_dir=data_dir, processes=processes)
    run = run_suite(suite, where, settings, on_done=lambda done: ticks.append((time.perf_counter(), done))).run
    asked = time.perf_counter()
    right = _written(run)
    ended = time.perf_counter()
    count = len(suite.cases)
    yield Row(f"asking {count} questions in {processes} processes, their start included", f"{asked - began:.1f} s")
    yield Row("scores, means, intervals, JSON", f"{ended - asked:.1f} s")
    yield Row("right answers", f"{100 * right:.1f} %")
    yield exactly("questions that ended in an error", sum(outcome.error is not None for outcome in run.outcomes))
    if count == total:
        yield at_most(f"{total} questions evaluated", ended - began, GOAL_S, "s")
        return
    start = _start_s(ticks, began, asked, count)
    estimated = start + (ended - began - start) * total / count
    yield at_most(f"{total} questions, extrapolated with {start:.0f} s for the start", estimated, GOAL_S, "s")


def _start_s(ticks: Sequence[tuple[float, int]], began: float, asked: float, count: int) -> float:
    """What had gone by before the first question, if all took as long as those after the first slice of each."""
    first_at, first_done = ticks[0][0], sum(done for at, done in ticks if at <= ticks[0][0] + 1)
    if first_done == count:
        return 0.0
    pace = (asked - first_at) / (count - first_done)
    return max(0.0, first_at - began - pace * first_done)


def _written(run: Run) -> float:
    """Share of right answers."""
    evaluation = evaluate(run)
    to_json(evaluation)
    return 1 - len(evaluation.wrong) / len(run.outcomes)


def _cases(xquad: Path) -> Iterator[Case]:
    """All questions, and then all of them again."""
    for number in range(ROUNDS):
        for parity in (0, 1):
            for one in questions(xquad, parity):
                yield Case(
                    id=f"{number}-{one.article:02d}-{one.paragraph:02d}-{one.place}-{one.lang}",
                    question=one.text,
                    lang=one.lang,
                    expect=Expect(
                        status="answered",
                        works=(f"{one.article:02d}-{one.paragraph:02d}.txt",),
                        facts=(tuple(dict.fromkeys(one.answers)),),
                    ),
                )


def _suite(cases: tuple[Case, ...]) -> Suite:
    """Without a gate, baselines and a fingerprint: it is asked and scored, and no more."""
    nowhere = Path("none")
    return Suite(name="xquad", cases=cases, corpus=nowhere, gate=nowhere, baselines=nowhere, fingerprint_file=nowhere)


if __name__ == "__main__":
    main(sys.argv[1:])
