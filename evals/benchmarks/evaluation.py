"""How far the evaluation itself can be trusted: ``python -m evals.benchmarks.evaluation [--resamples 200]``.

In: the cases of the golden suite. Out: on stdout how often two equal systems raise an alarm, how often a seeded loss is
found, and how long 14,280 outcomes take to score. Nothing is asked: answers are made up from what the cases expect, so
that it is known which of them are right. About five minutes.

Equal systems are not identical ones, which could raise no alarm at all: a tenth of their answers is right by the toss
of a coin, in each run anew; once by question, once by work, where all questions about a work come out alike. Each
resample draws a suite of 240 questions by work, with replacement, so that no figure rests on one suite.
"""

import random
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from evals.benchmarks.made_up import made_up_run, run_of
from evals.benchmarks.table import Row, at_least, at_most, markdown
from evals.compare import compare
from evals.golden import Case
from evals.measures import scores
from evals.records import Run
from evals.slices import cluster
from evals.suite import load_suite
from evals.summary import means

QUESTIONS, LOST, SCORED = 240, 5, 14_280
_RIGHT, _UNSTABLE = 0.8, 0.1
"""Shares of a system's answers: right, and right by the toss of a coin."""

T = TypeVar("T")
Pair = Callable[[Sequence[Case], random.Random], tuple[Run, Run]]


def main() -> None:
    parser = ArgumentParser(description="Measure the evaluation itself.")
    parser.add_argument("--resamples", type=int, default=200)
    rounds = parser.parse_args().resamples
    cases = load_suite("golden").cases
    print(markdown([*_false_alarms(cases, rounds), *_found_losses(cases, rounds), *_times(cases)]))


def _false_alarms(cases: Sequence[Case], rounds: int) -> list[Row]:
    by_question = _alarms(cases, rounds, lambda suite, chance: _tossed(suite, _ids(suite), _UNSTABLE, chance))
    by_work = _alarms(cases, rounds, lambda suite, chance: _tossed(suite, _works(suite), _UNSTABLE, chance))
    what = f"alarms between equal systems, {rounds} resamples, answers varying"
    return [at_most(f"{what} by question", by_question, 6, "%"), at_most(f"{what} by work", by_work, 6, "%")]


def _found_losses(cases: Sequence[Case], rounds: int) -> list[Row]:
    def in_noise(suite: Sequence[Case], chance: random.Random) -> tuple[Run, Run]:
        before, after = _tossed(suite, _ids(suite), _UNSTABLE / 2, chance)
        return before, _turned_wrong(after, chance)

    what = f"{LOST} of {QUESTIONS} answers turned wrong"
    return [
        at_least(f"{what}, nothing else differs: found", _alarms(cases, rounds, _lost_alone), 95, "%"),
        Row(f"{what}, 1 in 20 answers varying by question: found", f"{_alarms(cases, rounds, in_noise):.3g} %"),
        *(
            Row(
                f"{lost} right articles missed by search alone: found",
                f"{_alarms(cases, rounds, _missing(lost)):.3g} %",
            )
            for lost in (LOST, 2 * LOST, 3 * LOST)
        ),
    ]


def _times(cases: Sequence[Case]) -> list[Row]:
    copies = [_copy(cases[at % len(cases)], at // len(cases)) for at in range(SCORED)]
    run = made_up_run(copies, [at for at in range(SCORED) if at % 5])
    began = time.perf_counter()
    scored = scores(run)
    averaged = time.perf_counter()
    means(run, scored)
    compared = time.perf_counter()
    compare(run, run)
    done = time.perf_counter()
    return [
        Row(f"scoring {SCORED:,} outcomes", f"{averaged - began:.3g} s"),
        Row("their means with intervals, by slice", f"{compared - averaged:.3g} s"),
        Row("comparing two such runs", f"{done - compared:.3g} s"),
    ]


def _alarms(cases: Sequence[Case], rounds: int, pair: Pair) -> float:
    """Percentage of resamples in which the second run of a pair is a loss against the first."""
    alarms = 0
    for seed in range(rounds):
        chance = random.Random(seed)
        alarms += compare(*pair(_resampled(cases, chance), chance)).alarm
    return 100 * alarms / rounds


def _tossed(suite: Sequence[Case], group: Sequence[str], share: float, chance: random.Random) -> tuple[Run, Run]:
    """Two runs of one system: in each, a share of the groups is right as a whole by the toss of a coin."""
    steady = set(_some(range(len(suite)), _RIGHT, chance))
    unstable = _some(sorted(set(group)), share, chance)

    def toss() -> Run:
        heads = {name: chance.random() < 0.5 for name in unstable}
        return made_up_run(suite, {at for at, name in enumerate(group) if heads.get(name, at in steady)})

    return toss(), toss()


def _lost_alone(suite: Sequence[Case], chance: random.Random) -> tuple[Run, Run]:
    before = made_up_run(suite, set(_some(range(len(suite)), _RIGHT, chance)))
    return before, _turned_wrong(before, chance)


def _turned_wrong(run: Run, chance: random.Random) -> Run:
    """``LOST`` of the right answers are wrong now."""
    right = [at for at, of in enumerate(scores(run).questions.values()) if of["right"]]
    return made_up_run([one.case for one in run.outcomes], set(right) - set(chance.sample(right, LOST)))


def _missing(lost: int) -> Pair:
    """The answers stay right, and search no longer finds so many of the expected works."""

    def pair(suite: Sequence[Case], chance: random.Random) -> tuple[Run, Run]:
        before = made_up_run(suite, range(len(suite)))
        missed = set(chance.sample([at for at, case in enumerate(suite) if case.expect.works], lost))
        after = [
            msgspec.structs.replace(one, found=()) if at in missed else one for at, one in enumerate(before.outcomes)
        ]
        return before, run_of(after)

    return pair


def _resampled(cases: Sequence[Case], chance: random.Random) -> list[Case]:
    """Whole works, with replacement, up to ``QUESTIONS`` cases; a work drawn again is another work."""
    works: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        works[cluster(case)].append(case)
    names, suite = sorted(works), list[Case]()
    while len(suite) < QUESTIONS:
        number = len(suite)
        suite += [_copy(case, number) for case in works[chance.choice(names)]]
    return suite[:QUESTIONS]


def _copy(case: Case, number: int) -> Case:
    """The same question about a work of its own."""
    expect = msgspec.structs.replace(case.expect, works=tuple(f"{number}/{work}" for work in case.expect.works))
    return msgspec.structs.replace(case, id=f"{number}-{case.id}", expect=expect)


def _ids(suite: Sequence[Case]) -> list[str]:
    return [case.id for case in suite]


def _works(suite: Sequence[Case]) -> list[str]:
    return [cluster(case) for case in suite]


def _some(population: Sequence[T], share: float, chance: random.Random) -> list[T]:
    return chance.sample(population, round(share * len(population)))


if __name__ == "__main__":
    main()
