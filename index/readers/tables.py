"""The cells of a table in, one line of text per body row out, each readable on its own: ``City | Stop: 150 | …``."""

from collections.abc import Sequence

import msgspec

_NO_NAME = frozenset({"", "#", "№"})


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    is_head: bool = False
    columns: int = 1
    rows: int = 1


class _Slot(msgspec.Struct, frozen=True):
    """A place in the grid: the cell that covers it, and whether it is the first column that the cell covers."""

    cell: Cell
    leads: bool


def table_rows(rows: Sequence[Sequence[Cell]], *, head_rows: int) -> list[str]:
    """Body rows in order. ``head_rows``: how many rows at the top are known to be heads; more are recognised."""
    grid = _grid(rows)
    heads: list[str] = []
    lines: list[str] = []
    only_heads: list[str] = []
    fresh = True
    for number, row in enumerate(grid):
        if number < head_rows or _is_head(row):
            heads = _join_heads([] if fresh else heads, row)
            only_heads.append(_joined(row))
            fresh = False
            continue
        fresh = True
        lines.append(_line(heads, row))
    return [line for line in lines or only_heads if line]


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[_Slot]]:
    """Spans spread out: a cell over several rows stands in each of them."""
    grid: list[list[_Slot]] = []
    hanging: dict[int, tuple[int, _Slot]] = {}
    for cells in rows:
        row: list[_Slot] = []
        queue = list(reversed(cells))
        while queue or len(row) in hanging:
            at = len(row)
            if at in hanging:
                left, slot = hanging.pop(at)
                row.append(slot)
                if left > 1:
                    hanging[at] = (left - 1, slot)
                continue
            cell = queue.pop()
            for offset in range(cell.columns):
                slot = _Slot(cell, offset == 0)
                if cell.rows > 1:
                    hanging[len(row)] = (cell.rows - 1, slot)
                row.append(slot)
        grid.append(row)
    return grid


def _is_head(row: list[_Slot]) -> bool:
    """A row of head cells only; a single one over the whole width is a subheading, which is read as text."""
    return sum(slot.leads for slot in row) > 1 and all(slot.cell.is_head for slot in row)


def _join_heads(above: list[str], row: list[_Slot]) -> list[str]:
    """Two rows of heads over one column become one name."""
    width = max(len(above), len(row))
    upper = above + [""] * (width - len(above))
    lower = [slot.cell.text for slot in row] + [""] * (width - len(row))
    return [low if up in ("", low) else f"{up} {low}".strip() for up, low in zip(upper, lower, strict=True)]


def _line(heads: list[str], row: list[_Slot]) -> str:
    parts = []
    for column, slot in enumerate(row):
        head = heads[column].rstrip(" :：") if column < len(heads) else ""
        if not slot.leads or not slot.cell.text:
            continue
        parts.append(slot.cell.text if head in _NO_NAME or _spans(row, slot) else f"{head}: {slot.cell.text}")
    return " | ".join(parts)


def _spans(row: list[_Slot], slot: _Slot) -> bool:
    """Whether the cell fills its row alone, as a subheading or a note does."""
    return len(row) > 1 and all(other.cell is slot.cell for other in row)


def _joined(row: list[_Slot]) -> str:
    return " | ".join(slot.cell.text for slot in row if slot.leads and slot.cell.text)
