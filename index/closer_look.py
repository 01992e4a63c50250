"""The first two hits, where both are in other languages than the question and close: which of them comes first.

In: hits, best first, and what reads pairs. Out: the same hits, perhaps with the second one first. Terms tell little
across languages, and late interaction compares tokens one by one: what reads question and sentence at once knows
better. Of each hit the sentence is read that late interaction holds for the best. Within the question's own language,
and over more than two hits, it brings nothing (page 29 of docs/decisions).
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from index.languages import base
from index.log_odds import log_odds
from index.pair_reader import titled
from index.records import Hit, ReadPairs

READ = 2
CLOSE = 1.5
"""In log-odds: how far behind the first one the second may be."""
SHARE = 0.2
"""Of what the model adds to a sentence's log-odds of holding the answer."""


def looked_closer(question: str, lang: str, hits: Sequence[Hit], read_pairs: ReadPairs) -> tuple[Hit, ...]:
    """``lang``: of the question. The scores stay in their places."""
    if not _is_open(hits, lang):
        return tuple(hits)
    first, second, *rest = hits
    said = read_pairs(question, [titled(hit.title, _best_unit(hit)) for hit in (first, second)])
    if said is None or _lead(first, second) + SHARE * float(said[0, 0] - said[1, 0]) >= 0:
        return tuple(hits)
    replace = msgspec.structs.replace
    return (replace(second, score=first.score), replace(first, score=second.score), *rest)


def _is_open(hits: Sequence[Hit], lang: str) -> bool:
    """Of two works: versions of one say the same, and which passage of one article comes first was not measured."""
    if len(hits) < READ:
        return False
    first, second = hits[:READ]
    is_foreign = all(base(hit.lang) != base(lang) and hit.unit_scores for hit in (first, second))
    return is_foreign and first.work_id != second.work_id and _lead(first, second) < CLOSE


def _lead(first: Hit, second: Hit) -> float:
    return log_odds(first.score) - log_odds(second.score)


def _best_unit(hit: Hit) -> str:
    span = hit.sentences[int(np.argmax(hit.unit_scores))]
    return hit.text[span.start - hit.start : span.end - hit.start]
