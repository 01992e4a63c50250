"""Right answers by question language and source language, as a table whose cells are shaded.

In: the outcomes of a run and which are right. Out: a table: one row per question language, one column per source
language, totals at the ends. Every cell says its share and its number of questions in words, the shade repeats it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from evals.records import Outcome
from evals.report.languages import abbreviated, language_name
from evals.report.markup import element, wide
from evals.slices import source_language

_SAYS = (
    "Right answers in percent, by language of the question (rows) and of the source that was cited (columns). "
    "Below each share, the number of questions."
)
_NONE = ""
"""Nothing cited, and nothing found of what was expected."""
_SHADES = 5
_FEW = 5
"""Cells with fewer questions say little, and are outlined instead of filled."""


class _Tally(NamedTuple):
    right: int
    questions: int


def heatmap(outcomes: Sequence[Outcome], right: Sequence[bool]) -> ET.Element:
    """``right``: one for each outcome."""
    asked, was_right = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for outcome, is_right in zip(outcomes, right, strict=True):
        pair = (outcome.case.lang, source_language(outcome) or _NONE)
        asked[pair] += 1
        was_right[pair] += is_right
    cells = {pair: _Tally(was_right[pair], asked[pair]) for pair in asked}
    rows, columns = _by_size(cells, 0), _by_size(cells, 1)
    body = [_row(lang, columns, cells) for lang in rows]
    table = element(
        "table",
        element("thead", element("tr", element("th", "asked in", scope="col"), *_titles(columns))),
        element("tbody", *body),
        element("tfoot", _totals(columns, cells)),
        class_="heat",
        aria_describedby="heat-says",
    )
    lead = element("p", _SAYS, id="heat-says", class_="lead")
    return element("div", lead, wide(table, "Right answers by pair of languages"), _legend())


def _by_size(cells: dict[tuple[str, str], _Tally], side: int) -> list[str]:
    """Languages with most questions first, none at the end."""
    sizes = Counter[str]()
    for pair, tally in cells.items():
        sizes[pair[side]] += tally.questions
    return sorted(sizes, key=lambda lang: (lang == _NONE, -sizes[lang], lang))


def _titles(columns: Sequence[str]) -> Iterator[ET.Element]:
    for lang in columns:
        yield element("th", abbreviated(lang) if lang else "no source", scope="col")
    yield element("th", "all", scope="col", class_="total")


def _row(lang: str, columns: Sequence[str], cells: dict[tuple[str, str], _Tally]) -> ET.Element:
    name = element("th", abbreviated(lang), element("span", language_name(lang), class_="long"), scope="row")
    mine = [cells.get((lang, column)) for column in columns]
    return element("tr", name, *map(_cell, mine), _cell(_sum(mine), "total"))


def _totals(columns: Sequence[str], cells: dict[tuple[str, str], _Tally]) -> ET.Element:
    sums = [_sum([tally for pair, tally in cells.items() if pair[1] == column]) for column in columns]
    name = element("th", "all", scope="row")
    return element("tr", name, *(_cell(one, "total") for one in sums), _cell(_sum(sums), "total"))


def _sum(tallies: Sequence[_Tally | None]) -> _Tally:
    given = [tally for tally in tallies if tally is not None]
    return _Tally(sum(tally.right for tally in given), sum(tally.questions for tally in given))


def _cell(tally: _Tally | None, class_: str = "") -> ET.Element:
    if tally is None or not tally.questions:
        return element("td", element("span", "none", class_="unseen"), class_=f"{class_} empty".strip())
    share = tally.right / tally.questions
    return element(
        "td",
        element("span", f"{100 * share:.0f}", element("span", " %", class_="unseen"), class_="share"),
        element("span", f"n\u2009=\u2009{tally.questions}", class_="n"),
        class_=f"{class_} shade{_shade(share)} {'few' if tally.questions < _FEW else ''}".strip(),
        title=f"{tally.right} of {tally.questions} right",
    )


def _shade(share: float) -> int:
    return min(int(share * _SHADES), _SHADES - 1)


def _legend() -> ET.Element:
    steps = [
        element("li", f"{100 * step // _SHADES} to {100 * (step + 1) // _SHADES} %", class_=f"shade{step}")
        for step in range(_SHADES)
    ]
    few = element("li", f"outlined: fewer than {_FEW} questions", class_="shade3 few")
    return element("ul", *steps, few, class_="legend", aria_label="Shades")
