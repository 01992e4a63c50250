"""Whether a question leans on the turns before it, and how, decided by what a search finds with and without them.

In: a question, the turns before it, a search. Out: the question as it is searched and shown, its hits where they are
known by then, and the names that what answers it has to hold. A full question is searched as it stands and as a
follow-up, and what is carried over stays if it makes the evidence better; of several ways to ask a follow-up alone, the
one is meant that the articles answer best about the same subject. Refuses nothing.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from index.log_odds import log_odds
from index.records import Hit
from rag.candidates import candidates
from rag.condense import Reading, condense, without_change
from rag.evidence import support
from rag.holding import Known, holding, titled
from rag.records import Answer
from rag.refilled import Form
from rag.spoken_of import last_spoken_of, spoken_of

WORTH = 0.0
"""By how much the best hit's log-odds have to rise for something to be carried over."""
WORTH_OF_PRONOUN = -1.5
"""The same where a word of the question asks for what it stands for."""
WORTH_OF_FRAGMENT = -5.0
"""The same for what only names something, in log-odds of being answered."""
SAME_YEAR = 1.5
"""What an article that bears the year asked of in its title may lose, in the same log-odds."""
MOST_FORMS = 5

Find = Callable[[str, str], tuple[Hit, ...]]


class Standalone(msgspec.Struct, frozen=True, kw_only=True):
    """A question that needs no turn before it."""

    text: str
    lang: str
    hits: tuple[Hit, ...] | None = None
    """What a search for ``text`` finds about the subject that was carried over; None where nothing was searched yet."""


class _Found(msgspec.Struct, frozen=True):
    asked: Standalone
    sure: float
    """Log-odds of being answered."""


def standalone(question: str, lang: str, before: Sequence[Answer], find: Find) -> Standalone:
    """``before``: the turns of this conversation, oldest first. ``find``: hits of a text in a language, best first."""
    reading = condense(question, lang, before)
    if reading is None or reading.text == question:
        return Standalone(text=without_change(question, lang), lang=lang)
    known = _known(before)
    if reading.is_fragment:
        return _fragment(question, lang, before, reading, find, known)
    alone, carried = find(question, lang), find(reading.text, reading.lang)
    worth = WORTH_OF_PRONOUN if reading.leans else WORTH
    if _evidence(carried) - _evidence(alone) > worth:
        return _best(reading.forms, find, known).asked
    return Standalone(text=question, lang=lang, hits=alone)


def _fragment(
    question: str, lang: str, before: Sequence[Answer], reading: Reading, find: Find, known: Known
) -> Standalone:
    labels = list(dict.fromkeys(_labels(reading.forms, find)))
    reading = condense(question, lang, before, labels) or reading
    best = _best(reading.forms[:MOST_FORMS], find, known)
    if not reading.is_certain:
        alone = _found(Form(text=question, lang=lang), find, known)
        if best.sure - alone.sure <= WORTH_OF_FRAGMENT:
            return alone.asked
    return best.asked


def _known(before: Sequence[Answer]) -> Known:
    """The works that were cited for what the conversation is about."""
    base = last_spoken_of(before)
    works = frozenset(citation.source.work_id for citation in base.citations) if base else frozenset[str]()
    return dict.fromkeys(spoken_of(base).names, works) if base else {}


def _labels(forms: Sequence[Form], find: Find) -> Iterator[str]:
    for form in forms[:2]:
        for hit in find(form.text, form.lang):
            yield hit.title


def _best(forms: Sequence[Form], find: Find, known: Known) -> _Found:
    return max((_found(form, find, known) for form in forms), key=lambda found: found.sure)


def _found(form: Form, find: Find, known: Known) -> _Found:
    hits = holding(find(form.text, form.lang), form.about, form.lang, known)
    sure = _sure(hits, form)
    of_years = titled(hits, form.years)
    if of_years and (surely := _sure(of_years, form)) > sure - SAME_YEAR:
        hits, sure = of_years, surely + SAME_YEAR
    return _Found(Standalone(text=form.text, lang=form.lang, hits=hits), sure + form.worth)


def _sure(hits: Sequence[Hit], form: Form) -> float:
    return log_odds(support(candidates(hits, form.text, form.lang), form.text, form.lang))


def _evidence(hits: Sequence[Hit]) -> float:
    """Log-odds of the best hit."""
    return log_odds(hits[0].score if hits else 0.0)
