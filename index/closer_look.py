"""The first hits, where all are in other languages than the question and close: which of them comes first.

In: hits, best first, and what reads pairs. Out: the same hits, the foremost perhaps in another order. Terms tell little
across languages, and late interaction compares tokens one by one: what reads question and sentence at once knows
better. Of each hit the sentence is read that late interaction holds for the best. Within the question's own language it
brings nothing (pages 29 and 33 of docs/decisions).
"""

from collections.abc import Sequence

import msgspec
import numpy as np

from index.languages import base
from index.log_odds import log_odds
from index.pair_reader import titled
from index.records import Hit, ReadPairs

READ = 4
"""Hits, at most."""
CLOSE = 2.0
"""In log-odds: how far behind the first one another may be."""
SHARE = 0.5
"""Of what the model adds to a sentence's log-odds of holding the answer."""


def looked_closer(question: str, lang: str, hits: Sequence[Hit], read_across: ReadPairs) -> tuple[Hit, ...]:
    """``lang``: of the question. The scores stay in their places."""
    near = _near(hits, lang)
    said = read_across(question, [as_read(hit) for hit in near]) if len(near) > 1 else None
    if said is None:
        return tuple(hits)
    scores = np.array([log_odds(hit.score) for hit in near]) + SHARE * said[:, 0]
    order = np.argsort(-scores, kind="stable")
    again = [msgspec.structs.replace(near[place], score=at.score) for place, at in zip(order, near, strict=True)]
    return (*again, *hits[len(near) :])


def as_read(hit: Hit) -> str:
    """Its best sentence, as training saw it."""
    span = hit.sentences[int(np.argmax(hit.unit_scores))]
    return titled(hit.title, hit.text[span.start - hit.start : span.end - hit.start])


def _near(hits: Sequence[Hit], lang: str) -> list[Hit]:
    """The foremost hits that may change places, up to the first that may not, or is of a work before it.

    Versions of one work say the same, and which passage of one article comes first was not measured.
    """
    near: list[Hit] = []
    for hit in hits[:READ]:
        is_foreign = base(hit.lang) != base(lang) and len(hit.unit_scores) > 0
        if not is_foreign or hit.work_id in {one.work_id for one in near}:
            break
        if near and log_odds(near[0].score) - log_odds(hit.score) >= CLOSE:
            break
        near.append(hit)
    return near
