"""The best candidates again, word by word: late interaction of the question's tokens with each chunk's.

In: candidate rows of a snapshot, a question's tokens. Out: per row a score of the chunk, and of each quotable unit a
score and how much of it the question is about.
Reads the rows' token vectors from the catalog; rows without any score zero.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import regex
from numpy.typing import NDArray

from index.catalog import Catalog
from index.lexical import terms
from index.records import Span
from index.snapshot import Snapshot
from index.token_vectors import QuestionTokens, Tokens, similarities, unpack

RARITY_POWER = 0.5
WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+")
GRAM_MARKS = "~+'"
"""Of terms that are parts of words."""
CONTEXT = 0.5
"""How much of a question token's best match elsewhere in the chunk counts for a unit that lacks a better one."""


class Rescored(msgspec.Struct, frozen=True):
    """Late interaction of one chunk: as a whole, and by quotable unit in order; cosines, at most 1."""

    chunk: float
    units: tuple[float, ...]
    focus: tuple[float, ...]
    """The other way round: for each token of the unit its best question token, on average. Low where a unit speaks
    mostly of other things."""


NOTHING = Rescored(0.0, (), ())


def rescore(
    snapshot: Snapshot, catalog: Catalog, rows: Sequence[int], question: QuestionTokens, lang: str
) -> list[Rescored]:
    """One result per row, in order."""
    packed = catalog.token_vectors({snapshot.chunks[row].vector_key for row in rows})
    means = snapshot.token_means
    question_mean = means.of_questions(lang)
    results = []
    for row in rows:
        data = packed.get(snapshot.chunks[row].vector_key)
        if not data:
            results.append(NOTHING)
            continue
        passage = unpack(data)
        similarity = similarities(question, question_mean, passage, means.of_passages(snapshot.article_of(row).lang))
        results.append(_scored(snapshot, row, passage, similarity, question.weights))
    return results


def rarities(snapshot: Snapshot, question: str, lang: str, tokens: QuestionTokens) -> NDArray[np.float32]:
    """``[tokens]``, 0 to 1: how rare the word of each token is in the index; 1 for tokens outside of words.

    What every article is about tells none of them from another.
    """
    factors = np.ones(len(tokens.weights), np.float32)
    for word in WORD.finditer(question):
        plain = [term for term in terms(word[0], lang) if term[0] not in GRAM_MARKS]
        if plain:
            inside = (tokens.ends > word.start()) & (tokens.starts < word.end())
            factors[inside] = np.mean([snapshot.terms.rarity(term) for term in plain])
    return factors**RARITY_POWER


def _scored(
    snapshot: Snapshot,
    row: int,
    passage: Tokens,
    similarity: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> Rescored:
    if not similarity.size:
        return NOTHING
    stored = snapshot.chunks[row].stored
    best = similarity.max(axis=1)
    shift = stored.prefix - stored.start
    inherited = np.maximum(_best(similarity[:, passage.ends <= _heading_end(snapshot, row)]), CONTEXT * best)
    within = [similarity[:, _touching(passage, unit, shift)] for unit in stored.sentences]
    units = tuple(float(np.maximum(_best(some), inherited) @ weights) for some in within)
    focus = tuple(float(some.max(axis=0).mean()) if some.size else 0.0 for some in within)
    return Rescored(float(best @ weights), units, focus)


def _heading_end(snapshot: Snapshot, row: int) -> int:
    """Where title and headings end in what was embedded: they say what every unit of the chunk is about."""
    stored, title = snapshot.chunks[row].stored, snapshot.article_of(row).title
    text = snapshot.article_of(row).text
    return stored.prefix or (len(title) if text.startswith(title, stored.start) else 0)


def _touching(passage: Tokens, unit: Span, shift: int) -> NDArray[np.bool_]:
    touching: NDArray[np.bool_] = (passage.ends > unit.start + shift) & (passage.starts < unit.end + shift)
    return touching


def _best(similarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """For each question token its best match among the passage tokens; zeros when there are none."""
    best: NDArray[np.float32] = similarity.max(axis=1, initial=0.0)
    return best
