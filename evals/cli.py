"""``kilde eval``: the golden suite from the command line. ``main()`` is the entry point ``kilde``, with all commands.

Results go to stdout or files, progress and messages to stderr. Exit codes are those of ``rag/cli.py``: 1 where a
question ended in an error, a question does not fit its articles, the gate did not hold or a comparison found a loss; 2
where nothing could be asked or compared; 3 for wrong usage. Each command imports by itself what it needs.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.cli import Json, app, run

if TYPE_CHECKING:
    from evals.evaluation import Evaluation
    from evals.suite import Suite

GOLDEN = "golden"

evaluation = typer.Typer(help="Ask golden questions, and judge the answers.", no_args_is_help=True)
baseline = typer.Typer(help="Keep what runs came to.", no_args_is_help=True)
evaluation.add_typer(baseline, name="baseline")
app.add_typer(evaluation, name="eval")

SuiteName = Annotated[str, typer.Argument(metavar="SUITE", help="A suite's name, or a TOML file of your own.")]
OfSuite = Annotated[str, typer.Option("--suite", metavar="SUITE", help="A suite's name, or a TOML file of your own.")]
Out = Annotated[
    list[Path] | None,
    typer.Option("-o", "--out", metavar="FILE", help="Write .json, .xml, .html, .md, .run or .qrels."),
]


def main() -> None:
    """Runs the command line of this process and leaves with its exit code."""
    sys.exit(run(sys.argv[1:]))


@evaluation.command("run")
def run_suite(  # noqa: PLR0913, PLR0917 - one parameter for each option
    suite: SuiteName = GOLDEN,
    url: Annotated[str | None, typer.Option(help="Ask the service there; default: an index built afresh.")] = None,
    data_dir: Annotated[Path | None, typer.Option(metavar="DIR", help="Ask the index in this data folder.")] = None,
    ids: Annotated[list[str] | None, typer.Option("--id", metavar="PATTERN", help="Only these questions.")] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Only questions with this tag.")] = None,
    langs: Annotated[list[str] | None, typer.Option("--lang", metavar="TAG", help="Only in this language.")] = None,
    repeat: Annotated[int, typer.Option(min=1, metavar="N", help="Ask each question N times.")] = 1,
    concurrency: Annotated[int, typer.Option(min=1, metavar="N", help="Ask N questions at a time.")] = 1,
    processes: Annotated[int, typer.Option(min=1, metavar="N", help="Ask in bulk, without latencies.")] = 1,
    price_in: Annotated[float | None, typer.Option(min=0, help="What a million tokens of prompt cost.")] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help="And a million tokens of answer.")] = None,
    gate: Annotated[bool, typer.Option("--gate", help="Leave with 1 unless the gate holds.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Ask every question of a suite, and show what came of it."""
    from evals.ask import Manner
    from evals.cli_run import check_usage, evaluated, priced, prices_of, ready_gate, run_checked
    from evals.formats.write import check_files
    from evals.run import Where
    from evals.suite import Selection, load_suite, select
    from rag.errors import KildeError

    files = check_files(out or ())
    where = Where(url=url, data_dir=data_dir, processes=processes)
    manner = Manner(repeat=repeat, concurrency=concurrency)
    selection = Selection(ids=tuple(ids or ()), tags=tuple(tags or ()), langs=tuple(langs or ()))
    check_usage(where, manner, selection, gate=gate)
    prices = prices_of(price_in, price_out)
    whole = load_suite(suite)
    rules = ready_gate(whole) if gate else None
    kept = priced(run_checked(whole, select(whole, selection), where, manner).run, prices)
    try:
        judged = evaluated(whole, kept, rules)
    except KildeError:
        _show_run(evaluated(whole, kept), files, as_json=as_json)
        raise
    _show_run(judged, files, as_json=as_json)
    if judged.failed or any(outcome.error for outcome in judged.run.outcomes):
        raise typer.Exit(1)


@evaluation.command()
def check(
    suite: SuiteName = GOLDEN,
    accept: Annotated[bool, typer.Option("--accept", help="Keep the fingerprint of the articles as they are.")] = False,
) -> None:
    """Hold the questions of a suite against its articles, without asking any."""
    from evals.cli_run import check_suite
    from evals.suite import load_suite

    if not check_suite(load_suite(suite), accept=accept):
        raise typer.Exit(1)


@evaluation.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A run, written with -o FILE.json.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another run.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write .md as well.")] = None,
    as_json: Json = False,
) -> None:
    """Show what changed between two runs: questions first, then means."""
    from evals.compare import compare as compare_runs
    from evals.formats.console import comparison_to_text
    from evals.formats.json import read_run
    from evals.formats.markdown import comparison_to_markdown
    from evals.formats.write import check_file
    from rag.cli_output import show_json

    if out is not None:
        check_file(out, (".md",), (before, after))
    comparison = compare_runs(read_run(before), read_run(after))
    if out is not None:
        out.write_bytes(comparison_to_markdown(comparison))
    if as_json:
        show_json(comparison)
    else:
        _show(comparison_to_text(comparison))
    if comparison.alarm:
        raise typer.Exit(1)


