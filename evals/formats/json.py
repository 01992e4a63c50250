"""An evaluation as JSON: the whole run, its scores, its means, the checks of the gate.

In: an evaluation; or such JSON. Out: one line of JSON in which everything that differs between equal runs stands under
``timing``; or the run, to be compared or shown. Refuses what is no such JSON.
"""

from pathlib import Path

import msgspec

from evals.evaluation import Evaluation
from evals.gate import Check
from evals.measures import LatencyScores, ReliabilityBin
from evals.records import Outcome, Run, Timing
from evals.summary import Mean
from rag.errors import InputError


class _Timing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    run: Timing
    latency: LatencyScores


class _Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    suite: str
    questions_sha256: str
    corpus_sha256: str
    system: dict[str, str]
    checks: tuple[Check, ...] | None
    figures: dict[str, float | None]
    calibration: tuple[ReliabilityBin, ...]
    means: tuple[Mean, ...]
    questions: dict[str, dict[str, float | None]]
    outcomes: tuple[Outcome, ...]
    timing: _Timing


def to_json(evaluation: Evaluation) -> bytes:
    run, scores = evaluation.run, evaluation.scores
    written = _Written(
        suite=run.suite,
        questions_sha256=run.questions_sha256,
        corpus_sha256=run.corpus_sha256,
        system=run.system,
        checks=evaluation.checks,
        figures=scores.figures,
        calibration=scores.calibration,
        means=evaluation.means,
        questions=scores.questions,
        outcomes=run.outcomes,
        timing=_Timing(run=run.timing, latency=scores.timing),
    )
    return msgspec.json.encode(written) + b"\n"


def read_run(file: Path) -> Run:
    """Raises InputError for a file that is not there, or holds something else."""
    return read_judged(file)[0]


def read_judged(file: Path) -> tuple[Run, tuple[Check, ...] | None]:
    """The run, and what the gate said of it where one was held. Raises InputError as ``read_run`` does."""
    try:
        written = msgspec.json.decode(file.read_bytes(), type=_Written)
    except OSError as exc:
        raise InputError(f"{file} cannot be read: {exc.strerror}.", "file") from exc
    except msgspec.DecodeError as exc:
        raise InputError(f"{file} is no run ({exc}). Write one with `kilde eval run -o {file.name}`.", "file") from exc
    run = Run(
        suite=written.suite,
        questions_sha256=written.questions_sha256,
        corpus_sha256=written.corpus_sha256,
        system=written.system,
        outcomes=written.outcomes,
        timing=written.timing.run,
    )
    return run, written.checks
