"""Whether a run may pass: floors that always hold, and drops allowed against the newest baseline.

In: the rules of ``gate.toml``, an evaluated run, a baseline. Out: one check for each rule and slice. Refuses a rule on
a measure or slice that the run did not produce (ConfigurationError), and a baseline over other articles (KildeError):
a gate that checks nothing must not look like one that holds.
"""

import tomllib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from evals.baseline import Baseline
from evals.measures import FIGURES, MEASURES, Scores
from evals.records import Outcome, Run
from evals.slices import ALL, slices
from rag.errors import ConfigurationError, KildeError

_SAME = 1e-9


class Floor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the mean of a measure, or a figure of the whole run, has to reach."""

    measure: str
    slice: str = ALL
    """A pattern: ``lang:*`` is every question language."""
    at_least: float | None = None
    at_most: float | None = None
    """For what is better when lower."""
    min_questions: int = 1
    """Slices with fewer scored questions are left out."""


class Drop(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much worse than in the baseline a mean may be, over the questions that both scored."""

    measure: str
    slice: str = ALL
    at_most: float
    min_questions: int = 1


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    floor: tuple[Floor, ...] = ()
    drop: tuple[Drop, ...] = ()


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule on one slice."""

    rule: str
    measured: float
    questions: int
    holds: bool

    def __str__(self) -> str:
        return f"{self.rule}: {self.measured:.4f} over {self.questions} questions"


def load_gate(file: Path) -> Gate:
    """Raises ConfigurationError naming what is wrong with the file."""
    try:
        gate = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Gate)
    except OSError as exc:
        raise ConfigurationError(f"There is no gate {file}: {exc.strerror}.") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as exc:
        raise ConfigurationError(f"{file} is no gate: {exc}.") from exc
    if not gate.floor and not gate.drop:
        raise ConfigurationError(f"{file} holds no rule. A gate without rules would let everything pass.")
    for floor in gate.floor:
        if (floor.at_least is None) == (floor.at_most is None):
            raise ConfigurationError(f"{file}: a floor on {floor.measure} needs at_least or at_most, and one of them.")
    return gate


def hold(gate: Gate, run: Run, scores: Scores, baseline: Baseline | None) -> tuple[Check, ...]:
    """Every rule on every slice that it matches, in the order of the rules. ``baseline`` may be None without drops."""
    parts = slices(run.outcomes)
    checks = [check for floor in gate.floor for check in _floors(floor, run, scores, parts)]
    if gate.drop:
        against = usable(baseline, run.suite, run.corpus_sha256)
        checks += [check for drop in gate.drop for check in _drops(drop, run, scores, parts, against)]
    return tuple(checks)


def _floors(floor: Floor, run: Run, scores: Scores, parts: dict[str, tuple[int, ...]]) -> Iterator[Check]:
    if floor.measure in FIGURES:
        yield _figure(floor, run, scores)
        return
    for name, places in _matching(floor, parts, scores, run.outcomes):
        values = [
            value for place in places if (value := _score(scores, run.outcomes[place], floor.measure)) is not None
        ]
        yield _floor(floor, name, sum(values) / len(values), len(values))


def _figure(floor: Floor, run: Run, scores: Scores) -> Check:
    value = scores.figures.get(floor.measure)
    if value is None or floor.slice != ALL:
        raise _never_produced(floor)
    return _floor(floor, ALL, value, len(run.outcomes))


def _floor(floor: Floor, name: str, measured: float, questions: int) -> Check:
    if floor.at_least is not None:
        rule, holds = f"{floor.measure} of {name} ≥ {floor.at_least:g}", measured >= floor.at_least - _SAME
    else:
        most = floor.at_most or 0.0
        rule, holds = f"{floor.measure} of {name} ≤ {most:g}", measured <= most + _SAME
    return Check(rule=rule, measured=measured, questions=questions, holds=holds)


def _drops(
    drop: Drop, run: Run, scores: Scores, parts: dict[str, tuple[int, ...]], baseline: Baseline
) -> Iterator[Check]:
    sign = MEASURES[drop.measure].sign if drop.measure in MEASURES else 1
    compared = 0
    for name, places in _matching(drop, parts, scores, run.outcomes):
        pairs = [
            (before, now)
            for outcome in (run.outcomes[place] for place in places)
            if (before := baseline.score(outcome.case, drop.measure)) is not None
            and (now := _score(scores, outcome, drop.measure)) is not None
        ]
        if len(pairs) < drop.min_questions:
            continue
        compared += 1
        worse = sign * sum(before - now for before, now in pairs) / len(pairs)
        yield Check(
            rule=f"{drop.measure} of {name} at most {drop.at_most:g} worse than in {baseline.name}",
            measured=worse + 0.0,
            questions=len(pairs),
            holds=worse <= drop.at_most + _SAME,
        )
    if not compared:
        raise _never_produced(drop)


def _matching(
    rule: Floor | Drop, parts: dict[str, tuple[int, ...]], scores: Scores, outcomes: Sequence[Outcome]
) -> list[tuple[str, tuple[int, ...]]]:
    """Slices of the rule with enough scored questions. Raises ConfigurationError where there is none."""
    found = []
    for name, places in parts.items():
        scored = sum(_score(scores, outcomes[place], rule.measure) is not None for place in places)
        if fnmatchcase(name, rule.slice) and scored >= max(rule.min_questions, 1):
            found.append((name, places))
    if not found:
        raise _never_produced(rule)
    return found


def _score(scores: Scores, outcome: Outcome, measure: str) -> float | None:
    return scores.questions[outcome.case.id].get(measure)


def usable(baseline: Baseline | None, suite: str, corpus_sha256: str | None) -> Baseline:
    """The baseline, if drops can be measured against it. Raises KildeError otherwise."""
    if baseline is None:
        raise KildeError(f"The gate compares with a baseline, and {suite} has none: `kilde eval baseline save`.")
    if corpus_sha256 is not None and baseline.corpus_sha256 != corpus_sha256:
        raise KildeError(
            f"The baseline {baseline.name} was made over other articles ({baseline.corpus_sha256[:12]}) than this run "
            f"({corpus_sha256[:12]}). Look at the run, and save it as a new baseline: `kilde eval baseline save`."
        )
    return baseline


def _never_produced(rule: Floor | Drop) -> ConfigurationError:
    return ConfigurationError(
        f"The gate has a rule on {rule.measure} of {rule.slice}, which this run or its baseline did not produce "
        f"over {rule.min_questions} questions or more. Correct the rule, or save a new baseline."
    )
