"""How the suite went over time: its baselines, oldest first, and this run at the end.

In: an evaluation with its history. Out: one small chart for each measure that tells most, and a table of all runs. Runs
over other articles or other questions are drawn hollow, since their figures do not compare.
"""

import math
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

import msgspec

from evals.baseline import Baseline
from evals.evaluation import Evaluation
from evals.figures import written
from evals.measures import HEADLINE, MEASURES
from evals.records import Run
from evals.report.drawing import dot, drawing, label, line, path
from evals.report.markup import Child, element, wide
from evals.slices import ALL

_MEASURES = (HEADLINE, "answered", "refusal_recall", "ndcg@10", "citation_precision", "citation_recall")
_WIDTH, _HEIGHT = 200, 96
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 188.0, 10.0, 84.0


class _Past(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the history."""

    name: str
    when: str
    questions: int
    means: dict[str, float | None]
    p50_ms: float | None
    articles: str
    is_comparable: bool


def history(evaluation: Evaluation) -> ET.Element:
    if not evaluation.history:
        how = element("code", "kilde eval baseline save NAME RUN.json")
        return element("p", "No run of this suite was kept yet. Keep one with ", how, ".", class_="none")
    runs = [*(_kept(baseline, evaluation.run) for baseline in evaluation.history), _this(evaluation)]
    charts = [chart for name in _MEASURES if (chart := _chart(name, runs)) is not None]
    return element("div", element("div", *charts, class_="panels"), _table(runs))


def _kept(baseline: Baseline, run: Run) -> _Past:
    return _Past(
        name=baseline.name,
        when=baseline.saved,
        questions=len(baseline.questions),
        means={name: baseline.mean(name) for name in _MEASURES},
        p50_ms=baseline.p50_ms,
        articles=baseline.corpus_sha256,
        is_comparable=(baseline.corpus_sha256, baseline.questions_sha256) == (run.corpus_sha256, run.questions_sha256),
    )


def _this(evaluation: Evaluation) -> _Past:
    means = {mean.measure: mean.mean for mean in evaluation.means if mean.slice == ALL}
    return _Past(
        name="this run",
        when=evaluation.run.timing.started,
        questions=len(evaluation.run.outcomes),
        means={name: means.get(name) for name in _MEASURES},
        p50_ms=evaluation.scores.timing.p50_ms,
        articles=evaluation.run.corpus_sha256,
        is_comparable=True,
    )


def _chart(name: str, runs: Sequence[_Past]) -> ET.Element | None:
    """None where this run does not score the measure."""
    values = [run.means[name] for run in runs]
    if values[-1] is None:
        return None
    told = "; ".join(f"{run.name} {written(name, value)}" for run, value in zip(runs, values, strict=True))
    title = MEASURES[name].title
    picture = drawing(f"history-{_MEASURES.index(name)}", title, told, (_WIDTH, _HEIGHT), _shapes(name, runs))
    caption = element("figcaption", title, " ", element("b", written(name, values[-1])))
    return element("figure", caption, picture, class_="panel")


def _shapes(name: str, runs: Sequence[_Past]) -> Iterator[Child]:
    points = [(place, run, value) for place, run in enumerate(runs) if (value := run.means[name]) is not None]
    low, high = _bounds([value for _, _, value in points])
    step = (_RIGHT - _LEFT) / max(len(runs) - 1, 1)

    def point(place: int, value: float) -> tuple[float, float]:
        return _LEFT + step * place, _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (high - low)

    for share in (low, high):
        y = point(0, share)[1]
        yield line((_LEFT, y), (_RIGHT, y), "grid")
        yield label(f"{100 * share:.0f} %", (_LEFT - 7, y + 4), anchor="end")
    yield path([point(place, value) for place, _, value in points], "curve")
    for place, run, value in points:
        is_now = place == len(runs) - 1
        yield dot(point(place, value), 5 if is_now else 3.5, "point" if run.is_comparable else "point hollow")


def _bounds(shares: Sequence[float]) -> tuple[float, float]:
    """Tens around the values, at least 20 % apart."""
    low, high = math.floor(min(shares) * 10), math.ceil(max(shares) * 10)
    if high - low < 2:
        high = min(low + 2, 10)
        low = high - 2
    return low / 10, high / 10


def _table(runs: Sequence[_Past]) -> ET.Element:
    head = ("Run", "When", "Questions", MEASURES[HEADLINE].title, "Median", "Articles", "Comparable")
    rows = [
        element(
            "tr",
            element("th", run.name, scope="row"),
            element("td", run.when[:16].replace("T", " ")),
            element("td", str(run.questions)),
            element("td", written(HEADLINE, run.means[HEADLINE])),
            element("td", written("latency", run.p50_ms)),
            element("td", element("code", run.articles[:12])),
            element("td", "yes" if run.is_comparable else "no, other articles or questions"),
        )
        for run in reversed(runs)
    ]
    titles = element("tr", *(element("th", title, scope="col") for title in head))
    table = element("table", element("thead", titles), element("tbody", *rows), class_="numbers")
    return wide(table, "Kept runs")
