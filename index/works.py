"""Which articles are versions of one work although nothing in their paths or front matter says so.

In: articles with the figures they state. Out: the works to join. Translations keep the figures: two articles in
different languages are one work when most figures of the shorter stand in the longer, several of them in hardly any
other article. Pure; refuses nothing. A work that has a version in the other's language already is left alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec

from index.languages import base
from index.numbers import numbers

MIN_SHARED_RARE = 5
"""Figures that both state and hardly anyone else."""
MIN_CONTAINED = 0.6
"""Share of the shorter's figures that the longer states."""
RARE_ARTICLES = 4
"""Articles that may state a figure that counts as rare."""


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """An article with the figures in its text."""

    article_id: str
    work_id: str
    lang: str
    figures: frozenset[str]


def figures(text: str) -> frozenset[str]:
    """The values of all numbers of three digits or more, in the likeliest reading of each."""
    return frozenset(number.value for number in numbers(text) if sum(map(str.isdigit, number.value)) >= 3)


def joined_works(articles: Sequence[Stated]) -> dict[str, str]:
    """New work id by article id, for those that change; equal for any order of the articles."""
    work_of = {article.article_id: article.work_id for article in articles}
    langs: dict[str, set[str]] = defaultdict(set)
    for article in articles:
        langs[article.work_id].add(base(article.lang))
    for one, other in sorted(_candidates(articles), key=lambda pair: (pair[0].article_id, pair[1].article_id)):
        mine, theirs = sorted((work_of[one.article_id], work_of[other.article_id]))
        if mine == theirs or langs[mine] & langs[theirs]:
            continue
        langs[mine] |= langs.pop(theirs)
        work_of = {article_id: mine if work == theirs else work for article_id, work in work_of.items()}
    return {a.article_id: work_of[a.article_id] for a in articles if work_of[a.article_id] != a.work_id}


def _candidates(articles: Sequence[Stated]) -> Iterable[tuple[Stated, Stated]]:
    """Pairs in different languages that state the same figures; each pair once."""
    holders: dict[str, list[Stated]] = defaultdict(list)
    for article in sorted(articles, key=lambda article: article.article_id):
        for figure in article.figures:
            holders[figure].append(article)
    shared: Counter[tuple[str, str]] = Counter()
    by_id = {article.article_id: article for article in articles}
    for some in holders.values():
        if len(some) <= RARE_ARTICLES:
            shared.update((one.article_id, other.article_id) for one, other in combinations(some, 2))
    for (one_id, other_id), count in shared.items():
        one, other = by_id[one_id], by_id[other_id]
        if count >= MIN_SHARED_RARE and base(one.lang) != base(other.lang) and _contained(one, other) >= MIN_CONTAINED:
            yield one, other


def _contained(one: Stated, other: Stated) -> float:
    return len(one.figures & other.figures) / min(len(one.figures), len(other.figures))
