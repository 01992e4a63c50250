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
from rag.mentions import Mention, Mentions, comparable, is_said, mentions

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


class Place(NamedTuple):
    """A mention in a version: its offset in the canonical text tells it from all others."""

    version: int
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
    stated = [_stated(version) for version in versions]
    pairs = [
        pair
        for one, other in combinations(range(len(versions)), 2)
        for pair in _disagreeing(one, other, versions, stated)
    ]
    for places in _connected(pairs):
        statements = sorted(
            (_statement(versions[place.version], place) for place in places),
            key=lambda said: (said.dated or "", said.path, said.start),
            reverse=True,
        )
        kind = places[0].mention.kind
        yield Drift(work_id=work_id, kind=kind, newest=_newest(statements), statements=tuple(statements))


def _stated(version: Version) -> list[Mentions]:
    return [mentions(version.text_of(place), version.article.lang) for place in range(len(version.passages))]


def _disagreeing(
    one: int, other: int, versions: Sequence[Version], stated: Sequence[list[Mentions]]
) -> Iterator[tuple[Place, Place]]:
    cosines = versions[one].vectors @ versions[other].vectors.T
    gains = cosines - GAP - OTHER_KIND * _of_other_kind(versions[one], versions[other])
    gains += SAME_FIGURES * _shared_figures(stated[one], stated[other])
    for row, column in aligned(gains):
        if cosines[row, column] < LEAST_ALIKE:
            continue
        ours = _missing(stated[one][row], _beside(versions[other], stated[other], column))
        theirs = _missing(stated[other][column], _beside(versions[one], stated[one], row))
        for mine, its in _told_otherwise(ours, theirs):
            yield _place(versions, one, row, mine), _place(versions, other, column, its)


def _of_other_kind(one: Version, other: Version) -> NDArray[np.bool_]:
    kinds, others = ([passage.kind for passage in version.passages] for version in (one, other))
    different: NDArray[np.bool_] = np.array(kinds)[:, None] != np.array(others)[None, :]
    return different


def _shared_figures(ours: Sequence[Mentions], theirs: Sequence[Mentions]) -> NDArray[np.float32]:
    """``[n, m]``: the share of figures of the passage that has fewer, 0 where it has none."""
    values, others = ([{one.readings[0] for one in said.listed} for said in side] for side in (ours, theirs))
    shares = [[len(a & b) / max(1, min(len(a), len(b))) for b in others] for a in values]
    return np.array(shares, np.float32).reshape(len(values), len(others))


def _beside(version: Version, stated: Sequence[Mentions], place: int) -> Sequence[Mentions]:
    """What stands at a place and next to it; a row of a table speaks for itself alone."""
    if version.passages[place].kind == "table_row":
        return stated[place : place + 1]
    return stated[max(0, place - BESIDE) : place + BESIDE + 1]


def _missing(said: Mentions, counterpart: Sequence[Mentions]) -> list[Mention]:
    return [mention for mention in said.listed if not is_said(mention, counterpart)]


def _told_otherwise(ours: Sequence[Mention], theirs: Sequence[Mention]) -> Iterator[tuple[Mention, Mention]]:
    """In their order, where both passages have as many of one kind that the other lacks; else nothing is sure."""
    for mention in ours:
        rivals = [other for other in theirs if comparable(mention, other)]
        like = [other for other in ours if comparable(mention, other)]
        if len(rivals) == len(like):
            yield mention, rivals[like.index(mention)]


def _place(versions: Sequence[Version], version: int, passage: int, mention: Mention) -> Place:
    return Place(version, passage, mention, versions[version].passages[passage].start + mention.start)


def _connected(pairs: Iterable[tuple[Place, Place]]) -> list[list[Place]]:
    """What disagrees with the same is one disagreement."""
    groups: list[dict[tuple[int, int], Place]] = []
    for pair in pairs:
        group = {(place.version, place.start): place for place in pair}
        for touching in [known for known in groups if known.keys() & group.keys()]:
            groups.remove(touching)
            group = touching | group
        groups.append(group)
    return [list(group.values()) for group in groups]


def _statement(version: Version, place: Place) -> Statement:
    article, text = version.article, version.text_of(place.passage)
    return Statement(
        article_id=version.article_id,
        path=article.path,
        lang=article.lang,
        title=article.title,
        url=article.url,
        dated=max(article.modified or "", article.published or "") or None,
        figure=text[place.mention.start : place.mention.end],
        start=place.start,
        end=place.start + place.mention.end - place.mention.start,
        passage=text,
    )


def _newest(newest_first: Sequence[Statement]) -> str | None:
    """None where one has no date, or the two newest have the same."""
    dated = {said.article_id: said.dated or "" for said in newest_first}
    newest, second, *_ = *sorted(dated.values(), reverse=True), ""
    known = all(dated.values()) and newest[: len(second)] != second[: len(newest)]
    return newest_first[0].article_id if known else None
