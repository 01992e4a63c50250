"""Is a cited sentence covered by its quote? In: quote, source, sentence. Out: what was checked, as a record.

The sentence is the claim alone, without the frame that names its source: a title may hold numbers of its own.
Numbers and dates are compared by value, in any language's spelling. Refuses nothing.
"""

import re
from typing import Literal

from index.numbers import DateMention, Number, dates, numbers, same_number
from rag.records import Verification

_MARKER = re.compile(r"\[\d+\]")


def verify_quote(quote: str, source_slice: str, sentence: str, *, support: float) -> Verification:
    """Quote against the source's own characters, and numbers of the sentence against the quote.

    ``numbers`` is ``ok`` where every number, date and unit of the sentence stands in the quote, ``none`` where the
    sentence has no numbers. ``support`` is the composer's own figure, 0 to 1, passed through.
    """
    return Verification(
        quote="exact" if quote == source_slice else "paraphrase",
        support=support,
        numbers=_numbers_verdict(quote, sentence),
    )


def _numbers_verdict(quote: str, sentence: str) -> Literal["ok", "none", "mismatch"]:
    is_quoted = bool(quote) and quote in sentence
    claim = _MARKER.sub(" ", sentence.replace(quote, " ", 1) if is_quoted else sentence)
    if not _covers(quote, claim):
        return "mismatch"
    return "ok" if _has_numbers(claim) or (is_quoted and _has_numbers(quote)) else "none"


def _has_numbers(text: str) -> bool:
    return bool(numbers(text) or dates(text))


def _covers(quote: str, claim: str) -> bool:
    said, said_dates = numbers(quote), dates(quote)
    claimed_dates = dates(claim)
    if not all(any(_implies(said_date, claimed) for said_date in said_dates) for claimed in claimed_dates):
        return False
    years = {reading[:4] for said_date in said_dates for reading in said_date.readings}
    counted = [number for number in said if _is_year(number) or not _is_inside(number, said_dates)]
    return all(
        any(_states(said_number, claimed) for said_number in counted) or (not claimed.unit and claimed.value in years)
        for claimed in numbers(claim)
        if not _is_inside(claimed, claimed_dates)
    )


def _states(said: Number, claimed: Number) -> bool:
    """The same value, and the same unit where the claim has one."""
    return same_number(said, claimed) and claimed.unit in {None, said.unit}


def _implies(said: DateMention, claimed: DateMention) -> bool:
    """The same date or a more precise one: the 14th of December 2022 is in December 2022, and is a 14 December."""
    return any(
        reading.startswith(wanted) or (wanted.startswith("--") and reading.endswith(wanted[1:]))
        for reading in said.readings
        for wanted in claimed.readings
    )


def _is_inside(number: Number, spans: tuple[DateMention, ...]) -> bool:
    return any(span.start <= number.start and number.end <= span.end for span in spans)


def _is_year(number: Number) -> bool:
    return number.unit is None and len(number.value) == 4