@evaluation.command()
def report(
    file: Annotated[Path, typer.Argument(metavar="RUN", help="A run, written with -o FILE.json.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Default: beside the run.")] = None,
    suite: OfSuite = GOLDEN,
) -> None:
    """Write a run as one HTML file, or in the format that the file's ending asks for."""
    from msgspec.structs import replace

    from evals.cli_run import shown_again
    from evals.formats.json import read_judged
    from evals.formats.write import check_files, write

    page = out or file.with_suffix(".html")
    kinds = check_files([page], [file])
    loaded, (kept, checks) = _suite(suite), read_judged(file)
    _refuse_other(loaded, kept.suite)
    write(replace(shown_again(loaded, kept), checks=checks), page, kinds[page])
    _show(str(page))


@evaluation.command()
def grade(
    file: Annotated[Path, typer.Argument(metavar="RUN", help="A run, written with -o FILE.json.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", help="Write .json as well.")] = None,
    as_json: Json = False,
) -> None:
    """Ask an LLM what it makes of every answer of a run. Advice only: no measure or gate sees it."""
    from msgspec.json import encode

    from evals.formats.console import grades_to_text
    from evals.formats.json import read_run
    from evals.formats.write import check_file
    from evals.grade import endpoint_from
    from evals.grade import grade as grade_all
    from rag.cli_output import show_json
    from rag.settings import load_settings

    endpoint = endpoint_from(load_settings())
    if out is not None:
        check_file(out, (".json",), (file,))
    kept = read_run(file)
    grades = grade_all(kept.outcomes, endpoint)
    if out is not None:
        out.write_bytes(encode(grades) + b"\n")
    if as_json:
        show_json(grades)
    else:
        _show(grades_to_text(grades, kept))


@evaluation.command()
def candidates(
    suite: OfSuite = GOLDEN,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only asked since then: 2024-05-31.")] = None,
) -> None:
    """Print questions from use, one JSON line each, for a human to say what is expected."""
    from evals.candidates import candidates as candidates_of
    from evals.candidates import utc_since
    from evals.suite import load_suite
    from rag.cli_output import show_json
    from rag.feedback import FeedbackStore
    from rag.pseudonyms import Pseudonyms
    from rag.settings import load_settings

    earliest = "" if since is None else utc_since(since)
    settings = load_settings()
    known = load_suite(suite).cases
    store = FeedbackStore.open(settings.conversations_url, Pseudonyms.open(settings.data_path))
    try:
        for one in candidates_of(store.unanswered(earliest), known):
            show_json(one)
    finally:
        store.close()


@baseline.command("save")
def save_baseline(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    file: Annotated[Path, typer.Argument(metavar="RUN", help="A run, written with -o FILE.json.")],
    suite: OfSuite = GOLDEN,
) -> None:
    """Keep the scores of a run; from now on the gate compares with them."""
    from evals.baseline import make_baseline, save
    from evals.formats.json import read_run
    from evals.measures import scores

    loaded, kept = _suite(suite), read_run(file)
    _refuse_part(loaded, kept.suite, kept.questions_sha256)
    _refuse_other_articles(loaded, kept.corpus_sha256)
    _show(str(save(make_baseline(name, kept, scores(kept)), loaded.baselines)))


@baseline.command("list")
def list_baselines(suite: OfSuite = GOLDEN, as_json: Json = False) -> None:
    """Show what runs were kept, oldest first."""
    from evals.baseline import load_baselines
    from evals.formats.console import baselines_to_text
    from rag.cli_output import show_json

    loaded = _suite(suite)
    found = load_baselines(loaded.baselines, loaded.name)
    if as_json:
        show_json(found)
    else:
        _show(baselines_to_text(found))


@baseline.command("show")
def show_baseline(
    name: Annotated[str, typer.Argument(metavar="NAME")], suite: OfSuite = GOLDEN, as_json: Json = False
) -> None:
    """Show what one run came to."""
    from evals.baseline import find_baseline
    from evals.formats.console import baseline_to_text
    from rag.cli_output import show_json

    loaded = _suite(suite)
    found = find_baseline(loaded.baselines, loaded.name, name)
    if as_json:
        show_json(found)
    else:
        _show(baseline_to_text(found))


def _show_run(judged: "Evaluation", files: dict[Path, str], *, as_json: bool) -> None:
    from evals.formats.console import to_text
    from evals.formats.json import to_json
    from evals.formats.write import write

    for file, kind in files.items():
        write(judged, file, kind)
    if as_json:
        sys.stdout.flush()
        sys.stdout.buffer.write(to_json(judged))
        sys.stdout.buffer.flush()
    else:
        _show(to_text(judged))


def _suite(name: str) -> "Suite":
    from evals.suite import load_suite

    return load_suite(name)


def _refuse_part(suite: "Suite", name: str, questions_sha256: str) -> None:
    from rag.errors import InputError

    _refuse_other(suite, name)
    if questions_sha256 != suite.questions_sha256:
        raise InputError(f"This run did not ask the questions of {suite.name} as they are now. Run them all.", "run")


def _refuse_other_articles(suite: "Suite", corpus_sha256: str) -> None:
    from rag.errors import InputError

    known = suite.corpus_sha256
    if known is not None and known != corpus_sha256:
        raise InputError(
            f"This run was made over other articles ({corpus_sha256[:12]}) than those of {suite.name} ({known[:12]}). "
            f"Run it again: kilde eval run {suite.name} -o FILE.json.",
            "run",
        )


def _refuse_other(suite: "Suite", name: str) -> None:
    from rag.errors import InputError

    if name != suite.name:
        raise InputError(f"This run is of {name}, not of {suite.name}. Name its suite with --suite.", "suite")


def _show(text: str) -> None:
    from rich.text import Text

    from rag.cli_output import clean, show

    show(Text(clean(text)))
