"""Which format a file has, by its ending, and the writing of it.

In: file names; an evaluation. Out: files. Refuses an ending that stands for no format, before anything is asked.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from evals.evaluation import Evaluation
from evals.formats.json import to_json
from evals.formats.junit import to_junit
from evals.formats.markdown import to_markdown
from evals.formats.trec import to_qrels, to_trec_run
from evals.report import to_html
from rag.errors import InputError

_FORMATS: dict[str, Callable[[Evaluation], bytes]] = {
    ".json": to_json,
    ".md": to_markdown,
    ".html": to_html,
    ".run": lambda evaluation: to_trec_run(evaluation.run),
    ".qrels": lambda evaluation: to_qrels(evaluation.run),
    ".xml": lambda evaluation: to_junit(
        evaluation.run, None if evaluation.checks is None else [str(check) for check in evaluation.failed]
    ),
}


def check_files(files: Iterable[Path]) -> dict[Path, str]:
    """The format of each file. Raises InputError for one that has none, or whose folder is not there."""
    found: dict[Path, str] = {}
    for file in files:
        if file.suffix not in _FORMATS:
            raise InputError(f"{file} should end in one of {', '.join(_FORMATS)}.", "out")
        if not file.parent.is_dir():
            raise InputError(f"There is no folder {file.parent}.", "out")
        found[file] = file.suffix
    return found


def write(evaluation: Evaluation, file: Path, kind: str) -> None:
    file.write_bytes(_FORMATS[kind](evaluation))
