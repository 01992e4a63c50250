"""Share of the numbers in an answer's cited sentences that its quotes hold, by value, in any language's notation.

A cited sentence is the one in front of a marker ``[n]``, from where the quote in it begins, if that is earlier. The
words that name a source are no claim: its title and the date it was published or changed on are left out. Unscored
where no cited sentence holds a number. This looks at the finished text and takes no notice of the answer's own
``verification``.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from evals.measures.measure import Measure
from evals.records import Outcome
from index.numbers import DateMention, Number, dates, numbers, same_number
from index.sentences import sentence_spans
from rag.records import Answer, Citation

_MARKERS = re.compile(r"(?:\s*\[\d+\])+")
_MARKER = re.compile(r"\[(\d+)\]")


class CitedSentence(msgspec.Struct, frozen=True, kw_only=True):
    """What a sentence claims, and what it cites for that."""

    claim: str
    citations: tuple[Citation, ...]


def cited_sentences(answer: Answer) -> Iterator[CitedSentence]:
    """In the order of the answer."""
    previous = 0
    for markers in _MARKERS.finditer(answer.text):
        cited = {int(number) for number in _MARKER.findall(markers[0])}
        citations = tuple(citation for citation in answer.citations if citation.n in cited)
        start = _start(answer, citations, previous, markers.start())
        claim = _without_names(answer.text[start : markers.start()], citations)
        yield CitedSentence(claim=claim, citations=citations)
        previous = markers.end()


def supported(claim: str, quotes: Sequence[str]) -> list[bool]:
    """For every number and date of the claim, in order of kind, whether one of the quotes holds it."""
    said = [number for quote in quotes for number in numbers(quote)]
    said_dates = [date for quote in quotes for date in dates(quote)]
    claimed_dates = dates(claim)
    alone = [number for number in numbers(claim) if not any(_lies_in(number, date) for date in claimed_dates)]
    return [
        *(any(_implies(one, date) for one in said_dates) for date in claimed_dates),
        *(any(same_number(one, number) for one in said) or _is_year_of(number, said_dates) for number in alone),
    ]


def _score(outcome: Outcome, _: float | None) -> float | None:
    if outcome.answer is None:
        return None
    checked = [
        is_held
        for sentence in cited_sentences(outcome.answer)
        for is_held in supported(sentence.claim, [citation.quote for citation in sentence.citations])
    ]
    return sum(checked) / len(checked) if checked else None


def _start(answer: Answer, citations: Sequence[Citation], previous: int, end: int) -> int:
    spans = sentence_spans(answer.text[previous:end], answer.lang)
    starts = [previous + spans[-1].start] if spans else [end]
    quoted = [citation.answer.start for citation in citations if previous <= citation.answer.start < end]
    return min(starts + quoted)


def _without_names(claim: str, citations: Sequence[Citation]) -> str:
    for citation in citations:
        claim = claim.replace(citation.source.title, " ") if citation.source.title else claim
    own = {day for one in citations for day in (one.source.published, one.source.modified) if day}
    for date in reversed(dates(claim)):
        if any(day.startswith(reading) for day in own for reading in date.readings):
            claim = f"{claim[: date.start]} {claim[date.end :]}"
    return claim


def _implies(said: DateMention, claimed: DateMention) -> bool:
    """Equal, or more precise: 14 December 2022 is in December 2022 and is a 14 December."""
    return any(
        one.startswith(wanted) or (wanted.startswith("--") and one.endswith(wanted[1:]))
        for one in said.readings
        for wanted in claimed.readings
    )


def _is_year_of(number: Number, said: Sequence[DateMention]) -> bool:
    return number.unit is None and any(
        reading.startswith(f"{number.value}-") for one in said for reading in one.readings
    )


def _lies_in(number: Number, date: DateMention) -> bool:
    return date.start <= number.start and number.end <= date.end


CITED_NUMBERS = Measure(name="cited_numbers", title="Numbers of cited sentences that the quotes hold", score=_score)
