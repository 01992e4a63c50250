"""Whether a run may pass: floors that always hold, and drops allowed against the newest baseline.

In: the rules of ``gate.toml``, an evaluated run, a baseline. Out: one check for each rule and slice, and with drops one
on how much of the suite was compared. What the baseline has and the run lost does not hold. Refuses a rule on a measure
or slice that neither produced (ConfigurationError), and a baseline over other articles (KildeError): a gate that checks
nothing must not look like one that holds.
"""

import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from math import isfinite
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from evals.baseline import Baseline
from evals.measures import FIGURES, MEASURES, Scores
from evals.records import Run
from evals.slices import ALL, slices
from rag.errors import ConfigurationError, KildeError

Parts = Mapping[str, tuple[int, ...]]
"""Places of outcomes by slice."""

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
    """How much worse than in the baseline a mean may be, or a figure of the whole run.

    Over the questions that both asked alike: a mean once by what each scored and once by what both scored, and the
    worse of the two counts.
    """

    measure: str
    slice: str = ALL
    at_most: float
    min_questions: int = 1


class Gate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    floor: tuple[Floor, ...] = ()
    drop: tuple[Drop, ...] = ()
    least_compared: float = 0.9
    """Share of the questions of run and baseline that both have to have asked alike, if there are drops."""


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule on one slice."""

    rule: str
    measured: float | None
    """None where the run lost what the baseline has."""
    questions: int
    holds: bool

    def __str__(self) -> str:
        if self.measured is None:
            return f"{self.rule}: lost, with {self.questions} scored questions"
        return f"{self.rule}: {self.measured:.4f} over {self.questions} questions"


class _Part(NamedTuple):
    """What a rule looks at in one slice: scores by case, or a figure alone."""

    name: str
    before: dict[str, float]
    now: dict[str, float]
    questions: int

    def has_lost(self, least: int) -> bool:
        return len(self.now) < least <= len(self.before)


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
    rules: tuple[Floor | Drop, ...] = (*gate.floor, *gate.drop)
    for rule in rules:
        if (bound := _never_failing(rule)) is not None:
            raise ConfigurationError(f"{file}: a rule on {rule.measure} with {bound} would let everything pass.")
    if not 0 < gate.least_compared <= 1:
        raise ConfigurationError(f"{file}: least_compared is a share above 0, at most 1.")
    return gate


def _never_failing(rule: Floor | Drop) -> str | None:
    """The bound, if no figure could be beyond it: shares are from 0 to 1, other units have no end."""
    known = MEASURES.get(rule.measure) or FIGURES.get(rule.measure)
    is_share = known is not None and known.unit == "share"
    least = rule.at_least if isinstance(rule, Floor) else None
    if least is not None and (not isfinite(least) or (is_share and least <= 0)):
        return f"at_least = {least:g}"
    if rule.at_most is not None and (not isfinite(rule.at_most) or (is_share and rule.at_most >= 1)):
        return f"at_most = {rule.at_most:g}"
    return None


def hold(gate: Gate, run: Run, scores: Scores, baseline: Baseline | None) -> tuple[Check, ...]:
    """Every rule on every slice that it matches, in the order of the rules. ``baseline`` may be None without drops."""
    parts = slices(run.outcomes)
    known = baseline if baseline is not None and baseline.corpus_sha256 == run.corpus_sha256 else None
    checks = [check for floor in gate.floor for check in _floors(floor, run, scores, parts, known)]
    if gate.drop:
        against = usable(baseline, run.suite, run.corpus_sha256)
        either = _slices_of_either(parts, run, against)
        drops = [check for drop in gate.drop for check in _drops(drop, run, scores, either, against)]
        checks += [_compared(gate.least_compared, run, against), *drops]
    return tuple(checks)


def _floors(floor: Floor, run: Run, scores: Scores, parts: Parts, baseline: Baseline | None) -> Iterator[Check]:
    bound = f"≥ {floor.at_least:g}" if floor.at_least is not None else f"≤ {floor.at_most:g}"
    least, any_checked = _least(floor), False
    for part in _parts(floor, run, scores, parts, baseline):
        if len(part.now) < least and not part.has_lost(least):
            continue
        any_checked = True
        measured = None if part.has_lost(least) else fmean(part.now.values())
        holds = measured is not None and _reaches(floor, measured)
        yield Check(
            rule=f"{floor.measure} of {part.name} {bound}", measured=measured, questions=part.questions, holds=holds
        )
    if not any_checked:
        raise _never_produced(floor)


def _reaches(floor: Floor, measured: float) -> bool:
    if floor.at_least is not None:
        return measured >= floor.at_least - _SAME
    return floor.at_most is not None and measured <= floor.at_most + _SAME


def _drops(drop: Drop, run: Run, scores: Scores, parts: Parts, baseline: Baseline) -> Iterator[Check]:
    least, any_checked = _least(drop), False
    for part in _parts(drop, run, scores, parts, baseline):
        if len(part.before) < least:
            continue
        any_checked = True
        measured = None if part.has_lost(least) else _worse(part, drop.measure)
        yield Check(
            rule=f"{drop.measure} of {part.name} at most {drop.at_most:g} worse than in {baseline.name}",
            measured=measured,
            questions=part.questions,
            holds=measured is not None and measured <= drop.at_most + _SAME,
        )
    if not any_checked:
        raise _never_produced(drop)


def _worse(part: _Part, measure: str) -> float:
    """By what each scored, and by what both scored: the larger.

    A refusal that becomes a wrong answer cited nothing before, so only the former sees it; what answers lose while
    others are won may only be seen by the latter.
    """
    known = MEASURES.get(measure) or FIGURES[measure]
    both = part.before.keys() & part.now.keys()
    losses = [fmean(part.before.values()) - fmean(part.now.values())]
    if both:
        losses.append(fmean(part.before[one] - part.now[one] for one in both))
    return max(known.sign * loss for loss in losses) + 0.0


def _compared(least: float, run: Run, baseline: Baseline) -> Check:
    """Whether enough of what either asked was asked alike by both."""
    alike = sum(baseline.kept(outcome.case) is not None for outcome in run.outcomes)
    share = alike / max(len(run.outcomes), len(baseline.questions), 1)
    rule = f"share of questions asked as in {baseline.name} ≥ {least:g}"
    return Check(rule=rule, measured=share, questions=alike, holds=share >= least - _SAME)


def _parts(rule: Floor | Drop, run: Run, scores: Scores, parts: Parts, baseline: Baseline | None) -> Iterator[_Part]:
    """Slices of the rule. For a drop only of what the baseline asked alike."""
    if rule.measure in FIGURES:
        if rule.slice == ALL and isinstance(rule, Drop) and baseline is not None:
            yield _figure_alike(rule.measure, run, baseline)
        elif rule.slice == ALL:
            yield _figure(rule.measure, run, scores, baseline)
        return
    for name, places in parts.items():
        if not fnmatchcase(name, rule.slice):
            continue
        cases = [run.outcomes[place].case for place in places]
        if isinstance(rule, Drop):
            cases = [case for case in cases if baseline is not None and baseline.kept(case)]
        now = {case.id: scores.questions[case.id].get(rule.measure) for case in cases}
        before = {case.id: baseline.score(case, rule.measure) for case in cases} if baseline is not None else {}
        scored = _scored(now)
        yield _Part(name, _scored(before), scored, len(scored))


def _figure(name: str, run: Run, scores: Scores, baseline: Baseline | None) -> _Part:
    before = None if baseline is None else baseline.figures.get(name)
    return _Part(ALL, _scored({name: before}), _scored({name: scores.figures.get(name)}), len(run.outcomes))


def _figure_alike(name: str, run: Run, baseline: Baseline) -> _Part:
    """Over the questions that both asked alike, in both."""
    alike = [outcome for outcome in run.outcomes if baseline.kept(outcome.case) is not None]
    before, now = baseline.figure(name, [outcome.case for outcome in alike]), FIGURES[name].of(alike)
    return _Part(ALL, _scored({name: before}), _scored({name: now}), len(alike))


def _scored(values: Mapping[str, float | None]) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}


def _least(rule: Floor | Drop) -> int:
    return 1 if rule.measure in FIGURES else max(rule.min_questions, 1)


def _slices_of_either(parts: Parts, run: Run, baseline: Baseline) -> Parts:
    """Language pairs depend on what was cited: a question is in that of the run and in that of the baseline."""
    merged = {name: set(places) for name, places in parts.items()}
    for place, outcome in enumerate(run.outcomes):
        kept = baseline.kept(outcome.case)
        if kept is not None and kept.source_lang:
            merged.setdefault(f"pair:{outcome.case.lang}>{kept.source_lang}", set()).add(place)
    return {name: tuple(sorted(merged[name])) for name in sorted(merged, key=lambda name: (name != ALL, name))}


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
