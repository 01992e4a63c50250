"""What else could be asked with the words of a question: of another year, of another thing of the same kind.

In: a question and its hits, best first. Out: questions with one part replaced, each with what was put in; what stands
nearest to the question first. Whether they are answered is for ``followups.py`` to say. Works in any language, since
only years and names are replaced. Pure; refuses nothing: a question with neither has no variations.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec
import regex

from index.dates import dates, fold_digits, years
from index.records import Hit

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*")
_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_BRACKETS = regex.compile(r"[(（][^()（）]*[)）]")


class Variation(msgspec.Struct, frozen=True):
    """A question; ``put_in`` is the part that is new in it."""

    text: str
    put_in: str


def variations(question: str, hits: Sequence[Hit]) -> Iterator[Variation]:
    """No two alike."""
    found = chain(_of_other_years(question, hits), _of_other_things(question, hits))
    yield from {one.text: one for one in found}.values()


def _of_other_years(question: str, hits: Sequence[Hit]) -> Iterator[Variation]:
    """The year of a day or a month stays, and one in brackets, which belongs to the "last year" before it."""
    asked = list(_YEAR.finditer(fold_digits(question)))
    if len(asked) != 1 or dates(question) or _BRACKETS.search(question):
        return
    [year] = asked
    for _, text in sorted(_units(hits), key=lambda unit: -unit[0]):
        for other in sorted(years(text) - {year[0]}, reverse=True):
            yield Variation(question[: year.start()] + other + question[year.end() :], other)


def _units(hits: Sequence[Hit]) -> Iterator[tuple[float, str]]:
    for hit in hits:
        for span, score in zip(hit.sentences, hit.unit_scores, strict=False):
            yield score, hit.text[span.start - hit.start : span.end - hit.start]


def _of_other_things(question: str, hits: Sequence[Hit]) -> Iterator[Variation]:
    """Where the title of the best hit differs from that of another work by one word, and the question has that word."""
    if not hits:
        return
    best = [match[0] for match in _WORD.finditer(hits[0].title)]
    for hit in hits:
        if hit.work_id == hits[0].work_id or hit.lang != hits[0].lang:
            continue
        other = [match[0] for match in _WORD.finditer(hit.title)]
        different = [(one, two) for one, two in zip(best, other, strict=False) if one.casefold() != two.casefold()]
        if len(best) != len(other) or len(different) != 1 or len(best) < 2:
            continue
        [(one, two)] = different
        if _tells_names_apart(one) and _tells_names_apart(two) and (place := _only_place(one, question)):
            yield Variation(question[: place[0]] + two + question[place[1] :], two)


def _tells_names_apart(word: str) -> bool:
    """A figure that is no year, a word with a capital, or one of a script without capitals."""
    return not _YEAR.fullmatch(fold_digits(word)) and not word.islower()


def _only_place(word: str, question: str) -> tuple[int, int] | None:
    found = [match.span() for match in _WORD.finditer(question) if match[0].casefold() == word.casefold()]
    return found[0] if len(found) == 1 else None
