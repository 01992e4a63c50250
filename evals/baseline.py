"""What earlier runs came to, kept with the project: the history of a suite, and what the gate compares with.

In: a run and its scores; the folder of a suite's baselines. Out: small JSON files, one question a line, without texts.
Refuses a name that is taken or is no file name, and a file that is no baseline.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from evals.golden import Case
from evals.measures import FIGURES, RANKING, Scores
from evals.records import Run
from evals.slices import source_language
from evals.summary import UNTIMED
from rag.errors import ConfigurationError, InputError

_NAME = re.compile(r"[\w.-]+")
_DIGITS = 6


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """One question."""

    case_sha256: str
    """The beginning; another one where the case asks or expects something else, whatever its tags."""
    scores: tuple[float | None, ...]
    """In the order of ``Baseline.measures``."""
    source_lang: str | None = None
    """That the answer was read in, as ``evals.slices.source_language`` has it."""
    parts: tuple[tuple[float, float] | None, ...] = ()
    """What it adds to each figure, in the order of ``Baseline.figures``; empty in baselines of before 2026-11-29."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scores of one run."""

    name: str
    suite: str
    saved: str
    """ISO 8601, UTC."""
    corpus_sha256: str
    questions_sha256: str
    system: dict[str, str]
    machine: str
    p50_ms: float | None
    p95_ms: float | None
    figures: dict[str, float | None]
    measures: tuple[str, ...]
    questions: dict[str, Kept]
    """By id, in the order of the run."""

    def beside(self, run: Run) -> "Baseline":
        """Without measures of the ranking where the run ranked otherwise: they would compare different things."""
        if self.system.get("ranked") == run.system.get("ranked"):
            return self
        return msgspec.structs.replace(
            self,
            measures=tuple(f"{name}, ranked otherwise" if name in RANKING else name for name in self.measures),
            figures={name: None if name in RANKING else value for name, value in self.figures.items()},
        )

    def kept(self, case: Case) -> Kept | None:
        """None where the question was not asked, or was another one."""
        kept = self.questions.get(case.id)
        return kept if kept is not None and kept.case_sha256 == _sha256(case) else None

    def score(self, case: Case, measure: str) -> float | None:
        """None where it was unscored, the question was another one, or the measure was not taken."""
        kept = self.kept(case)
        return None if kept is None or measure not in self.measures else kept.scores[self.measures.index(measure)]

    def figure(self, name: str, cases: Iterable[Case]) -> float | None:
        """Over these questions, of which others than it asked are left out; None where it was not taken."""
        if self.figures.get(name) is None:
            return None
        place = list(self.figures).index(name)
        every = (kept.parts[place] for case in cases if (kept := self.kept(case)) is not None and kept.parts)
        return FIGURES[name].over([part for part in every if part is not None])

    def mean(self, measure: str) -> float | None:
        """Over all questions that were scored; None without any."""
        if measure not in self.measures:
            return None
        place = self.measures.index(measure)
        scored = [score for kept in self.questions.values() if (score := kept.scores[place]) is not None]
        return sum(scored) / len(scored) if scored else None


def make_baseline(name: str, run: Run, scores: Scores) -> Baseline:
    """Saved now. Raises InputError for a name that is no file name."""
    if not _NAME.fullmatch(name) or name.startswith("."):
        raise InputError(
            f"{name!r} is no name for a baseline: use letters, digits, dot, hyphen and underscore.", "name"
        )
    return Baseline(
        name=name,
        suite=run.suite,
        saved=datetime.now(UTC).isoformat(timespec="seconds"),
        corpus_sha256=run.corpus_sha256,
        questions_sha256=run.questions_sha256,
        system=run.system,
        machine=run.timing.machine,
        p50_ms=scores.timing.p50_ms,
        p95_ms=scores.timing.p95_ms,
        figures=scores.figures,
        measures=UNTIMED,
        questions={
            outcome.case.id: Kept(
                _sha256(outcome.case),
                _rounded(scores.questions[outcome.case.id].values()),
                source_language(outcome),
                tuple(figure.part(outcome) for figure in FIGURES.values()),
            )
            for outcome in run.outcomes
        },
    )


def save(baseline: Baseline, folder: Path) -> Path:
    """The file that was written. Raises InputError where the name is taken."""
    file = folder / f"{baseline.name}.json"
    if file.exists():
        raise InputError(f"There is a baseline {baseline.name!r} already. Take another name, or delete {file}.", "name")
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_encode(baseline))
    return file


def load_baselines(folder: Path, suite: str) -> tuple[Baseline, ...]:
    """Those of a suite, oldest first; empty where there are none."""
    every = map(_decode, sorted(folder.glob("*.json")))
    return tuple(sorted((one for one in every if one.suite == suite), key=lambda one: (one.saved, one.name)))


def find_baseline(folder: Path, suite: str, name: str) -> Baseline:
    """Raises InputError naming those that there are."""
    known = {one.name: one for one in load_baselines(folder, suite)}
    if name not in known:
        raise InputError(f"{suite} has no baseline {name!r}; it has {', '.join(known) or 'none'}.", "name")
    return known[name]


def _rounded(values: Iterable[float | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else round(value, _DIGITS) for value in values)


def _sha256(case: Case) -> str:
    """Tags sort questions into slices, and change nothing of what is asked."""
    untagged = msgspec.structs.replace(case, tags=())
    return hashlib.sha256(msgspec.json.encode(untagged)).hexdigest()[:12]


def _encode(baseline: Baseline) -> bytes:
    """One field a line, one question a line, so that changes can be read in a diff."""
    lines = []
    for name in baseline.__struct_fields__:
        value = getattr(baseline, name)
        lines.append(f'"{name}": {_lines(baseline.questions) if name == "questions" else _json(value)}')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _lines(questions: dict[str, Kept]) -> str:
    return "{\n" + ",\n".join(f"{_json(case_id)}: {_json(kept)}" for case_id, kept in questions.items()) + "\n}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _decode(file: Path) -> Baseline:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Baseline)
    except msgspec.DecodeError as exc:
        raise ConfigurationError(f"{file} is no baseline: {exc}.") from exc
