"""Which format a file has, by its ending, and the writing of it.

In: file names; an evaluation. Out: files. Refuses an ending that stands for no format, and a file that is read as
well, before anything is asked.
"""

from collections.abc import Callable, Iterable, Sequence
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


def check_files(files: Iterable[Path], inputs: Sequence[Path] = ()) -> dict[Path, str]:
    """The format of each file. Raises InputError for one that has none, or that ``check_file`` refuses."""
    return {file: check_file(file, tuple(_FORMATS), inputs) for file in files}


def check_file(file: Path, endings: Sequence[str], inputs: Sequence[Path] = ()) -> str:
    """Its ending. Raises InputError for another, for a folder that is not there, and for a file of ``inputs``."""
    if file.suffix not in endings:
        wanted = f"one of {', '.join(endings)}" if len(endings) > 1 else endings[0]
        raise InputError(f"{file} should end in {wanted}.", "out")
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", "out")
    if any(each.exists() and file.exists() and file.samefile(each) for each in inputs):
        raise InputError(f"{file} is the run itself, which would be lost. Give another name with -o.", "out")
    return file.suffix


def write(evaluation: Evaluation, file: Path, kind: str) -> None:
    file.write_bytes(_FORMATS[kind](evaluation))
