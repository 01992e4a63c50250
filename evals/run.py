"""A suite asked of a system: the run.

In: a suite, and where it is to be asked. Out: a ``Run`` with everything that measures are taken of, and which answers
changed between repetitions. Refuses a system over other articles than the suite was checked against.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import anyio
import msgspec

from evals.ask import ONE_BY_ONE, Asked, Manner, ask
from evals.bulk import ask_in_bulk
from evals.check import fingerprint
from evals.fresh import built, existing, open_existing, open_fresh
from evals.machine import machine, versions
from evals.records import RANKED, Run, Timing
from evals.suite import Suite
from evals.system import Described, Served, open_served
from rag.errors import ConfigurationError, InputError, KildeError
from rag.settings import Settings

OnDone = Callable[[int], None]
"""Told how many questions were done since the last time."""


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """A service at a URL, an index that exists, or else one built afresh over the suite's articles."""

    url: str | None = None
    data_dir: Path | None = None
    processes: int = 1
    """More than one ask in bulk, without latencies."""


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and the ids of the cases that were answered differently from one repetition to the next."""

    run: Run
    unsteady: tuple[str, ...]


class _About(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a system before it is asked."""

    corpus_sha256: str
    model: str | None
    kilde: str | None


def run_suite(
    suite: Suite, where: Where, settings: Settings, manner: Manner = ONE_BY_ONE, on_done: OnDone = lambda done: None
) -> Finished:
    """Raises KildeError where the system's articles are not the suite's."""
    if where.url is not None:
        with open_served(where.url, settings.admin_key) as served:
            return anyio.run(ask_system, suite, served, manner, on_done)
    if where.data_dir is not None:
        settings = msgspec.structs.replace(
            settings, data_dir=str(where.data_dir), database_url=None, model_dir=str(settings.model_path)
        )
    if where.processes > 1:
        return _run_in_bulk(suite, where, settings, on_done)
    opened = open_fresh([suite.corpus], settings) if where.data_dir is None else open_existing(settings)
    with opened as runtime:
        return anyio.run(ask_system, suite, runtime, manner, on_done)


async def ask_system(
    suite: Suite, system: Described, manner: Manner = ONE_BY_ONE, on_done: OnDone = lambda done: None
) -> Finished:
    """The same of a system that is open."""
    about = await _about(suite, system)
    started, began = datetime.now(UTC), time.perf_counter()
    asked = await ask(system, suite.cases, manner, lambda: on_done(1))
    return _finished(suite, about, asked, started, time.perf_counter() - began)


def _run_in_bulk(suite: Suite, where: Where, settings: Settings, on_done: OnDone) -> Finished:
    with built([suite.corpus], settings) if where.data_dir is None else existing(settings) as runtime:
        about = anyio.run(_about, suite, runtime)
        started, began = datetime.now(UTC), time.perf_counter()
        asked = ask_in_bulk(runtime.settings, suite.cases, where.processes, on_done)
        return _finished(suite, about, asked, started, time.perf_counter() - began)


async def _about(suite: Suite, system: Described) -> _About:
    """Of a service elsewhere its version is not known, nor its model unless the admin key opens its figures."""
    found = fingerprint(await system.articles())
    if suite.corpus_sha256 is not None and found != suite.corpus_sha256:
        raise KildeError(
            f"The articles there ({found[:12]}) are not those that {suite.name} was checked against "
            f"({suite.corpus_sha256[:12]}). Ingest {suite.corpus} alone, or, if its articles were changed on purpose, "
            f"run `kilde eval check {suite.name} --accept`."
        )
    try:
        model = (await system.stats()).model
    except (ConfigurationError, InputError):
        model = None
    return _About(corpus_sha256=found, model=model, kilde=None if isinstance(system, Served) else version("kilde"))


def _finished(suite: Suite, about: _About, asked: Sequence[Asked], started: datetime, seconds: float) -> Finished:
    composers = {one.outcome.answer.composer for one in asked if one.outcome.answer is not None}
    system = {"kilde": about.kilde, "model": about.model, "composer": ", ".join(sorted(composers))}
    run = Run(
        suite=suite.name,
        questions_sha256=suite.questions_sha256,
        corpus_sha256=about.corpus_sha256,
        system={name: value for name, value in system.items() if value} | RANKED,
        outcomes=tuple(one.outcome for one in asked),
        timing=Timing(
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            latencies_ms=tuple(one.latencies_ms for one in asked),
            machine=machine(),
            versions=versions(),
        ),
    )
    return Finished(run=run, unsteady=tuple(one.outcome.case.id for one in asked if not one.is_steady))
