"""What a measure is.

In: one outcome, or all of a run. Out: a figure, or None for "unscored": the question has nothing that the measure
could be taken of. Unscored is left out of every mean; it is not zero.

An outcome without an answer, because of an error, is zero wherever something was asked for that it does not show
(right, status, facts, citation recall, hits) and unscored where a property of the answer is measured (its quotes, its
language, its numbers).
"""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from evals.records import Outcome

Direction = Literal["higher", "lower"]
"""Which way is better."""
Unit = Literal["share", "ms", "tokens", "money"]
"""``share``: 0 to 1, shown as a percentage."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Taken of every question by itself; over questions it is averaged."""

    name: str
    title: str
    direction: Direction = "higher"
    unit: Unit = "share"
    score: Callable[[Outcome, float | None], float | None]
    """Of an outcome and its latency in milliseconds, where that is known."""
    timed: bool = False
    """Differs between equal runs; kept apart from what is compared."""

    @property
    def sign(self) -> int:
        """A difference times this is a gain where it is positive."""
        return 1 if self.direction == "higher" else -1


Part = tuple[float, float]
"""What one question adds to a figure; baselines keep it, so that a figure can be taken of some of their questions."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Taken of many questions at once, because no mean over questions gives it."""

    name: str
    title: str
    direction: Direction = "higher"
    unit: Unit = "share"
    part: Callable[[Outcome], Part | None]
    """What one outcome adds; None where it has nothing to add."""
    over: Callable[[Sequence[Part]], float | None]

    def of(self, outcomes: Sequence[Outcome]) -> float | None:
        return self.over([part for outcome in outcomes if (part := self.part(outcome)) is not None])

    @property
    def sign(self) -> int:
        """A difference times this is a gain where it is positive."""
        return 1 if self.direction == "higher" else -1
