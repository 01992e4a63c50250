"""Whether a question leans on the turns before it, decided by what a search finds with and without them.

In: a question, the turns before it, a search. Out: the question as it is searched and shown, and its hits where they
are known by then. Where the words alone tell, nothing is searched here; else the question is searched as it stands and
as a follow-up, and what is carried over stays if it makes the evidence better. Refuses nothing.
"""

from collections.abc import Callable, Sequence
from math import log

import msgspec

from index.records import Hit
from rag.condense import condense
from rag.records import Answer

WORTH = 0.0
"""By how much the best hit's log-odds have to rise for something to be carried over."""
WORTH_OF_PRONOUN = -1.5
"""The same where a word of the question asks for what it stands for."""
_SUREST = 1e-4


class Standalone(msgspec.Struct, frozen=True, kw_only=True):
    """A question that needs no turn before it."""

    text: str
    lang: str
    hits: tuple[Hit, ...] | None = None
    """What a search for ``text`` finds; None where nothing was searched yet."""


def standalone(
    question: str, lang: str, before: Sequence[Answer], find: Callable[[str, str], tuple[Hit, ...]]
) -> Standalone:
    """``before``: the turns of this conversation, oldest first. ``find``: hits of a text in a language, best first."""
    reading = condense(question, lang, before)
    if reading is None or reading.text == question:
        return Standalone(text=question, lang=lang)
    if reading.is_certain:
        return Standalone(text=reading.text, lang=reading.lang)
    alone, carried = find(question, lang), find(reading.text, reading.lang)
    worth = WORTH_OF_PRONOUN if reading.leans else WORTH
    if _evidence(carried) - _evidence(alone) > worth:
        return Standalone(text=reading.text, lang=reading.lang, hits=carried)
    return Standalone(text=question, lang=lang, hits=alone)


def _evidence(hits: Sequence[Hit]) -> float:
    """Log-odds of the best hit."""
    score = min(max(hits[0].score if hits else 0.0, _SUREST), 1 - _SUREST)
    return log(score / (1 - score))
