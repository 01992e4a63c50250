"""What a benchmark prints: one row for each figure, with its goal and whether it was met.

In: figures. Out: a Markdown table. Rounds to three digits and computes nothing else.
"""

from collections.abc import Sequence

import msgspec

HEAD = ("| what | measured | goal | |", "| --- | --- | --- | --- |")


class Row(msgspec.Struct, frozen=True):
    """One figure; without a goal it is there to be read."""

    what: str
    measured: str
    goal: str = ""
    met: bool = True


def at_most(what: str, measured: float, goal: float, unit: str) -> Row:
    return Row(what, f"{three_digits(measured)} {unit}", f"≤ {goal:g} {unit}", measured <= goal)


def at_least(what: str, measured: float, goal: float, unit: str) -> Row:
    return Row(what, f"{three_digits(measured)} {unit}", f"≥ {goal:g} {unit}", measured >= goal)


def exactly(what: str, measured: int, goal: int = 0) -> Row:
    return Row(what, str(measured), str(goal), measured == goal)


def none_of(what: str, failures: int, trials: int) -> Row:
    """None must have failed; beside it what share may fail all the same, at 95 % (the rule of three)."""
    bound = f", so at most {100 * 3 / trials:.2g} %" if trials > 3 and not failures else ""
    return Row(what, f"{failures} of {trials}{bound}", "0", failures == 0 and trials > 0)


def markdown(rows: Sequence[Row]) -> str:
    """In order; a missed goal is in bold."""
    return "\n".join([*HEAD] + [f"| {row.what} | {row.measured} | {row.goal} | {_verdict(row)} |" for row in rows])


def three_digits(number: float) -> str:
    """At least three digits, no exponent: 0.0123, 1.23, 123, 12345."""
    return f"{number:.3g}" if abs(number) < 100 else f"{number:.0f}"


def _verdict(row: Row) -> str:
    if not row.goal:
        return ""
    return "met" if row.met else "**missed**"
