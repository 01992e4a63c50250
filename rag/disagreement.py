"""Sources that contradict each other: another version or article that gives another figure for what is asked.

In: ranked candidates, the best of them, and what is asked. Out: the candidate that contradicts it, or None. Looked for
are figures only, and rather missed than made up: other articles have to hold the figures that the question names, be
about nearly the same, and give a like amount. Pure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from index.languages import base
from index.numbers import dates, numbers
from rag.candidates import CACHED_TEXTS, Candidate
from rag.question import Expectation

VERSION_MARGIN = 2.5
"""How far from the best, in log-odds, another version of its article may score; another language costs some."""
ARTICLE_MARGIN = 1.5
UPDATE, CORRECTION = 2.0, 1.25
"""The greater of two amounts over the smaller, of versions and of articles; what differs more is another thing."""
NEAR, SHIFT = 200, 0.2
"""Characters, and the share of the text before, by which translations of one sentence may lie apart."""
FEW_FIGURES = 4
_YEAR = re.compile(r"(?:19|20)\d\d")
_COUNTED = frozenset({"number", "price", "duration"})
_HOLDS_KIND = 0.4

Figure = tuple[str, str | None]
"""A value and its unit."""


def contradiction(ranked: Sequence[Candidate], best: Candidate, expected: Expectation, lang: str) -> Candidate | None:
    """The best-ranked one of another date and another figure, in the reader's language where a version says it.

    Of each article only what it says best is looked at.
    """
    if expected.kind not in _COUNTED or not _may_contradict(best):
        return None
    others = [one for one in _said_best(ranked) if one.hit.article_id != best.hit.article_id]
    found = [one for one in others if _contradicts(best, one, ranked)]
    own = [one for one in found if base(one.hit.lang) == base(lang) and one.hit.work_id == found[0].hit.work_id]
    return next(iter(own or found), None)


def _said_best(ranked: Sequence[Candidate]) -> list[Candidate]:
    """The first of each article, best first."""
    first: dict[str, Candidate] = {}
    for one in ranked:
        first.setdefault(one.hit.article_id, one)
    return list(first.values())


def newest_first(one: Candidate, other: Candidate) -> tuple[Candidate, Candidate]:
    return (one, other) if dated(one) > dated(other) else (other, one)


def dated(candidate: Candidate) -> str:
    """When its article was last changed or published, as ISO 8601; empty where neither is known."""
    return max(candidate.hit.modified or "", candidate.hit.published or "")


def _contradicts(best: Candidate, other: Candidate, ranked: Sequence[Candidate]) -> bool:
    if not _may_contradict(other) or dated(best) == dated(other):
        return False
    ours, theirs = _figures(best.text), _figures(other.text)
    if other.hit.work_id == best.hit.work_id:
        return _is_changed_version(best, other) and not (_said(ranked, other) & ours or _said(ranked, best) & theirs)
    return _is_about_the_same(best, other) and (
        _are_alike(ours - theirs, theirs - ours, CORRECTION) or _corrects(ours, theirs)
    )


def _is_changed_version(best: Candidate, other: Candidate) -> bool:
    """Whether both stand at nearly the same place of their article, and one has another amount."""
    start, other_start = best.span.start, other.span.start
    is_parallel = abs(start - other_start) <= NEAR + SHIFT * max(start, other_start)
    ours, theirs = _figures(best.text), _figures(other.text)
    return best.score - other.score <= VERSION_MARGIN and is_parallel and _are_alike(ours, theirs, UPDATE)


def _is_about_the_same(best: Candidate, other: Candidate) -> bool:
    """Whether both are what the question names, and neither is one of many figures."""
    few = max(len(_figures(best.text)), len(_figures(other.text))) <= FEW_FIGURES
    return best.score - other.score <= ARTICLE_MARGIN and best.names_asked and other.names_asked and few


def _may_contradict(candidate: Candidate) -> bool:
    seen = candidate.signals
    return bool(dated(candidate)) and seen.kind >= _HOLDS_KIND and not seen.figures_missing and not seen.other_name


def _are_alike(ours: frozenset[Figure], theirs: frozenset[Figure], limit: float) -> bool:
    """Whether some two are different amounts of one unit that are nearly the same."""
    return any(
        unit == other_unit and 1 < _ratio(float(value), float(other)) <= limit
        for value, unit in ours
        for other, other_unit in theirs
    )


def _corrects(ours: frozenset[Figure], theirs: frozenset[Figure]) -> bool:
    """Whether one says what the other does, and a like amount beside it: "46,870, not 47,215"."""
    few, many = sorted((ours, theirs), key=len)
    return few < many and _are_alike(few, many - few, CORRECTION)


def _ratio(one: float, other: float) -> float:
    small, great = sorted((abs(one), abs(other)))
    return great / small if small else float("inf")


def _said(ranked: Sequence[Candidate], one: Candidate) -> frozenset[Figure]:
    """All figures of the article, as far as it was found."""
    return frozenset[Figure]().union(
        *(_figures(other.text) for other in ranked if other.hit.article_id == one.hit.article_id)
    )


@lru_cache(maxsize=CACHED_TEXTS)
def _figures(text: str) -> frozenset[Figure]:
    """Without years and the parts of dates."""
    within = dates(text)
    return frozenset(
        (value, number.unit)
        for number in numbers(text)
        for value in number.readings
        if not any(mention.start <= number.start < mention.end for mention in within)
        and not (number.unit is None and _YEAR.fullmatch(value))
    )
