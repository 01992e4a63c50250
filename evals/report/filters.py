"""What narrows the list of questions down. Hidden until the script of the page shows it, and never printed.

In: outcomes with the reasons against each. Out: a search field and one choice each for language, tag and kind of
failure, every choice with its number of questions.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from evals.records import Outcome
from evals.report.kinds import KINDS, kinds
from evals.report.languages import language_name
from evals.report.markup import element


def filters(judged: Sequence[tuple[Outcome, tuple[str, ...]]]) -> ET.Element:
    cases = [outcome.case for outcome, _ in judged]
    langs = Counter(case.lang for case in cases)
    tags = Counter(tag for case in cases for tag in dict.fromkeys(case.tags))
    failures = Counter(kind for outcome, reasons in judged for kind in kinds(outcome, reasons))
    names = {lang: f"{language_name(lang)} ({lang})" for lang in langs}
    return element(
        "div",
        _field("Search", element("input", type="search", id="filter-text", autocomplete="off")),
        _field("Kind of failure", _choice("kinds", [kind for kind in KINDS if kind in failures], failures, KINDS)),
        _field("Language", _choice("lang", sorted(langs, key=names.__getitem__), langs, names)),
        _field("Tag", _choice("tags", sorted(tags), tags, {})),
        element("button", "Show all", type="button", id="filter-reset"),
        class_="filters",
        role="search",
        hidden=True,
    )


def _field(title: str, control: ET.Element) -> ET.Element:
    return element("label", element("span", title), control)


def _choice(name: str, values: Iterable[str], counts: Mapping[str, int], names: Mapping[str, str]) -> ET.Element:
    options = [element("option", f"{names.get(value, value)}: {counts[value]}", value=value) for value in values]
    return element("select", element("option", "any", value=""), *options, id=f"filter-{name}")
