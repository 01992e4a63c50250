"""How long answers took: a histogram of latencies, with the median and the 95th percentile.

In: a run and its latency scores. Out: a drawing; a sentence where no latency was taken. Answers far slower than the
95th percentile share the last bar, which says so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from evals.measures import LatencyScores
from evals.report.drawing import box, drawing, label, line, nice_step
from evals.report.markup import Child, element

_WIDTH, _HEIGHT = 300, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 290.0, 38.0, 188.0
_BARS, _TICKS = 24, 4
_LABEL_WIDTH = 90.0
_TAIL = 1.5
"""Latencies beyond this many times the 95th percentile are drawn together."""


def speed(times_ms: Sequence[float], latency: LatencyScores) -> ET.Element:
    p50, p95 = latency.p50_ms, latency.p95_ms
    if not times_ms or p50 is None or p95 is None:
        return element("p", "No latencies were taken: the questions were asked in bulk.", class_="none")
    slowest = f"the slowest {max(times_ms):.0f} ms"
    description = f"{len(times_ms)} answers: half within {p50:.0f} ms, 95 % within {p95:.0f} ms, {slowest}."
    picture = drawing("speed", "Latency of answers", description, (_WIDTH, _HEIGHT), _shapes(times_ms, p50, p95))
    return element("figure", picture, element("figcaption", description))


def _shapes(times_ms: Sequence[float], p50: float, p95: float) -> Iterator[Child]:
    longest = min(max(times_ms), _TAIL * p95)
    step = nice_step(longest, _BARS)
    last = max(int(longest // step), 0)
    counts = Counter(min(int(time // step), last) for time in times_ms)
    span, most = step * (last + 1), max(counts.values())
    width = (_RIGHT - _LEFT) / (last + 1)
    for count, class_ in ((0, "axis"), (most, "grid")):
        y = _BOTTOM - (_BOTTOM - _TOP) * count / most
        yield line((_LEFT, y), (_RIGHT, y), class_)
        yield label(str(count), (_LEFT - 6, y + 4), anchor="end")
    for place in sorted(counts):
        height = (_BOTTOM - _TOP) * counts[place] / most
        is_tail = place == last and max(times_ms) >= span
        yield box((_LEFT + place * width + 0.5, _BOTTOM - height), width - 1, height, "bar tail" if is_tail else "bar")
    tick = nice_step(span, _TICKS)
    for number in range(int(span // tick) + 1):
        x = _LEFT + (_RIGHT - _LEFT) * number * tick / span
        yield line((x, _BOTTOM), (x, _BOTTOM + 4), "axis")
        yield label(f"{number * tick:g}", (x, _BOTTOM + 16))
    yield label("milliseconds" if max(times_ms) < span else "milliseconds, the last bar: and more", (162, _HEIGHT - 2))
    yield from _percentile("median", p50, span, 26)
    yield from _percentile("95 %", p95, span, 12)


def _percentile(name: str, value: float, span: float, y: float) -> Iterator[Child]:
    """To the left of its line, so that the line of the other one does not cross it, unless there is no room."""
    x = _LEFT + (_RIGHT - _LEFT) * value / span
    has_room = x > _LEFT + _LABEL_WIDTH
    yield line((x, y - 8), (x, _BOTTOM), "percentile")
    yield label(f"{name} {value:.0f} ms", (x + (-5 if has_room else 5), y), "strong", "end" if has_room else "start")
