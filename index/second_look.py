"""The candidates that are worth reading word by word, and all that ranking knows of them then.

In: candidates of a snapshot with their cosines and term coverages, a question's tokens. Out: the nearest by meaning and
those that share most terms, with late interaction. The two are chosen side by side: shared terms would else put
candidates in the question's own language before the answer in another one, and cosines would lose rare names.
"""

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.ranking import Figures, commonness, matched
from index.records import Filters
from index.rescoring import Rescored, rescore
from index.snapshot import Snapshot
from index.token_vectors import QuestionTokens

NEAREST = 32
MOST_SHARED = 8
"""Of those that are not among the nearest."""


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a snapshot with what the arms say of each, in the same order."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]
    coverages: NDArray[np.float32]


class SecondLook(msgspec.Struct, frozen=True, kw_only=True):
    """At some of the candidates; everything in the order of ``chosen``."""

    chosen: NDArray[np.int64]
    """Their places among all candidates."""
    rows: tuple[int, ...]
    figures: Figures
    results: tuple[Rescored, ...]


def worth_a_look(cosines: NDArray[np.float32], coverages: NDArray[np.float32]) -> NDArray[np.int64]:
    """Places of the nearest candidates, then of those that share most terms; no place twice."""
    nearest = np.argsort(-cosines, kind="stable")
    rest = nearest[NEAREST:]
    sharing = rest[coverages[rest] > 0]
    most = sharing[np.argsort(-coverages[sharing], kind="stable")[:MOST_SHARED]]
    return np.concatenate([nearest[:NEAREST], most])


def look(
    snapshot: Snapshot,
    catalog: Catalog,
    candidates: Candidates,
    tokens: QuestionTokens,
    lang: str,
    filters: Filters,
) -> SecondLook:
    """``tokens``: with the weights that count; ``filters``: what the candidates passed."""
    chosen = worth_a_look(candidates.cosines, candidates.coverages)
    some = tuple(candidates.rows[chosen].tolist())
    interaction = rescore(snapshot, catalog, some, tokens, lang)
    foreign = snapshot.are_foreign(candidates.rows[chosen], lang)
    untranslated = [
        other and not snapshot.has_version(row, lang, filters) for row, other in zip(some, foreign, strict=True)
    ]
    figures = Figures(
        matched=matched(interaction.best, tokens.weights),
        cosines=candidates.cosines[chosen],
        coverages=candidates.coverages[chosen],
        foreign=foreign,
        untranslated=np.array(untranslated, np.bool_),
        common=commonness(interaction.common),
    )
    return SecondLook(chosen=chosen, rows=some, figures=figures, results=interaction.results)
