"""What of a chunk can be quoted: its sentences, items, rows and captions, and lists as a whole.

In: a chunk's units in order, with their kind of block. Out: spans in order of their start. "It comes in three colours:"
says nothing without the list under it, so such a lead goes with its items; a list without one can be quoted whole too.
Refuses nothing. A change of what can be quoted needs a new ``CHUNKER_VERSION``. Pure.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from index.records import BlockKind, Span

LONGEST_LIST = 600
"""Characters of a list that is still quoted whole."""
_LEADS = (":", "：")
_NAMES: frozenset[BlockKind] = frozenset({"title", "heading"})
"""What says of what comes after it what it is about, and nothing by itself."""


class Unit(NamedTuple):
    """A unit of a chunk, with its text."""

    kind: BlockKind
    start: int
    end: int
    text: str


def quotable(units: Sequence[Unit]) -> tuple[Span, ...]:
    """All units but title and headings; a list also as a whole, together with the lead that announces it."""
    return tuple(sorted(_spans(units), key=lambda span: (span.start, span.end)))


def _spans(units: Sequence[Unit]) -> Iterator[Span]:
    lead: Unit | None = None
    for is_list, group in groupby(units, key=lambda unit: unit.kind == "list_item"):
        some = list(group)
        if is_list:
            yield from _of_list(lead, some)
            lead = None
            continue
        lead = some.pop() if _announces(some[-1]) else None
        yield from (Span(unit.start, unit.end) for unit in some if unit.kind not in _NAMES)
    if lead:
        yield Span(lead.start, lead.end)


def _announces(unit: Unit) -> bool:
    return unit.kind not in _NAMES and unit.text.rstrip().endswith(_LEADS)


def _of_list(lead: Unit | None, items: Sequence[Unit]) -> Iterator[Span]:
    whole = Span((lead or items[0]).start, items[-1].end)
    if whole.end - whole.start <= LONGEST_LIST and (lead or len(items) > 1):
        yield whole
    elif lead:
        yield Span(lead.start, lead.end)
    yield from (Span(item.start, item.end) for item in items)
