"""Which questions a report lists, and how many it leaves out, so that the page stays small enough to be sent.

In: outcomes with the reasons against each. Out: the elements that are listed. Where not all fit, those that are listed
are spread evenly over the run, which often goes language by language; a question that does not fit by itself is left
out. Refuses nothing.
"""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from evals.records import Outcome
from evals.report.markup import Child, element
from evals.report.questions import question

WRONG_BYTES = 1_600_000
"""For wrong answers. With what right ones may take, half a megabyte of three is left for the rest of the page."""
RIGHT_BYTES = 800_000
RIGHT_LISTED = 1_000
"""Right answers that are listed at most."""

Judged = tuple[Outcome, tuple[str, ...]]


def listing(judged: Sequence[Judged]) -> Iterator[Child]:
    """Wrong answers, then right ones, folded; the number of each, and how many of them are listed."""
    wrong, right = ([one for one in judged if bool(one[1]) is is_wrong] for is_wrong in (True, False))
    listed = spread([question(*one) for one in wrong], WRONG_BYTES)
    yield element("p", f"Wrong answers: {_told(wrong, listed)}", id="shown", class_="count", role="status")
    yield element("div", *listed, class_="cases") if wrong else element("p", "No answer is wrong.", class_="none")
    if right:
        some = spread([question(*one) for one in right[:RIGHT_LISTED]], RIGHT_BYTES)
        summary = element("summary", f"Right answers: {_told(right, some)}", id="right-shown")
        yield element("details", summary, element("div", *some, class_="cases"), id="right-answers")


def spread(elements: Sequence[ET.Element], most_bytes: int) -> list[ET.Element]:
    """All where they fit; else some of them, evenly, in their order."""
    sizes = [len(ET.tostring(one, encoding="utf-8")) for one in elements]
    share = min(1.0, most_bytes / max(sum(sizes), 1))
    if share == 1.0:
        return list(elements)
    kept, credit = [], 0.0
    for one, size in zip(elements, sizes, strict=True):
        credit += share * size
        if credit >= size:
            credit -= size
            kept.append(one)
    return kept


def _told(judged: Sequence[Judged], listed: Sequence[ET.Element]) -> str:
    left_out = len(judged) - len(listed)
    if not left_out:
        return str(len(judged))
    return f"{len(judged)}, {len(listed)} of them listed; the other {left_out} are in the run's JSON"
