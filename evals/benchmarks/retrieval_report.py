"""What asked questions say of search: means with intervals, goals, and tables by language, pair of languages and arm.

In: asked questions. Out: rows and Markdown tables. Intervals are of 95 %, by a bootstrap that draws whole articles: the
questions of one article share its words. Where a pool is missing, because its languages are, its figures are left out.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np

from evals.benchmarks.arms import ARMS, Arm
from evals.benchmarks.retrieval_pools import MIXED, SEVERAL, Asked, right_path
from evals.benchmarks.table import Row
from evals.statistics import clustered, mean_intervals

Figure = Callable[[Asked, Arm], float]
Table = list[list[str]]
"""The heads of the columns, then rows."""


class Mean(msgspec.Struct, frozen=True):
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def own_hit(one: Asked, arm: Arm) -> float:
    """The first passage is right, in the pool of the question's language."""
    return one.measured[arm, one.question.lang].hit


def own_ndcg(one: Asked, arm: Arm) -> float:
    return one.measured[arm, one.question.lang].ndcg


def cross_hit(one: Asked, arm: Arm) -> float:
    """The share of the other languages in whose pool the first passage is right."""
    return float(np.mean([one.measured[arm, lang].hit for lang in _others(one)]))


def cross_ndcg(one: Asked, arm: Arm) -> float:
    return float(np.mean([one.measured[arm, lang].ndcg for lang in _others(one)]))


def mixed_precision(one: Asked, arm: Arm) -> float:
    """Average precision in the pool of all languages, each with its right version."""
    return one.measured[arm, MIXED].precision


def mixed_own_hit(one: Asked, arm: Arm) -> float:
    """Of the passages in the question's language, the one that stands first in the pool of all languages is right."""
    own = right_path(one.question, one.question.lang)
    first = next((path for path in one.rankings[MIXED][arm] if path.startswith(f"{one.question.lang}/")), None)
    return float(first == own)


def several_recall(one: Asked, arm: Arm) -> float:
    """Share of the right versions among the first ten of the pool of several languages."""
    return one.measured[arm, SEVERAL].recall


def several_own(one: Asked, arm: Arm) -> float:
    return float(right_path(one.question, one.question.lang) in one.rankings[SEVERAL][arm][:10])


def several_cross(one: Asked, arm: Arm) -> float:
    own = right_path(one.question, one.question.lang)
    others = [path for path in one.right[SEVERAL] if path != own]
    return float(np.mean([path in one.rankings[SEVERAL][arm][:10] for path in others]))


COLUMNS: dict[str, Figure] = {
    "own hit@1": own_hit,
    "own nDCG@10": own_ndcg,
    "across hit@1": cross_hit,
    "across nDCG@10": cross_ndcg,
    "mixed mAP": mixed_precision,
    "mixed, own hit@1": mixed_own_hit,
    f"{SEVERAL} recall@10": several_recall,
    "own": several_own,
    "across": several_cross,
}


def mean(asked: Sequence[Asked], figure: Figure, arm: Arm) -> Mean:
    """Over the questions; ``asked`` is not empty."""
    values = np.array([[figure(one, arm)] for one in asked])
    interval = mean_intervals(clustered(values, [f"{one.question.article:02d}" for one in asked], [range(len(asked))]))
    return Mean(float(values.mean()), float(interval.low[0]), float(interval.high[0]))


def goals(asked: Sequence[Asked]) -> Iterator[Row]:
    """The figures that must hold."""
    yield _at_least("own language, nDCG@10", mean(asked, own_ndcg, "whole"), 0.98)
    yield _at_least("own language, hit@1", mean(asked, own_hit, "whole"), 0.955)
    yield _worst(asked, "whole", "own language, nDCG@10", 0.965)
    yield _at_least("lexical arm alone, own language, nDCG@10", mean(asked, own_ndcg, "lexical"), 0.955)
    yield _worst(asked, "lexical", "lexical arm alone, own language, nDCG@10", 0.93)
    yield _at_least("across languages, hit@1, all pairs", mean(asked, cross_hit, "whole"), 0.85)
    across, own = mean(asked, cross_ndcg, "whole"), mean(asked, own_ndcg, "whole")
    yield Row("nDCG@10 across languages against own", f"{across.value / own.value:.3f}")
    yield _at_least("one pool of all languages, mAP", mean(asked, mixed_precision, "whole"), 0.82)
    yield _no_worse(asked, "own language, hit@1, against dense alone", own_hit)
    yield _no_worse(asked, "one pool, own-language passages, hit@1, against dense alone", mixed_own_hit)
    several = [one for one in asked if SEVERAL in one.rankings]
    if several:
        yield _at_least(f"{SEVERAL} pool, recall@10", mean(several, several_recall, "whole"), 0.98)
        yield _at_least(f"{SEVERAL} pool, own language, recall@10", mean(several, several_own, "whole"), 0.995)
        yield _at_least(f"{SEVERAL} pool, across languages, recall@10", mean(several, several_cross, "whole"), 0.97)


def by_language(asked: Sequence[Asked]) -> Table:
    """Own language: hit@1 and nDCG@10 by each arm."""
    rows = [["own language, hit@1 / nDCG@10", *ARMS]]
    for lang in _langs(asked):
        some = [one for one in asked if one.question.lang == lang]
        pairs = [(mean(some, own_hit, arm).value, mean(some, own_ndcg, arm).value) for arm in ARMS]
        rows.append([lang, *(f"{first:.3f} / {second:.3f}" for first, second in pairs)])
    return rows


def by_pair(asked: Sequence[Asked], arm: Arm) -> Table:
    """hit@1 for every question's language (down) over passages in every language (across)."""
    langs = _langs(asked)
    rows = [[f"hit@1, {arm}: question ↓ passages →", *langs]]
    for lang in langs:
        some = [one for one in asked if one.question.lang == lang]
        rows.append([lang, *(f"{np.mean([one.measured[arm, other].hit for one in some]):.3f}" for other in langs)])
    return rows


def by_arm(asked: Sequence[Asked]) -> Table:
    """Every measure by each arm, with intervals."""
    several = [one for one in asked if SEVERAL in one.rankings]
    wanted = {name: figure for name, figure in COLUMNS.items() if several or figure not in _OVER_SEVERAL}
    rows = [["measure", *ARMS]]
    for name, figure in wanted.items():
        over = several if figure in _OVER_SEVERAL else asked
        rows.append([name, *(str(mean(over, figure, arm)) for arm in ARMS)])
    return rows


def markdown_table(rows: Table) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


_OVER_SEVERAL = (several_recall, several_own, several_cross)


def _others(one: Asked) -> list[str]:
    """The languages of the pools that hold one language, without the question's own."""
    return [pool for pool in one.rankings if pool not in (MIXED, SEVERAL, one.question.lang)]


def _langs(asked: Sequence[Asked]) -> list[str]:
    return sorted({one.question.lang for one in asked})


def _at_least(what: str, measured: Mean, goal: float) -> Row:
    return Row(what, str(measured), f"≥ {goal:g}", measured.value >= goal)


def _worst(asked: Sequence[Asked], arm: Arm, what: str, goal: float) -> Row:
    by_lang = {lang: mean([one for one in asked if one.question.lang == lang], own_ndcg, arm) for lang in _langs(asked)}
    worst = min(by_lang, key=lambda lang: by_lang[lang].value)
    return _at_least(f"{what}, worst language ({worst})", by_lang[worst], goal)


def _no_worse(asked: Sequence[Asked], what: str, figure: Figure) -> Row:
    return _at_least(what, mean(asked, figure, "whole"), round(mean(asked, figure, "dense").value, 4))
