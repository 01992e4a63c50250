"""Questions that can be asked next, and that the articles answer, in the words and the language of the reader.

In: a question with its hits and what was quoted. Out: questions, best first. Each has passed what decides whether a
question is answered. Those with another year or name in the question's own words are checked over the hits that are
there: what search saw of the words that were replaced counts for less than it will once they are asked for. Those about
other parts of the quoted article have to be searched, which takes as long as an answer, so they are for who can wait.
Refuses nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import msgspec

from index.languages import base
from index.records import Hit, ReadPairs
from rag.candidates import Candidate, candidates
from rag.evidence import support
from rag.reader import read, unread
from rag.topics import Topic, topics
from rag.variations import Variation, variations

MOST = 3
TRIED = 4
LEAST_KIND = 0.4
"""How surely the answer to a variation holds the kind of thing that is asked for, where anything can tell."""

Find = Callable[[str, str], tuple[Hit, ...]]


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A question that was answered."""

    question: str
    lang: str
    hits: tuple[Hit, ...]
    quoted: tuple[Candidate, ...]
    reader: str
    """The reader's language: what is offered is in no other."""
    read_pairs: ReadPairs = unread
    """As it was answered with."""


def at_once(answered: Answered) -> tuple[str, ...]:
    """What needs no search."""
    if base(answered.lang) != base(answered.reader):
        return ()
    tried = islice(variations(answered.question, answered.hits), TRIED)
    return tuple(islice((one.text for one in tried if _is_varied_answer(one, answered)), MOST))


def searched(answered: Answered, find: Find, before: Sequence[str]) -> tuple[str, ...]:
    """``before`` with more behind it, each searched for; ``find`` takes a text and its language."""
    tried = islice(topics(answered.hits, answered.quoted, answered.reader), TRIED)
    return tuple(islice(_all(before, tried, answered, find), MOST))


def _all(before: Sequence[str], tried: Iterator[Topic], answered: Answered, find: Find) -> Iterator[str]:
    yield from before
    for one in tried:
        if _is_topics_answer(one, answered, find):
            yield one.question


def _is_varied_answer(one: Variation, answered: Answered) -> bool:
    """Whether the best quote, or what it stands under, says the year or the name that was put in."""
    ranked = candidates(answered.hits, one.text, answered.lang)
    if not _is_new(ranked, answered):
        return False
    best = ranked[0]
    if best.signals.kind and best.signals.kind < LEAST_KIND:
        return False
    says = (best.text, *best.hit.headings, best.hit.title)
    is_said = any(one.put_in.casefold() in text.casefold() for text in says)
    return is_said and _is_answered(ranked, one.text, answered.lang, answered.read_pairs)


def _is_topics_answer(one: Topic, answered: Answered, find: Find) -> bool:
    """Whether what is found is the row, or stands under the heading, that the topic is."""
    ranked = candidates(find(one.question, answered.reader), one.question, answered.reader)
    return (
        _is_new(ranked, answered)
        and (ranked[0].text.startswith(one.label) or one.label in ranked[0].hit.headings)
        and _is_answered(ranked, one.question, answered.reader, answered.read_pairs)
    )


def _is_new(ranked: Sequence[Candidate], answered: Answered) -> bool:
    return bool(ranked) and ranked[0].text not in {one.text for one in answered.quoted}


def _is_answered(ranked: Sequence[Candidate], question: str, lang: str, read_pairs: ReadPairs) -> bool:
    """Whether it would be, and with the candidate that was looked at."""
    seen = read(ranked, support(ranked, question, lang), question, read_pairs)
    return seen.is_enough and seen.ranked[0].text == ranked[0].text
