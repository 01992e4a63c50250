"""Shapes of the charts: SVG that takes its colours from the style sheet and scales with the page.

In: numbers in the units of the drawing. Out: elements. Coordinates are rounded, so that equal values draw equal bytes.
"""

import math
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree as ET

from evals.report.markup import Child, element

_DIGITS = 2


def drawing(name: str, title: str, description: str, size: tuple[int, int], shapes: Iterable[Child]) -> ET.Element:
    """An image with a name and a description. ``name`` is unique on the page."""
    width, height = size
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        *shapes,
        class_=f"chart {name}",
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-desc",
    )


def line(start: tuple[float, float], end: tuple[float, float], class_: str) -> ET.Element:
    (x1, y1), (x2, y2) = start, end
    return element("line", x1=_at(x1), y1=_at(y1), x2=_at(x2), y2=_at(y2), class_=class_)


def path(points: Sequence[tuple[float, float]], class_: str) -> ET.Element:
    return element("polyline", points=" ".join(f"{_at(x):g},{_at(y):g}" for x, y in points), class_=class_)


def box(corner: tuple[float, float], width: float, height: float, class_: str) -> ET.Element:
    x, y = corner
    return element("rect", x=_at(x), y=_at(y), width=_at(width), height=_at(height), class_=class_)


def dot(centre: tuple[float, float], radius: float, class_: str) -> ET.Element:
    x, y = centre
    return element("circle", cx=_at(x), cy=_at(y), r=_at(radius), class_=class_)


def label(text: str, where: tuple[float, float], class_: str = "", anchor: str = "middle") -> ET.Element:
    x, y = where
    return element("text", text, x=_at(x), y=_at(y), class_=class_ or None, text_anchor=anchor)


def interval_bar(low: float, mean: float, high: float) -> ET.Element:
    """Shares from 0 to 1 on a line as wide as there is room; for the eye only, the numbers stand beside it."""
    low, mean, high = (100 * min(max(share, 0.0), 1.0) for share in (low, mean, high))
    return element(
        "svg",
        box((0, 4.5), 100, 1, "track"),
        box((low, 2), high - low, 6, "range"),
        line((mean, 0), (mean, 10), "mean"),
        class_="interval",
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50 … of which ``most`` cover the span."""
    power = 10 ** math.floor(math.log10(span / most)) if span > 0 else 1
    return next(factor * power for factor in (1, 2, 5, 10, 20) if factor * power * most >= span)


def _at(value: float) -> float:
    return round(value, _DIGITS) + 0.0
