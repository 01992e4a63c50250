"""``kilde ingest``: paths in, what became of every file out.

Out: a progress bar on stderr where that is a terminal; on stdout a summary with the files that were skipped or failed,
or one JSON line per file and a last one with the summary. Refuses a path that does not exist (InputError).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from index.records import FileOutcome, IngestEvent, IngestProgress, IngestSummary, Outcome
from rag.cli_output import clean, show, show_json
from rag.errors import InputError

if TYPE_CHECKING:
    from rich.text import Text

OUTCOMES: tuple[Outcome, ...] = ("new", "changed", "moved", "unchanged", "deleted", "skipped", "failed")


def absolute_paths(paths: Sequence[Path]) -> tuple[str, ...]:
    """Resolved, so that one folder has one name however it is reached. Raises InputError naming a missing path."""
    for path in paths:
        if not path.expanduser().exists():
            raise InputError(f"There is no file or folder {path}.", param="paths")
    return tuple(str(path.expanduser().resolve()) for path in paths)


def show_ingest(events: Iterator[IngestEvent], *, as_json: bool) -> bool:
    """Shows a run while it goes on; True if no file failed."""
    files: list[FileOutcome] = []
    summary: IngestSummary | None = None
    with _progress(visible=not as_json and sys.stderr.isatty()) as advance:
        for event in events:
            match event:
                case IngestProgress():
                    advance(event)
                    continue
                case FileOutcome():
                    files.append(event)
                case IngestSummary():
                    summary = event
            if as_json:
                show_json(event)
    if summary is None:
        return False
    if not as_json:
        show(ingest_text(files, summary))
    return summary.outcomes.get("failed", 0) == 0


def ingest_text(files: Sequence[FileOutcome], summary: IngestSummary) -> "Text":
    """What was left out or failed, with reasons, then the figures of the run."""
    from rich.text import Text

    problems = [_problem(file) for file in files if file.outcome in ("skipped", "failed")]
    return Text("\n").join([*problems, Text(_figures(summary))])


def _problem(file: FileOutcome) -> "Text":
    from rich.text import Text

    style = "red" if file.outcome == "failed" else "yellow"
    return Text.assemble((f"{file.outcome:<8}", style), clean(f"{file.path}: {file.reason or 'no reason given'}"))


def _figures(summary: IngestSummary) -> str:
    counts = [f"{n} {outcome}" for outcome in OUTCOMES if (n := summary.outcomes.get(outcome, 0))]
    opening = "Dry run, nothing was changed: " if summary.dry_run else ""
    files = ", ".join(counts) or "no articles found"
    return f"{opening}{files} · {summary.chunks} chunks, {summary.embedded} embedded in {summary.seconds:.1f} s"


@contextmanager
def _progress(*, visible: bool) -> Iterator[Callable[[IngestProgress], None]]:
    if not visible:
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None, pace="")

        def advance(at: IngestProgress) -> None:
            bar.update(task, description=at.phase, completed=at.done, total=at.total, pace=pace(at))

        yield advance


def pace(progress: IngestProgress) -> str:
    """Rate and remaining time, as far as they are known."""
    rate = "" if progress.chunks_per_s is None else f"{progress.chunks_per_s:.1f} chunks/s"
    left = "" if progress.remaining_s is None else f"{timedelta(seconds=round(progress.remaining_s))} left"
    return ", ".join(part for part in (rate, left) if part)
