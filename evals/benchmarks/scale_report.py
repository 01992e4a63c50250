"""The figures of ``scale.py`` as goals, as a table and as a picture.

In: what was measured, by size and arm. Out: rows, Markdown, SVG. Pure.
"""

from collections.abc import Callable, Iterator, Sequence

from evals.benchmarks.log_plot import picture
from evals.benchmarks.scale_measures import Measured, Searches, Timed
from evals.benchmarks.table import Row, at_least, at_most, three_digits

GOALS_MS = {10_000: (15.0, 50.0), 100_000: (25.0, 70.0)}
"""95 of 100 searches, without and with token-level rescoring, by the size at which they hold."""
FILTERED_RECALL = 0.98
HEADINGS = (
    "chunks, dense search",
    "dense arm, ms",
    "search, ms",
    "rescored, ms",
    "looked at closer, ms",
    "filtered, ms",
    "recall@10",
    "filtered",
    "left",
    "load, s",
    "build, s",
    "memory, MB",
    "store, MB",
)


def goals(figures: Sequence[Measured]) -> Iterator[Row]:
    """Of the sizes that have goals, and of all filters."""
    for one, searches in _searched(figures):
        what = f"{one.chunks} chunks, {one.arm}"
        for size, (plain, rescored) in GOALS_MS.items():
            if size <= one.chunks < 1.1 * size:
                yield from _latency(f"{what}: search without rescoring", searches.plain, plain)
                yield from _latency(f"{what}: with token-level rescoring", searches.rescored, rescored)
                yield from _latency(f"{what}: across languages, looked at closer", searches.looked, rescored)
        yield at_least(f"{what}: a language with 0.5 %, recall@10", searches.filtered_recall, FILTERED_RECALL, "")


def table(figures: Sequence[Measured]) -> str:
    """p50 / p95; in brackets the p95 on the clock."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(_cells(one) for one in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def draw(figures: Sequence[Measured]) -> str:
    """Time, memory and build time over the number of chunks."""

    def line(arm: str, value: Callable[[Measured], float | None]) -> list[tuple[float, float]]:
        found = [(one.chunks, value(one)) for one in figures if one.arm == arm]
        return [(float(chunks), number) for chunks, number in found if number is not None and number > 0]

    panels = {
        "p95 of processor time, ms": {
            "exact, dense arm": line("exact", lambda one: one.dense.p95),
            "HNSW, dense arm": line("HNSW", lambda one: one.dense.p95),
            "exact, whole search, rescored": line("exact", _rescored_ms),
            "HNSW, whole search, rescored": line("HNSW", _rescored_ms),
        },
        "resident memory, MB": {
            "exact": line("exact", lambda one: one.memory_mb),
            "HNSW": line("HNSW", lambda one: one.memory_mb),
        },
        "processor time, s": {
            "taking the snapshot": line("exact", lambda one: one.load_s),
            "filling the store": line("HNSW", lambda one: one.build_s),
        },
    }
    drawn = {title: {name: points for name, points in series.items() if points} for title, series in panels.items()}
    return picture({title: series for title, series in drawn.items() if series})


def _latency(what: str, found: Timed, goal_ms: float) -> Iterator[Row]:
    """A goal is one of time on the clock; processor time stands beside it to be read, and meets nothing."""
    yield at_most(f"{what}, p95 on the clock", found.clock_p95, goal_ms, "ms")
    yield Row("the same, processor time", f"{three_digits(found.p95)} ms")


def _rescored_ms(one: Measured) -> float | None:
    return one.searches.rescored.p95 if one.searches else None


def _searched(figures: Sequence[Measured]) -> Iterator[tuple[Measured, Searches]]:
    for one in figures:
        if one.searches is not None:
            yield one, one.searches


def _cells(one: Measured) -> tuple[str, ...]:
    searches = one.searches
    timed = (
        [_timed(part) for part in (searches.plain, searches.rescored, searches.looked, searches.filtered)]
        if searches
        else [""] * 4
    )
    shares = [f"{share:.3f}" for share in (searches.filtered_recall, searches.left_recall)] if searches else [""] * 2
    numbers = (one.load_s, one.build_s, one.memory_mb, one.disk_mb)
    return (
        f"{one.chunks}, {one.arm}",
        _timed(one.dense),
        *timed,
        f"{one.recall:.3f}",
        *shares,
        *(three_digits(number) if number else "" for number in numbers),
    )


def _timed(one: Timed) -> str:
    return f"{three_digits(one.p50)} / {three_digits(one.p95)} ({three_digits(one.clock_p95)})"
