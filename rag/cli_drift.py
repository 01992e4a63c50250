"""Translations that disagree, as a table for a terminal.

In: a report. Out: styled text without control characters, one block a disagreement: what is said, when, in which
language and file, with the words around it; the newest first, and marked. Prints nothing.
"""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from rag.cli_output import clean
from rag.drift_records import Drift, DriftReport, Statement

EXCERPT_CHARS = 80
NEWEST = "newest"


def drift_table(report: DriftReport) -> Text:
    """The disagreements, then one line that counts them."""
    return Text("\n\n").join([*(_block(drift) for drift in report.drifts), Text(_counted(report))])


def _block(drift: Drift) -> Text:
    rows = [_cells(drift, said) for said in drift.statements]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    head = Text(clean(" ".join(drift.statements[0].title.split())), style="bold")
    return Text("\n").join(
        [head, *(_row(row, widths, drift, said) for row, said in zip(rows, drift.statements, strict=True))]
    )


def _cells(drift: Drift, said: Statement) -> tuple[str, ...]:
    mark = NEWEST if said.article_id == drift.newest else ""
    return tuple(
        clean(" ".join(cell.split())) for cell in (said.figure, said.dated or "no date", mark, said.lang, said.path)
    )


def _row(cells: Sequence[str], widths: Sequence[int], drift: Drift, said: Statement) -> Text:
    padded = [set_cell_size(cell, width) for cell, width in zip(cells, widths, strict=True)]
    style = "bold green" if said.article_id == drift.newest else "bold"
    return Text.assemble("  ", (padded[0], style), "  ", "  ".join(padded[1:]), "  ", (_excerpt(said), "dim"))


def _excerpt(said: Statement) -> str:
    line = clean(" ".join(said.passage.split()))
    at = max(0, line.find(" ".join(said.figure.split())) - EXCERPT_CHARS // 2)
    cut = line[at : at + EXCERPT_CHARS]
    return f"{'…' if at else ''}{cut}{'…' if at + EXCERPT_CHARS < len(line) else ''}"


def _counted(report: DriftReport) -> str:
    drifts = "1 disagreement" if len(report.drifts) == 1 else f"{len(report.drifts)} disagreements"
    works = "1 work" if report.works == 1 else f"{report.works} works"
    return f"{drifts} in {works} with several versions"
