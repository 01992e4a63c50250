"""Rankings as files of the Text REtrieval Conference, and the measures that ``ir_measures`` finds in them.

In: asked questions. Out: ``qrels`` and for each arm ``ARM.run`` in a folder, every question once for each pool
(``QUESTION@POOL``); and how far our measures lie from those of ``ir_measures`` on these files.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import ir_measures
from ir_measures import AP, R, Success, nDCG

from evals.benchmarks.arms import ARMS, Arm
from evals.benchmarks.retrieval_pools import Asked

MEASURES = (Success @ 1, nDCG @ 10, AP, R @ 10)
"""In the order of ``Measured``'s fields."""


def write_runs(asked: Sequence[Asked], folder: Path) -> None:
    """Scores fall by one from rank to rank, so that none tie."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "qrels",
        (f"{one.id}@{pool} 0 {path} 1" for one in asked for pool in one.right for path in one.right[pool]),
    )
    for arm in ARMS:
        _write(run_file(folder, arm), (line for one in asked for line in _ranked(one, arm)))


def run_file(folder: Path, arm: Arm) -> Path:
    return folder / f"{arm}.run"


def largest_difference(asked: Sequence[Asked], folder: Path) -> float:
    """Between our measures and those of ``ir_measures``, over all arms and pools; inf where one is missing."""
    qrels = list(ir_measures.read_trec_qrels(str(folder / "qrels")))  # type: ignore[no-untyped-call]
    return max(_difference(asked, qrels, folder, arm) for arm in ARMS)


def _difference(asked: Sequence[Asked], qrels: Sequence[object], folder: Path, arm: Arm) -> float:
    run = ir_measures.read_trec_run(str(run_file(folder, arm)))  # type: ignore[no-untyped-call]
    theirs = {(one.query_id, one.measure): one.value for one in ir_measures.iter_calc(MEASURES, qrels, run)}
    ours = {
        (f"{one.id}@{pool}", measure): value
        for one in asked
        for pool in one.right
        for measure, value in zip(MEASURES, one.measured[arm, pool], strict=True)
    }
    if ours.keys() != theirs.keys():
        return float("inf")
    return max(abs(value - theirs[key]) for key, value in ours.items())


def _judged(one: Asked) -> Iterable[str]:
    for pool, right in one.right.items():
        yield from (f"{one.id}@{pool} 0 {path} 1" for path in right)


def _ranked(one: Asked, arm: Arm) -> Iterable[str]:
    for pool, by_arm in one.rankings.items():
        ranking = by_arm[arm]
        for place, path in enumerate(ranking):
            yield f"{one.id}@{pool} Q0 {path} {place + 1} {len(ranking) - place} {arm}"


def _write(file: Path, lines: Iterable[str]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        opened.writelines(f"{line}\n" for line in lines)
