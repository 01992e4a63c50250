"""Parts of a run that are looked at by themselves, and which questions belong together.

In: the outcomes of a run. Out: for every slice the places of its outcomes; for every outcome its cluster. Slices
overlap: every outcome is in ``all`` and in one of each kind but the tags, of which it may have none or several, and the
language pair, which it may lack. Refuses nothing.

==================== =================================================================================
``all``              every outcome
``lang:de``          asked in German
``pair:de>en``       asked in German, and the first citation is English (without a citation: the first hit from an
                     expected work); a question with neither is in no pair
``tag:table``        has the tag
``answerable:yes``   the articles hold the answer (``no``: they do not)
==================== =================================================================================
"""

from collections.abc import Iterator, Sequence

from evals.golden import Case
from evals.records import Outcome

ALL = "all"


def slices(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, ...]]:
    """Ascending places by slice; ``all`` first, then by name."""
    places: dict[str, list[int]] = {}
    for place, outcome in enumerate(outcomes):
        for name in _names(outcome):
            places.setdefault(name, []).append(place)
    return {name: tuple(places[name]) for name in sorted(places, key=lambda name: (name != ALL, name))}


def source_language(outcome: Outcome) -> str | None:
    """The language that the answer was read in."""
    if outcome.answer is not None and outcome.answer.citations:
        return outcome.answer.citations[0].source.lang
    return next((hit.lang for hit in outcome.found if hit.work in outcome.case.expect.works), None)


def cluster(case: Case) -> str:
    """What a case shares with others: questions about one work are not independent of each other.

    The first expected work. A case without one, such as an unanswerable question, goes by its id without its language:
    ``ferry-price-de`` and ``ferry-price-nl`` are one question.
    """
    return case.expect.works[0] if case.expect.works else f"id:{case.id.removesuffix(f'-{case.lang}')}"


def _names(outcome: Outcome) -> Iterator[str]:
    case = outcome.case
    yield ALL
    yield f"lang:{case.lang}"
    if source := source_language(outcome):
        yield f"pair:{case.lang}>{source}"
    yield from (f"tag:{tag}" for tag in dict.fromkeys(case.tags))
    yield f"answerable:{'yes' if case.answerable else 'no'}"
