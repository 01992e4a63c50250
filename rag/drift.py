"""Versions of one work that disagree on a figure or a date: what an editor has to set right.

In: works with their versions, passage by passage. Out: disagreements, each with what every version says and which one
is the newest. Passages are aligned by meaning and order. A figure disagrees only where the counterpart gives another
one of its kind, and neither version says beside it what the other does; what a version leaves out is no disagreement.
Pure but for the reading of the catalog; refuses nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.alignment import aligned
from index.passages import Version
from rag.drift_records import Drift, DriftReport, Statement
from rag.mentions import Mention, Mentions, comparable, is_said, mentions, without_agreeing

GAP = 0.2
"""The cosine below which two passages are rather without a counterpart."""
OTHER_KIND = 0.25
"""By how much a row and a sentence have to be more alike."""
SAME_FIGURES = 0.3
"""What it is worth, as a cosine, that both passages state the same figures."""
LEAST_ALIKE = 0.4
"""The cosine from which the figures of counterparts are compared."""
BESIDE = 1
"""Sentences before and after the counterpart that may say the same: translators part sentences otherwise."""


class Side(NamedTuple):
    """A version with what each of its passages states."""

    version: Version
    stated: Sequence[Mentions]


class Place(NamedTuple):
    """A mention in a version: its offset in the canonical text tells it from all others."""

    version: Version
    passage: int
    mention: Mention
    start: int


def find_drift(works: Iterable[tuple[str, Sequence[Version]]]) -> DriftReport:
    compared = 0
    drifts: list[Drift] = []
    for work_id, versions in works:
        compared += 1
        drifts += _drifts(work_id, versions)
    drifts.sort(key=lambda drift: (drift.statements[0].path, drift.statements[0].start))
    return DriftReport(works=compared, drifts=tuple(drifts))


def _drifts(work_id: str, versions: Sequence[Version]) -> Iterator[Drift]:
    sides = [Side(version, _stated(version)) for version in versions]
    for places in _connected(pair for one, other in combinations(sides, 2) for pair in _disagreeing(one, other)):
        statements = sorted(map(_statement, places), key=lambda said: (said.dated or "", said.path), reverse=True)
        kind = places[0].mention.kind
        yield Drift(work_id=work_id, kind=kind, newest=_newest(statements), statements=tuple(statements))


def _stated(version: Version) -> list[Mentions]:
    return [mentions(version.text_of(place), version.article.lang) for place in range(len(version.passages))]


def _disagreeing(one: Side, other: Side) -> Iterator[tuple[Place, Place]]:
    cosines = one.version.vectors @ other.version.vectors.T
    gains = cosines - GAP - OTHER_KIND * _of_other_kind(one, other) + SAME_FIGURES * _shared_figures(one, other)
    for row, column in aligned(gains):
        if cosines[row, column] < LEAST_ALIKE:
            continue
        for mine, its in _told_otherwise(*_lone(one, row, other, column)):
            yield _place(one, row, mine), _place(other, column, its)


def _of_other_kind(one: Side, other: Side) -> NDArray[np.bool_]:
    kinds, others = ([passage.kind for passage in side.version.passages] for side in (one, other))
    different: NDArray[np.bool_] = np.array(kinds)[:, None] != np.array(others)[None, :]
    return different


def _shared_figures(one: Side, other: Side) -> NDArray[np.float32]:
    """``[n, m]``: the share of figures of the passage that has fewer, 0 where it has none."""
    values, others = ([{each.readings[0] for each in said.listed} for said in side.stated] for side in (one, other))
    shares = [[len(a & b) / max(1, min(len(a), len(b))) for b in others] for a in values]
    return np.array(shares, np.float32).reshape(len(values), len(others))


def _lone(one: Side, row: int, other: Side, column: int) -> tuple[list[Mention], list[Mention]]:
    """What either passage says that the other version does not, there or beside it; rows speak for themselves alone."""
    if _is_row(one, row) and _is_row(other, column):
        return without_agreeing(one.stated[row], other.stated[column])
    beside, others_beside = _beside(one, row), _beside(other, column)
    return (
        [mention for mention in one.stated[row].listed if not is_said(mention, others_beside)],
        [mention for mention in other.stated[column].listed if not is_said(mention, beside)],
    )


def _is_row(side: Side, place: int) -> bool:
    return side.version.passages[place].kind == "table_row"


def _beside(side: Side, place: int) -> Sequence[Mentions]:
    return side.stated[max(0, place - BESIDE) : place + BESIDE + 1]


def _told_otherwise(ours: Sequence[Mention], theirs: Sequence[Mention]) -> Iterator[tuple[Mention, Mention]]:
    """In their order, where both passages have as many of one kind that the other lacks; else nothing is sure."""
    for mention in ours:
        rivals = [other for other in theirs if comparable(mention, other)]
        like = [other for other in ours if comparable(mention, other)]
        if len(rivals) == len(like):
            yield mention, rivals[like.index(mention)]


def _place(side: Side, passage: int, mention: Mention) -> Place:
    return Place(side.version, passage, mention, side.version.passages[passage].start + mention.start)


def _connected(pairs: Iterable[tuple[Place, Place]]) -> list[list[Place]]:
    """What disagrees with the same is one disagreement."""
    groups: list[dict[tuple[str, int], Place]] = []
    for pair in pairs:
        group = {(place.version.article_id, place.start): place for place in pair}
        for touching in [known for known in groups if known.keys() & group.keys()]:
            groups.remove(touching)
            group = touching | group
        groups.append(group)
    return [list(group.values()) for group in groups]


def _statement(place: Place) -> Statement:
    article, text = place.version.article, place.version.text_of(place.passage)
    return Statement(
        article_id=place.version.article_id,
        path=article.path,
        lang=article.lang,
        title=article.title,
        url=article.url,
        dated=max(article.modified or "", article.published or "") or None,
        figure=text[place.mention.start : place.mention.end],
        value=place.mention.readings[0],
        start=place.start,
        end=place.start + place.mention.end - place.mention.start,
        passage=text,
        passage_start=place.start - place.mention.start,
    )


def _newest(newest_first: Sequence[Statement]) -> str | None:
    """None where one has no date, or the two newest have the same."""
    dated = {said.article_id: said.dated or "" for said in newest_first}
    newest, second, *_ = *sorted(dated.values(), reverse=True), ""
    known = all(dated.values()) and newest[: len(second)] != second[: len(newest)]
    return newest_first[0].article_id if known else None
