"""Gates of one rule, held over runs made by hand."""

import msgspec
from made_runs import answer, case, citation, outcome

from evals.baseline import make_baseline
from evals.gate import Check, Drop, Floor, Gate, hold
from evals.measures import scores
from evals.records import Outcome, Run
from rag.records import Answer

RIGHT = answer(citation("x"))
WRONG = answer(citation("x", "news/bridge.md"))


def outcomes(right: int, of: int, lang: str = "en") -> list[Outcome]:
    """So many right ones first."""
    cases = [case(f"{number}-{lang}", lang=lang) for number in range(of)]
    return [outcome(each, in_language(RIGHT if place < right else WRONG, lang)) for place, each in enumerate(cases)]


def in_language(given: Answer, lang: str) -> Answer:
    return msgspec.structs.replace(given, lang=lang)


def held(gate: Gate, now: Run, before: Run | None = None) -> tuple[Check, ...]:
    baseline = None if before is None else make_baseline("before", before, scores(before))
    return hold(gate, now, scores(now), baseline)


def floor(**values: object) -> Gate:
    return Gate(floor=(msgspec.convert({"measure": "right", **values}, Floor),))


def drop(**values: object) -> Gate:
    return Gate(drop=(msgspec.convert({"measure": "right", **values}, Drop),))
