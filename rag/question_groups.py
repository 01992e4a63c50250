"""Which questions ask the same thing, whatever the language; pure.

In: question texts with their languages and vectors, and for each language the mean vector of other questions in it.
Out: groups of rows. The same questions in the same order give the same groups. Refuses nothing.

Each vector is taken less its language's mean, because a multilingual encoder puts all text of a language near one
direction (LIR, arXiv 2109.04727); the other questions keep a list about one matter from losing that matter with the
mean. Then average linkage, by nearest-neighbour chains, of questions whose figures and model numbers are the same.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SAME = 0.56
"""Mean cosine from which groups are one. Chosen, and measured on other questions, by
``python -m evals.benchmarks.unanswered``."""
LANGUAGE_PRIOR = 5
OVERALL_PRIOR = 50
"""Questions of the list that count as much as the other questions do: in one language, and over all."""
_FIGURE = re.compile(r"[^\W\d_]*\d+(?:[.,]\d+)*")


class Group(NamedTuple):
    """Rows, the one nearest to all others first."""

    rows: tuple[int, ...]


def group_questions(
    texts: Sequence[str],
    langs: Sequence[str],
    vectors: NDArray[np.float32],
    others: Mapping[str, NDArray[np.float32]],
    threshold: float = SAME,
) -> list[Group]:
    """In the order of their first rows. ``vectors``: ``[n, dim]``; ``others`` has every language of ``langs``."""
    if not len(texts):
        return []
    similarities = cosines(centred(vectors, langs, others))
    by_figures: dict[frozenset[str], list[int]] = {}
    for row, text in enumerate(texts):
        by_figures.setdefault(figures(text), []).append(row)
    groups = []
    for rows in by_figures.values():
        own = similarities[np.ix_(rows, rows)]
        groups += [_central_first([rows[member] for member in one], similarities) for one in linked(own, threshold)]
    return sorted(groups, key=lambda group: min(group.rows))


def figures(text: str) -> frozenset[str]:
    """Numbers with the letters before them, such as ``2021``, ``q8`` and ``43,866``."""
    return frozenset(_FIGURE.findall(unicodedata.normalize("NFKC", text).casefold()))


def centred(
    vectors: NDArray[np.float32], langs: Sequence[str], others: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Less the mean of the question's language, drawn to that of the other questions the more, the fewer there are."""
    spoken = sorted(set(langs))
    other = np.mean([others[lang] for lang in spoken], axis=0)
    overall = (OVERALL_PRIOR * other + vectors.sum(axis=0)) / (OVERALL_PRIOR + len(vectors))
    less = np.empty_like(vectors)
    for lang in spoken:
        own = np.array([one == lang for one in langs])
        prior = overall + others[lang] - other
        less[own] = vectors[own] - (LANGUAGE_PRIOR * prior + vectors[own].sum(axis=0)) / (LANGUAGE_PRIOR + own.sum())
    return less


def cosines(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[n, n]``; 0 for a vector of zeros."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    products: NDArray[np.float32] = unit @ unit.T
    return products


def linked(similarities: NDArray[np.float32], threshold: float) -> list[list[int]]:
    """Average linkage down to a mean similarity of ``threshold``; each group ascending."""
    mean = similarities.astype(np.float64)
    np.fill_diagonal(mean, -np.inf)
    members: dict[int, list[int]] = {row: [row] for row in range(len(mean))}
    open_rows = dict.fromkeys(members)
    chain: list[int] = []
    while open_rows:
        if not chain:
            chain.append(next(iter(open_rows)))
        last = chain[-1]
        near = int(np.argmax(mean[last]))
        if len(chain) > 1 and mean[last, chain[-2]] >= mean[last, near]:
            near = chain[-2]
        if mean[last, near] < threshold:
            # No later group can be nearer: a mean of means is never above the greatest of them.
            _close(mean, open_rows, chain.pop())
        elif len(chain) > 1 and near == chain[-2]:
            del chain[-2:]
            _merge(mean, members, near, last)
            _close(mean, open_rows, last)
        else:
            chain.append(near)
    return [sorted(group) for group in members.values()]


def _merge(mean: NDArray[np.float64], members: dict[int, list[int]], kept: int, gone: int) -> None:
    sizes = len(members[kept]), len(members[gone])
    mean[kept] = (sizes[0] * mean[kept] + sizes[1] * mean[gone]) / sum(sizes)
    mean[:, kept] = mean[kept]
    members[kept] += members.pop(gone)


def _close(mean: NDArray[np.float64], open_rows: dict[int, None], row: int) -> None:
    mean[row] = mean[:, row] = -np.inf
    del open_rows[row]


def _central_first(rows: list[int], similarities: NDArray[np.float32]) -> Group:
    nearness = similarities[np.ix_(rows, rows)].sum(axis=1)
    central = int(np.argmax(np.round(nearness, 5)))
    from_centre = similarities[rows[central], rows]
    order = sorted(range(len(rows)), key=lambda i: (i != central, -round(float(from_centre[i]), 5), i))
    return Group(tuple(rows[i] for i in order))
