"""Curves over sizes on two logarithmic axes, as SVG.

In: panels of named series of points, all above zero. Out: one picture, panels side by side. Pure; refuses nothing.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10

Series = Mapping[str, Sequence[tuple[float, float]]]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 300, 56, 30, 34, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#8c564b", "#7f7f7f")
LINE = 16


def picture(panels: Mapping[str, Series]) -> str:
    """``panels`` by what they show, with its unit."""
    legend = LINE * max(len(series) for series in panels.values())
    drawn = "".join(_panel(at * WIDTH, title, series) for at, (title, series) in enumerate(panels.items()))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{HEIGHT + legend}"'
        f' font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>\n{drawn}</svg>\n'
    )


def _panel(offset: float, title: str, series: Series) -> str:
    points = [point for line in series.values() for point in line]
    across, up = _axis([x for x, _ in points], LEFT, WIDTH - RIGHT), _axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{title}</text>']
    for power in range(across[0], across[1] + 1):
        x = _place(10.0**power, across)
        parts.append(_grid(x, HEIGHT - BOTTOM, x, TOP) + _label(x, HEIGHT - BOTTOM + 16, power, "middle"))
    for power in range(up[0], up[1] + 1):
        y = _place(10.0**power, up)
        parts.append(_grid(LEFT, y, WIDTH - RIGHT, y) + _label(LEFT - 6, y + 4, power, "end"))
    for at, ((name, line), colour) in enumerate(zip(series.items(), COLOURS, strict=False)):
        places = [(_place(x, across), _place(y, up)) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(f'<text x="{LEFT}" y="{HEIGHT + LINE * at + 8}" fill="{colour}">{name}</text>')
    return f'<g transform="translate({offset:g},0)">{"".join(parts)}</g>\n'


Axis = tuple[int, int, float, float]
"""First and last power of ten, and where they lie."""


def _axis(values: Sequence[float], start: float, end: float) -> Axis:
    first = floor(log10(min(values)))
    return first, max(ceil(log10(max(values))), first + 1), start, end


def _place(value: float, axis: Axis) -> float:
    first, last, start, end = axis
    return start + (log10(value) - first) / (last - first) * (end - start)


def _grid(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#ddd"/>'


def _label(x: float, y: float, power: int, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_ten_to(power)}</text>'


def _ten_to(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10**power:g}"
