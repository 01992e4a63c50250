"""How far ``Answer.confidence`` can be believed: the reliability curve, with the number of questions in each bin.

In: reliability bins, lowest first. Out: a drawing with a table of the same numbers; a sentence where there is no bin.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from evals.measures import ReliabilityBin
from evals.report.drawing import box, dot, drawing, label, line, path
from evals.report.markup import Child, element, wide

_LEFT, _TOP, _SIDE = 42.0, 24.0, 240.0
_WIDTH, _HEIGHT = 300, 376
_COUNTS_TOP, _COUNTS_HEIGHT = 288.0, 44.0
_LEAST_RADIUS, _MOST_RADIUS = 3.0, 8.0


def calibration(bins: Sequence[ReliabilityBin]) -> ET.Element:
    if not bins:
        return element("p", "No answer says how sure it is, so there is nothing to calibrate.", class_="none")
    total = sum(one.questions for one in bins)
    description = (
        f"{total} questions in {len(bins)} bins by confidence. On the diagonal, confidence is as high as the share of "
        "questions that the articles do answer; below it, the system is too sure; above it, not sure enough."
    )
    picture = drawing("calibration", "Calibration of confidence", description, (_WIDTH, _HEIGHT), _shapes(bins))
    return element("figure", picture, element("figcaption", description), _table(bins))


def _shapes(bins: Sequence[ReliabilityBin]) -> Iterator[Child]:
    for quarter in range(5):
        share = quarter / 4
        yield line(_point(0, share), _point(1, share), "grid")
        yield label(f"{100 * share:.0f} %", (_LEFT - 6, _point(0, share)[1] + 4), anchor="end")
        yield label(f"{100 * share:.0f} %", (_point(share, 0)[0], _HEIGHT - 28))
    yield label("share that the articles answer", (0, 10), anchor="start")
    yield label("confidence, and number of questions", (_LEFT + _SIDE / 2, _HEIGHT - 8))
    yield line(_point(0, 0), _point(1, 1), "diagonal")
    yield path([_point(one.confidence, one.answerable) for one in bins], "curve")
    most = max(one.questions for one in bins)
    for one in bins:
        share = one.questions / most
        radius = _LEAST_RADIUS + (_MOST_RADIUS - _LEAST_RADIUS) * share**0.5
        yield dot(_point(one.confidence, one.answerable), radius, "point")
        left, height = _point(one.low, 0)[0], (_COUNTS_HEIGHT - 12) * share
        yield box((left + 1, _COUNTS_TOP + _COUNTS_HEIGHT - height), _SIDE * (one.high - one.low) - 2, height, "bar")
        yield label(str(one.questions), (left + 12, _COUNTS_TOP + _COUNTS_HEIGHT - height - 3), "count")


def _point(confidence: float, share: float) -> tuple[float, float]:
    return _LEFT + _SIDE * confidence, _TOP + _SIDE * (1 - share)


def _table(bins: Sequence[ReliabilityBin]) -> ET.Element:
    head = ("Confidence", "Questions", "Mean confidence", "Articles answer")
    rows = [
        element(
            "tr",
            element("th", f"{100 * one.low:.0f} to {100 * one.high:.0f} %", scope="row"),
            element("td", str(one.questions)),
            element("td", f"{100 * one.confidence:.1f} %"),
            element("td", f"{100 * one.answerable:.1f} %"),
        )
        for one in bins
    ]
    titles = element("tr", *(element("th", title, scope="col") for title in head))
    table = element("table", element("thead", titles), element("tbody", *rows), class_="numbers")
    return element("details", element("summary", "The same in numbers"), wide(table, "Bins of confidence"))
