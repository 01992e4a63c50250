"""The table of figures in the page of a folder of modules that measure, written by whoever runs them.

In: what a module printed, and the page. Out: the page with that module's figures in place of its earlier ones, each
with its command, date and machine, and the versions of the last run below; figures of other modules stay. A figure is
a row of a table that ``table.markdown`` made. Refuses a page without the marks around the table.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from evals.benchmarks.table import HEAD
from evals.machine import machine, versions

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
COLUMNS = ["| command | what | measured | goal | | date | machine |", "| --- | --- | --- | --- | --- | --- | --- |"]


class Page(msgspec.Struct, frozen=True):
    """Where the figures of a package's modules stand."""

    file: Path
    package: str


BENCHMARKS = Page(Path(__file__).parent / "README.md", "evals.benchmarks")


def keep(name: str, printed: str, page: Page = BENCHMARKS) -> None:
    """Puts the figures of ``name`` into the page; without any, nothing changes.

    Raises ValueError for a page that has not both marks.
    """
    found = list(figures(printed))
    if not found:
        return
    before, begin, rest = page.file.read_text("utf-8").partition(BEGIN)
    table, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page.file} has no {BEGIN!r} with {END!r} behind it. Put both where the table is to stand.")
    command, when = f"| `python -m {page.package} {name}` ", f"{datetime.now(UTC).date().isoformat()} | {machine()} |"
    others = [line for line in table.splitlines() if line.startswith("| `") and not line.startswith(command)]
    rows = sorted([*others, *(f"{command}{row} {when}" for row in found)], key=lambda line: line.split("|")[1])
    page.file.write_text(f"{before}{BEGIN}\n\n{_table(rows)}\n\n{END}{after}", encoding="utf-8")


def figures(printed: str) -> Iterator[str]:
    """The rows of goal tables, in order."""
    inside = False
    for line in printed.splitlines():
        inside = line == HEAD[0] or (inside and line.startswith("|"))
        if inside and line not in HEAD:
            yield line


def _table(rows: Sequence[str]) -> str:
    last = ", ".join(f"{name} {number}" for name, number in versions().items())
    return "\n".join([*COLUMNS, *rows, "", f"Versions of the last run: {last}."])
