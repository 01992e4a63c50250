"""Where expected forms stand in a text, and a text with such places marked.

In: texts; forms as the golden questions give them (``43,866`` also stands in ``43 866``). Out: spans; an element in
which they are ``<mark>``. Offsets count code points. Refuses nothing: a span beyond the text is cut off.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as ET

from evals.golden import holds, normalise
from evals.report.markup import append, element, said


class Span(NamedTuple):
    """A slice, end exclusive, and the class of its mark."""

    start: int
    end: int
    kind: str
    lang: str | None = None
    """None for the language around it."""


def find_form(text: str, form: str) -> tuple[int, int] | None:
    """The first place that shows the form, as ``evals.golden.holds`` says; None where there is none."""
    wanted = normalise(form)
    if not holds(normalise(text), form):
        return None
    starts = (start for start, char in enumerate(text) if wanted.startswith(normalise(char) or "\0"))
    return next((found for start in starts if (found := _from(text, start, wanted, form))), None)


def marked(into: ET.Element, text: str, spans: Iterable[Span]) -> ET.Element:
    """Of spans that overlap, the one that begins first, then the longest."""
    at = 0
    for span in _apart(spans, len(text)):
        append(into, text[at : span.start])
        inside = text[span.start : span.end]
        mark = said("mark", span.lang, inside) if span.lang else element("mark", inside)
        mark.set("class", span.kind)
        into.append(mark)
        at = span.end
    append(into, text[at:])
    return into


def _from(text: str, start: int, wanted: str, form: str) -> tuple[int, int] | None:
    """The shortest slice from ``start`` that is the form, if its surroundings let it stand."""
    for end in range(start + 1, len(text) + 1):
        if text[end - 1].isspace():
            continue
        given = normalise(text[start:end])
        if given == wanted and _stands(text, start, end, form):
            return start, end
        if len(given) > len(wanted) + 4:
            return None
    return None


def _stands(text: str, start: int, end: int, form: str) -> bool:
    chars = len(normalise(form)) + 3
    before, after = normalise(text[:end])[-chars:], normalise(text[start:])[:chars]
    return holds(before, form) and holds(after, form)


def _apart(spans: Iterable[Span], length: int) -> Iterator[Span]:
    at = 0
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start, end = max(span.start, 0), min(span.end, length)
        if at <= start < end:
            yield span._replace(start=start, end=end)
            at = end
