"""The best candidates again, word by word: late interaction of the question's tokens with each chunk's.

In: candidate rows of a snapshot, a question's tokens. Out: per row a score of the chunk, and of each quotable unit a
score and how much of it the question is about; and what ranking makes its own score of.
Reads the rows' token vectors from the catalog; rows without any score zero.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import regex
from numpy.typing import NDArray

from index.catalog import Catalog
from index.interaction import STRIDE, Floats, Passages, Runs, cosines, joined, maxima, means, touching, unit, whole
from index.lexical import terms
from index.side_by_side import SideBySide
from index.snapshot import Snapshot
from index.token_vectors import QuestionTokens

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
    tokens: SideBySide | None = None
    """What the figures were computed from."""


NOTHING = Rescored(0.0, (), ())


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """Of a question with several chunks, in the order of their rows."""

    results: tuple[Rescored, ...]
    best: Floats
    """``[question tokens, rows]``: the cosine of each question token with the nearest token of each chunk."""
    common: Floats
    """``[common tokens, rows]``: the same of the tokens that questions commonly have (``TokenMeans.common``)."""


def rescore(
    snapshot: Snapshot, catalog: Catalog, rows: Sequence[int], question: QuestionTokens, lang: str
) -> Interaction:
    """``question``: with the weights that count."""
    stored = catalog.token_vectors({snapshot.chunks[row].vector_key for row in rows})
    packed = [stored.get(snapshot.chunks[row].vector_key, b"") for row in rows]
    centres = [snapshot.token_means.of_passages(snapshot.article_of(row).lang) for row in rows]
    passages = joined(packed, centres)
    asked = unit(question.vectors, snapshot.token_means.of_questions(lang))
    both = cosines(np.concatenate([asked, snapshot.token_means.common]), passages)
    best = maxima(both, whole(passages))
    own = len(asked)
    results = _results(snapshot, rows, passages, both[:, :own], best[:, :own], question.weights)
    pair = SideBySide(
        question=asked.tobytes(), weights=question.weights.astype(np.float32).tobytes(), passage=b"", mean=b"", prefix=0
    )
    return Interaction(
        results=tuple(
            msgspec.structs.replace(
                result,
                tokens=msgspec.structs.replace(
                    pair, passage=data, mean=centre.tobytes(), prefix=snapshot.chunks[row].stored.prefix
                ),
            )
            if result.units
            else result
            for result, row, data, centre in zip(results, rows, packed, centres, strict=True)
        ),
        best=best[:, :own].T,
        common=best[:, own:].T,
    )


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


def _results(
    snapshot: Snapshot,
    rows: Sequence[int],
    passages: Passages,
    similarity: Floats,
    best: Floats,
    weights: Floats,
) -> tuple[Rescored, ...]:
    of_unit, within = _units(snapshot, rows, passages)
    inherited = np.maximum(maxima(similarity, _headings(snapshot, rows, passages)), CONTEXT * best)
    unit_best = np.maximum(maxima(similarity, within), inherited[of_unit])
    units = (unit_best @ weights).tolist()
    focus = means(similarity.max(axis=1, initial=-1.0), within).tolist()
    chunks = (best @ weights).tolist()
    sizes = np.bincount(of_unit, minlength=len(rows))
    ends = np.cumsum(sizes).tolist()
    return tuple(
        Rescored(chunks[number], tuple(units[end - size : end]), tuple(focus[end - size : end])) if tokens else NOTHING
        for number, (size, end, tokens) in enumerate(
            zip(sizes.tolist(), ends, np.diff(passages.bounds).tolist(), strict=True)
        )
    )


def _units(snapshot: Snapshot, rows: Sequence[int], passages: Passages) -> tuple[NDArray[np.int64], Runs]:
    """The quotable units of all rows: which row each is of, and its tokens."""
    spans = []
    for number, row in enumerate(rows):
        stored = snapshot.chunks[row].stored
        shift = number * STRIDE + stored.prefix - stored.start
        spans += [(number, unit.start + shift, unit.end + shift) for unit in stored.sentences]
    numbers, starts, ends = np.array(spans, np.int64).reshape(-1, 3).T
    return numbers, touching(passages, starts, ends)


def _headings(snapshot: Snapshot, rows: Sequence[int], passages: Passages) -> Runs:
    """The tokens of title and headings, in each row: they say what every unit of the chunk is about."""
    ends = [number * STRIDE + _heading_end(snapshot, row) for number, row in enumerate(rows)]
    first = passages.bounds[:-1]
    return Runs(first=first, last=np.maximum(first, np.searchsorted(passages.ends, ends, side="right")))


def _heading_end(snapshot: Snapshot, row: int) -> int:
    """Where title and headings end in what was embedded. A text without a title is called by its first sentence, which
    is a unit like any other."""
    stored, article = snapshot.chunks[row].stored, snapshot.article_of(row)
    if stored.prefix:
        return stored.prefix
    begins = article.text.startswith(article.title, stored.start)
    is_unit = bool(stored.sentences) and stored.sentences[0].start == stored.start
    return len(article.title) if begins and not is_unit else 0
