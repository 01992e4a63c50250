"""Where each language lies in the space of vectors: what its texts have in common whatever they say.

In: an index's vectors by language, and a prior. Out: means, which search takes away before it compares (LIR, arXiv
2109.04727). A language with few articles cannot tell its own direction from their subject, so its mean is drawn to
the prior's, the more the fewer chunks it has. The prior of the bundled model is data that
``evals/benchmarks/fit_language_means.py`` computes; other models have none: the mean over languages stands in. Pure.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.languages import base
from index.model_identity import BUNDLED
from index.records import Vectors
from index.token_vectors import TOKEN_DIM

PRIOR_FILE = "language_means.npz"
COMMON_FILE = "common_tokens.npz"
PRIOR_CHUNKS = 20
"""A language's mean counts as much as this many chunks of the mean over all languages."""
SHIPPED_PRIOR_CHUNKS = 60
"""The same for a prior that ships with the model."""

Vector = NDArray[np.float32]


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """Means of a model by language, and under the empty name over languages."""

    vectors: Mapping[str, Vector]
    tokens: Mapping[str, Vector]
    question_shift: Vector
    """``[TOKEN_DIM]``: from the mean token of passages to that of questions, alike in all languages."""
    common: Vector
    """``[n, TOKEN_DIM]``, unit norm: what tokens of questions commonly lie near, less the mean, in any language."""


class TokenMeans(msgspec.Struct, frozen=True, kw_only=True):
    """Mean tokens of an index by language, with the prior's for languages that it does not hold."""

    passages: Mapping[str, Vector]
    question_shift: Vector
    common: Vector

    def of_passages(self, lang: str) -> Vector:
        """``[TOKEN_DIM]``; of all languages where this one has none."""
        found = self.passages.get(lang)
        return self.passages.get(base(lang), self.passages[""]) if found is None else found

    def of_questions(self, lang: str) -> Vector:
        shifted: Vector = self.of_passages(lang) + self.question_shift
        return shifted


NO_TOKEN_MEANS = TokenMeans(
    passages={"": np.zeros(TOKEN_DIM, np.float32)},
    question_shift=np.zeros(TOKEN_DIM, np.float32),
    common=np.zeros((0, TOKEN_DIM), np.float32),
)


@cache
def bundled_prior() -> Prior:
    """Of the bundled model."""
    with (files("index") / "data" / PRIOR_FILE).open("rb") as file, np.load(file) as data:
        langs = [str(lang) for lang in data["langs"]]
        return Prior(
            vectors=dict(zip(langs, data["vectors"].astype(np.float32), strict=True)),
            tokens=dict(zip(langs, data["tokens"].astype(np.float32), strict=True)),
            question_shift=data["question_shift"].astype(np.float32),
            common=_common_tokens(),
        )


def _common_tokens() -> Vector:
    """Computed by ``evals/benchmarks/fit_common_tokens.py``."""
    with (files("index") / "data" / COMMON_FILE).open("rb") as file, np.load(file) as data:
        common = data["common"].astype(np.float32)
    unit: Vector = common / np.linalg.norm(common, axis=1, keepdims=True)
    return unit


def prior_of(model: str, dim: int) -> Prior | None:
    """The prior that ships for a model, if its vectors have this dimension; None where none does."""
    prior = bundled_prior() if model == BUNDLED else None
    return prior if prior and prior.vectors[""].shape == (dim,) else None


def vector_means(sums: Vectors, sizes: NDArray[np.float32], langs: list[str], prior: Prior | None) -> Vectors:
    """``[languages, dim]`` from the sum and number of each language's vectors."""
    if not langs:
        return sums
    overall = (sums / np.maximum(sizes, 1)[:, None]).mean(axis=0)
    drawn_to = np.stack([_nearest(prior.vectors, lang) if prior else overall for lang in langs])
    weight = SHIPPED_PRIOR_CHUNKS if prior else PRIOR_CHUNKS
    means: Vectors = (sums + weight * drawn_to) / (sizes[:, None] + weight)
    return means


def token_means(found: Mapping[str, tuple[int, Vector]], prior: Prior | None) -> TokenMeans:
    """From the number of each language's chunks and their mean token."""
    if prior:
        drawn = {lang: _drawn(one, _nearest(prior.tokens, lang), SHIPPED_PRIOR_CHUNKS) for lang, one in found.items()}
        return TokenMeans(passages={**prior.tokens, **drawn}, question_shift=prior.question_shift, common=prior.common)
    if not found:
        return NO_TOKEN_MEANS
    overall: Vector = np.stack([mean for _, mean in found.values()]).mean(axis=0).astype(np.float32)
    drawn = {lang: _drawn(one, overall, PRIOR_CHUNKS) for lang, one in found.items()}
    return msgspec.structs.replace(NO_TOKEN_MEANS, passages={"": overall, **drawn})


def _drawn(found: tuple[int, Vector], prior: Vector, weight: int) -> Vector:
    size, mean = found
    drawn: Vector = ((size * mean + weight * prior) / (size + weight)).astype(np.float32)
    return drawn


def _nearest(means: Mapping[str, Vector], lang: str) -> Vector:
    return means.get(base(lang), means[""])
