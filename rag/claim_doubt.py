"""A sentence said in other words than its quote, or in another language: how doubtful is it, and why?

In: two texts with their languages, the words around the quote, a model if there is one. Out: checks. What lies too far
from the quote says something else, be it the sentence or a clause of it. A logistic model over ``claim_signals`` weighs
what speaks against the rest; its coefficients are data, fitted by ``evals/benchmarks/fit_verification.py`` on
translations and on the same made wrong. Without token vectors a second set of coefficients is used, over what letters
alone can tell, and a sentence in another language than its quote is always doubted.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import exp

import msgspec

from index.languages import base
from rag.claim_lists import knows_negations
from rag.claim_meaning import Meaning, align
from rag.claim_signals import Against, against
from rag.records import Check, CheckName

FROM_LETTERS = (
    "names_missing", "names_left", "negations_more", "negations_fewer", "negation_distance", "poles", "poles_more",
)  # fmt: skip
"""Signals that need no model."""
_GROUPS: dict[CheckName, tuple[str, ...]] = {
    "names": ("names_missing", "names_left", "name_distance"),
    "negation": ("negations_more", "negations_fewer", "negation_distance"),
    "direction": ("poles", "poles_more"),
    "meaning": ("distance", "whole", "weakest", "weak", "backwards", "left_over"),
}


class Doubts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A logistic model, with what its signals are in a right sentence on average."""

    intercept: float
    weights: dict[str, float]
    usual: dict[str, float]
    doubtful: float
    """Probability from which on the sentence is doubted."""
    wrong: float
    """And from which on it is dropped."""


class BothDoubts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    with_meaning: Doubts
    from_letters: Doubts
    apart: float
    """Distance of a sentence from its quote, or of one of its clauses, from which on that says something else."""


@cache
def doubts() -> BothDoubts:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "verification.json").read_bytes(), type=BothDoubts)


def in_other_words(
    sentence: tuple[str, str], quote: tuple[str, str], around: str, meaning: Meaning | None
) -> Iterator[Check]:
    """``(text, language)`` each. The check with most against the sentence bears the verdict, and that of meaning where
    it says something else."""
    alignment = align(meaning, sentence, quote) if meaning else None
    found = against(sentence, quote, around, alignment)
    model = doubts().with_meaning if alignment else doubts().from_letters
    probability = how_doubtful(model, msgspec.structs.asdict(found.signals))
    blamed = _heaviest(model, msgspec.structs.asdict(found.signals)) if probability >= model.doubtful else None
    is_elsewhere = found.clause >= doubts().apart or (not alignment and base(sentence[1]) != base(quote[1]))
    for name in _GROUPS:
        if name == blamed:
            yield Check(
                name=name, verdict="error" if probability >= model.wrong else "doubt", detail=_detail(name, found)
            )
        elif name == "meaning" and is_elsewhere:
            yield Check(name=name, verdict="doubt", detail=_detail(name, found))
        elif (name == "meaning" and not alignment) or (name == "negation" and not _knows(sentence[1], quote[1])):
            yield Check(name=name, verdict="unknown")
        else:
            yield Check(name=name, verdict="ok")


def how_doubtful(model: Doubts, signals: dict[str, float]) -> float:
    """0 to 1."""
    return 1 / (1 + exp(-model.intercept - sum(weight * signals[name] for name, weight in model.weights.items())))


def _heaviest(model: Doubts, signals: dict[str, float]) -> CheckName:
    def weight(name: CheckName) -> float:
        return sum(model.weights.get(one, 0.0) * (signals[one] - model.usual.get(one, 0.0)) for one in _GROUPS[name])

    return max(_GROUPS, key=weight)


def _detail(name: CheckName, found: Against) -> str:
    if name == "names":
        return "; ".join(found.missing)
    if name == "direction":
        return "; ".join(found.scales)
    return "; ".join(found.farthest) if name == "meaning" else ""


def _knows(lang: str, other: str) -> bool:
    return knows_negations(lang) and knows_negations(other)
