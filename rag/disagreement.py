"""Sources that contradict each other: another version or article that gives another figure for what is asked.

In: ranked candidates, the best of them, and what is asked. Out: the candidate that contradicts it, or None. Looked for
are figures only, and rather missed than made up: other articles have to hold the figures that the question names, be
about nearly the same, and give a like amount of the same year. Pure.
"""

from collections.abc import Sequence

from index.dates import years
from index.languages import base
from index.records import Hit
from rag.candidates import Candidate
from rag.dated_figures import DatedFigures, Figure, dated_figures
from rag.question import Expectation

VERSION_MARGIN = 2.5
"""How far from the best, in log-odds, another version of its article may score; another language costs some."""
ARTICLE_MARGIN = 1.5
CORRECTION_MARGIN = 4.0
"""Of an article that gives the very figure, and another one beside it."""
TELLING_DIGITS = 3
"""So many digits of a figure are not shared by chance."""
UPDATE, CORRECTION = 2.0, 1.25
"""The greater of two amounts over the smaller, of versions and of articles; what differs more is another thing."""
NEAR, SHIFT = 200, 0.2
"""Characters, and the share of the text before, by which translations of one sentence may lie apart."""
FEW_FIGURES = 4
_COUNTED = frozenset({"number", "price", "duration"})
_HOLDS_KIND = 0.4


def contradiction(ranked: Sequence[Candidate], best: Candidate, expected: Expectation, lang: str) -> Candidate | None:
    """The best-ranked one of another date and another figure, in the reader's language where a version says the same.

    Of each article only what it says best is looked at, but for that version.
    """
    if expected.kind not in _COUNTED or not _may_contradict(best):
        return None
    others = [one for one in _said_best(ranked) if one.hit.article_id != best.hit.article_id]
    found = next((one for one in others if _contradicts(best, one, ranked)), None)
    return next((one for one in ranked if _says_the_same(one, found, lang)), found) if found else None


def _says_the_same(one: Candidate, found: Candidate, lang: str) -> bool:
    """Whether it is of a version in that language, and gives the same figures."""
    is_own_version = one.hit.work_id == found.hit.work_id and base(one.hit.lang) == base(lang)
    return is_own_version and dated_figures(found.text).keys() <= dated_figures(one.text).keys()


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
    if other.hit.work_id == best.hit.work_id:
        ours, theirs = dated_figures(best.text).keys(), dated_figures(other.text).keys()
        return _is_changed_version(best, other) and not (_said(ranked, other) & ours or _said(ranked, best) & theirs)
    if not _is_about_the_same(best, other):
        return False
    said, also_said = _with_heading_years(best), _with_heading_years(other)
    if best.score - other.score > ARTICLE_MARGIN:
        return _shares_telling_figure(said, also_said) and _corrects(said, also_said)
    return _corrects(said, also_said) or _differ(
        _with_years_of_publication(said, best.hit, also_said), _with_years_of_publication(also_said, other.hit, said)
    )


def _is_changed_version(best: Candidate, other: Candidate) -> bool:
    """Whether both stand at nearly the same place of their article, and one has another amount."""
    start, other_start = best.span.start, other.span.start
    is_parallel = abs(start - other_start) <= NEAR + SHIFT * max(start, other_start)
    ours, theirs = dated_figures(best.text), dated_figures(other.text)
    return best.score - other.score <= VERSION_MARGIN and is_parallel and _are_alike(ours, theirs, UPDATE)


def _is_about_the_same(best: Candidate, other: Candidate) -> bool:
    """Whether both are what the question names, and neither is one of many figures."""
    few = max(len(dated_figures(best.text)), len(dated_figures(other.text))) <= FEW_FIGURES
    return best.score - other.score <= CORRECTION_MARGIN and best.names_asked and other.names_asked and few


def _shares_telling_figure(ours: DatedFigures, theirs: DatedFigures) -> bool:
    return any(sum(map(str.isdigit, value)) >= TELLING_DIGITS for value, _unit in ours.keys() & theirs.keys())


def _may_contradict(candidate: Candidate) -> bool:
    seen = candidate.signals
    return bool(dated(candidate)) and seen.kind >= _HOLDS_KIND and not seen.figures_missing and not seen.other_name


def _with_heading_years(candidate: Candidate) -> DatedFigures:
    """Figures without a year are of that which stands above them: in the nearest heading with one, or the title."""
    above = (years(heading) for heading in (*reversed(candidate.hit.headings), candidate.hit.title))
    year = next((found for found in above if found), frozenset[str]())
    return {figure: own or year for figure, own in dated_figures(candidate.text).items()}


def _with_years_of_publication(said: DatedFigures, hit: Hit, other: DatedFigures) -> DatedFigures:
    """Beside figures of a named year, those of none are of the year they were published in, or the year before."""
    if not hit.published or not any(other.values()):
        return said
    year = int(hit.published[:4])
    return {figure: own or frozenset({str(year), str(year - 1)}) for figure, own in said.items()}


def _differ(ours: DatedFigures, theirs: DatedFigures) -> bool:
    return _are_alike(_without(ours, theirs), _without(theirs, ours), CORRECTION)


def _corrects(ours: DatedFigures, theirs: DatedFigures) -> bool:
    """Whether one says what the other does, and a like amount beside it: "46,870, not 47,215"."""
    few, many = sorted((ours, theirs), key=len)
    return few.keys() < many.keys() and _are_alike(few, _without(many, few), CORRECTION)


def _without(said: DatedFigures, other: DatedFigures) -> DatedFigures:
    return {figure: own for figure, own in said.items() if figure not in other}


def _are_alike(ours: DatedFigures, theirs: DatedFigures, limit: float) -> bool:
    """Whether some two are different amounts of one unit, nearly the same, and not known to be of different years."""
    return any(
        unit == other_unit and 1 < _ratio(float(value), float(other)) <= limit and not (own and its and not own & its)
        for (value, unit), own in ours.items()
        for (other, other_unit), its in theirs.items()
    )


def _ratio(one: float, other: float) -> float:
    small, great = sorted((abs(one), abs(other)))
    return great / small if small else float("inf")


def _said(ranked: Sequence[Candidate], one: Candidate) -> frozenset[Figure]:
    """All figures of the article, as far as it was found."""
    same = (other for other in ranked if other.hit.article_id == one.hit.article_id)
    return frozenset(figure for other in same for figure in dated_figures(other.text))
