"""The figures at the head of the report: the most telling measures large, every measure in a table.

In: an evaluation. Out: elements. A measure that nothing was scored for is named as such, and is no zero; an interval is
that of ``evals.summary``; a difference from the baseline is over the questions that both scored.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from evals.evaluation import Evaluation
from evals.figures import signed, written
from evals.measures import FIGURES, HEADLINE, MEASURES
from evals.report.drawing import interval_bar
from evals.report.markup import element
from evals.slices import ALL
from evals.summary import UNTIMED, Mean

_SHOWN = 0.0005
"""The smallest difference that figures written with one digit after the point can show."""
_TILES = (HEADLINE, "answered", "refusal_recall", "hit@1", "citation_recall", "quote_exactness")


def tiles(evaluation: Evaluation) -> ET.Element:
    means = {mean.measure: mean for mean in evaluation.means if mean.slice == ALL}
    shown = [_tile(name, means.get(name), _change(evaluation, name)) for name in _TILES]
    return element("div", *shown, _latency_tile(evaluation), class_="tiles")


def measures_table(evaluation: Evaluation) -> ET.Element:
    """Every measure over all questions, then the figures that only many questions together have."""
    baseline = evaluation.baseline
    means = [mean for mean in evaluation.means if mean.slice == ALL]
    rows = [_row(mean, MEASURES[mean.measure].title, MEASURES[mean.measure].direction) for mean in means]
    figures = [_figure_row(name, value) for name, value in evaluation.scores.figures.items()]
    if baseline is not None:
        for row, mean in zip(rows, means, strict=True):
            changed = _changed(mean.measure, _change(evaluation, mean.measure), "td")
            row.append(element("td") if changed is None else changed)
        for row in figures:
            row.append(element("td"))
    return _table("Measure", [*rows, *figures], baseline.name if baseline else None)


def slices_table(evaluation: Evaluation, kind: str, title: str, names: dict[str, str]) -> ET.Element:
    """Right answers over the slices of a kind (``lang``, ``tag``), largest first. ``names``: how each is shown."""
    means = [one for one in evaluation.means if one.measure == HEADLINE and one.slice.startswith(f"{kind}:")]
    means.sort(key=lambda one: (-one.questions, one.slice))
    rows = []
    for one in means:
        value = one.slice.removeprefix(f"{kind}:")
        rows.append(_row(one, names.get(value, value), "higher"))
    table = _table("", rows, None)
    table.insert(0, element("caption", title))
    return table


def unscored(evaluation: Evaluation) -> str:
    """What this run has nothing to say about; empty where there is no such measure."""
    seen = {mean.measure for mean in evaluation.means if mean.slice == ALL}
    missing = [MEASURES[name].title for name in UNTIMED if name not in seen]
    return f"Not scored in this run: {'; '.join(missing)}." if missing else ""


def _tile(name: str, mean: Mean | None, change: float | None) -> ET.Element:
    title = element("p", MEASURES[name].title, class_="title")
    class_ = "tile main" if name == HEADLINE else "tile"
    if mean is None:
        return element("div", title, element("p", "–", class_="value"), element("p", "not scored"), class_=class_)
    return element(
        "div",
        title,
        element("p", written(name, mean.mean), class_="value"),
        interval_bar(mean.low, mean.mean, mean.high),
        element("p", f"{_interval(mean)}, {_questions(mean.questions)}", class_="small"),
        _changed(name, change, "p"),
        class_=class_,
    )


def _latency_tile(evaluation: Evaluation) -> ET.Element:
    timing = evaluation.scores.timing
    return element(
        "div",
        element("p", "Latency, median", class_="title"),
        element("p", written("latency", timing.p50_ms), class_="value"),
        element("p", f"95 % within {written('latency', timing.p95_ms)}" if timing.p95_ms else "not taken"),
        class_="tile",
    )


def _table(title: str, rows: Sequence[ET.Element], baseline: str | None) -> ET.Element:
    head = [title, "", "Mean", "95 % interval", "Questions", *([f"Since {baseline}"] if baseline else [])]
    titles = element("tr", *(element("th", text, scope="col") for text in head))
    return element("table", element("thead", titles), element("tbody", *rows), class_="means")


def _row(mean: Mean, title: str, direction: str) -> ET.Element:
    is_share = mean.measure in MEASURES and MEASURES[mean.measure].unit == "share"
    return element(
        "tr",
        element("th", *_named(title, direction), scope="row"),
        element("td", interval_bar(mean.low, mean.mean, mean.high) if is_share else None, class_="bar"),
        element("td", written(mean.measure, mean.mean), class_="mean"),
        element("td", _interval(mean), class_="between"),
        element("td", str(mean.questions), class_="questions"),
    )


def _figure_row(name: str, value: float | None) -> ET.Element:
    return element(
        "tr",
        element("th", *_named(FIGURES[name].title, FIGURES[name].direction), scope="row"),
        element("td", interval_bar(value, value, value) if value is not None else None, class_="bar"),
        element("td", written(name, value), class_="mean"),
        element("td", "", class_="between"),
        element("td", "", class_="questions"),
    )


def _named(title: str, direction: str) -> Iterator[ET.Element | str]:
    yield title
    if direction == "lower":
        yield element("small", " lower is better")


def _interval(mean: Mean) -> str:
    return f"{written(mean.measure, mean.low)} to {written(mean.measure, mean.high)}"


def _questions(count: int) -> str:
    return f"{count} question{'' if count == 1 else 's'}"


def _change(evaluation: Evaluation, name: str) -> float | None:
    """None without a baseline, or where no question is scored in both."""
    if evaluation.baseline is None:
        return None
    pairs = [
        (now, before)
        for outcome in evaluation.run.outcomes
        if (now := evaluation.scores.questions[outcome.case.id][name]) is not None
        and (before := evaluation.baseline.score(outcome.case, name)) is not None
    ]
    return sum(now - before for now, before in pairs) / len(pairs) if pairs else None


def _changed(name: str, change: float | None, tag: str) -> ET.Element | None:
    """None for what is shown as no change."""
    if change is None or abs(change) < _SHOWN:
        return None
    word = "better" if MEASURES[name].sign * change > 0 else "worse"
    return element(tag, f"{signed(name, change)}, {word}", class_=f"change {word}")
