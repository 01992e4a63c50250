"""What ``kilde eval run`` and ``kilde eval check`` do: check, ask with progress on stderr, judge.

In: a suite and where to ask it. Out: an evaluation. Refuses options that exclude each other, and a suite whose
questions do not fit its articles.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from evals.ask import Manner
from evals.baseline import load_baselines
from evals.check import complaints, fingerprint_of, read_articles, texts_of
from evals.evaluation import Evaluation, evaluate
from evals.gate import Gate, load_gate, usable
from evals.records import Prices, Run
from evals.run import Finished, Where
from evals.run import run_suite as ask_everything
from evals.suite import Selection, Suite
from rag.cli_output import report
from rag.errors import InputError
from rag.settings import load_settings


def check_usage(where: Where, manner: Manner, selection: Selection, *, gate: bool) -> None:
    """Raises InputError for what cannot be had together."""
    if where.url is not None and where.data_dir is not None:
        raise InputError("--url and --data-dir exclude each other: the questions are asked in one place.", "url")
    if where.processes > 1 and where.url is not None:
        raise InputError("--processes is for an index on this machine; use --concurrency with --url.", "processes")
    if where.processes > 1 and (manner.repeat > 1 or manner.concurrency > 1):
        raise InputError("--processes asks each question once: leave --repeat and --concurrency out.", "processes")
    if gate and selection != Selection():
        raise InputError("The gate is for a whole suite: leave --id, --tag and --lang out.", "gate")


def check_suite(suite: Suite, *, accept: bool) -> bool:
    """Reports every complaint on stderr; True if there is none. ``accept`` keeps the fingerprint of the articles."""
    articles = read_articles(suite.corpus, datetime.now(UTC).date())
    found, known = fingerprint_of(articles), suite.corpus_sha256
    wrong = list(complaints(suite.cases, texts_of(articles)))
    if found != known and not (accept and not wrong):
        wrong.append(
            f"the articles ({found[:12]}) are not those that the questions were checked against "
            f"({'none' if known is None else known[:12]}); if they are as they should be, "
            f"run `kilde eval check {suite.name} --accept`"
        )
    for complaint in wrong:
        report(complaint)
    if wrong:
        return False
    if found != known:
        suite.fingerprint_file.write_text(f"{found}\n", encoding="ascii")
    report(f"{len(suite.cases)} questions of {suite.name} fit its {len(articles)} articles")
    return True


def run_checked(whole: Suite, asked: Suite, where: Where, manner: Manner) -> Finished:
    """``asked``: the part of the whole that is wanted. Raises InputError where the suite is not in order."""
    if not check_suite(whole, accept=False):
        raise InputError(f"{whole.name} is not in order, see above. Nothing was asked.", "suite")
    if where == Where():
        report("indexing them, which takes longer than asking")
    with _progress(len(asked.cases), visible=sys.stderr.isatty()) as advance:
        finished = ask_everything(asked, where, load_settings(), manner, advance)
    if finished.unsteady:
        report(f"answered differently from one time to the next: {', '.join(finished.unsteady)}")
    return finished


def prices_of(prompt: float | None, answer: float | None) -> Prices | None:
    """None where none is given. Raises InputError for one without the other."""
    if prompt is None and answer is None:
        return None
    if prompt is None or answer is None:
        raise InputError("--price-in and --price-out belong together: give both.", "price")
    return Prices(prompt=prompt, answer=answer)


def priced(run: Run, prices: Prices | None) -> Run:
    return run if prices is None else replace(run, outcomes=tuple(replace(one, prices=prices) for one in run.outcomes))


def ready_gate(suite: Suite) -> Gate:
    """The suite's gate. Raises KildeError before anything is asked where it could not be held afterwards."""
    gate = load_gate(suite.gate)
    if gate.drop:
        kept = load_baselines(suite.baselines, suite.name)
        usable(kept[-1] if kept else None, suite.name, suite.corpus_sha256)
    return gate


def evaluated(suite: Suite, run: Run, gate: Gate | None = None) -> Evaluation:
    """With the checks of the gate, if one is to be held, and compared with the newest baseline, if there is any."""
    kept = load_baselines(suite.baselines, suite.name)
    newest = kept[-1] if kept else None
    if gate is not None and gate.drop and newest is not None:
        alike = sum(newest.kept(outcome.case) is not None for outcome in run.outcomes)
        report(f"the gate compares {alike} of {len(run.outcomes)} questions with {newest.name}")
    return evaluate(run, gate, newest, kept)


def shown_again(suite: Suite, run: Run) -> Evaluation:
    """A run of before, beside the baselines that there were then: one saved later, or of itself, is no past of it."""
    started = datetime.fromisoformat(run.timing.started)
    kept = load_baselines(suite.baselines, suite.name)
    earlier = tuple(one for one in kept if datetime.fromisoformat(one.saved) <= started)
    return evaluate(run, None, earlier[-1] if earlier else None, earlier)


@contextmanager
def _progress(total: int, *, visible: bool) -> Iterator[Callable[[int], None]]:
    if not visible:
        yield lambda done: None
        return
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=total)
        yield lambda done: bar.update(task, advance=done)
