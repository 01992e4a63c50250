"""Means of languages: an index's own where it has many chunks, the prior's where it has few."""

import numpy as np
import pytest

from index.language_means import (
    NO_TOKEN_MEANS,
    SHIPPED_PRIOR_CHUNKS,
    Prior,
    bundled_prior,
    token_means,
    vector_means,
)
from index.token_vectors import TOKEN_DIM

AXES = np.eye(TOKEN_DIM, dtype=np.float32)
PRIOR = Prior(
    vectors={"": np.array([1, 1], np.float32), "de": np.array([2, 0], np.float32)},
    tokens={"": AXES[0], "de": AXES[1]},
    question_shift=AXES[9],
    common=AXES[20:22],
)


def means_of(size: int, lang: str) -> list[float]:
    """For a language of so many chunks, all of them (0, 4)."""
    sums = np.array([[0, 4 * size]], np.float32)
    found: list[float] = vector_means(sums, np.array([size], np.float32), [lang], PRIOR)[0].tolist()
    return found


def test_a_language_of_many_chunks_has_its_own_mean() -> None:
    assert means_of(1_000_000, "de") == pytest.approx([0, 4], abs=0.01)


def test_a_language_of_few_chunks_is_drawn_to_the_prior() -> None:
    # As many chunks as the prior counts for: half way between (0, 4) and (2, 0).
    assert means_of(SHIPPED_PRIOR_CHUNKS, "de") == pytest.approx([1, 2])


def test_a_region_has_its_languages_prior_and_an_unknown_language_that_over_all() -> None:
    assert means_of(0, "de-AT") == pytest.approx([2, 0])
    assert means_of(0, "sw") == pytest.approx([1, 1])


def test_no_language_has_no_mean() -> None:
    assert vector_means(np.zeros((0, 2), np.float32), np.zeros(0, np.float32), [], PRIOR).shape == (0, 2)


def test_a_language_without_articles_has_the_priors_tokens() -> None:
    means = token_means({"de": (10**6, AXES[5])}, PRIOR)
    assert means.of_passages("de") == pytest.approx(AXES[5], abs=0.01)
    assert means.of_passages("sw") == pytest.approx(AXES[0])


def test_questions_lie_beside_passages_of_their_language() -> None:
    assert token_means({"de": (0, AXES[5])}, PRIOR).of_questions("de") == pytest.approx(AXES[1] + AXES[9])


def test_without_a_prior_a_small_language_is_drawn_to_the_mean_over_languages() -> None:
    means = token_means({"de": (20, AXES[1]), "en": (20, AXES[2])}, None)
    assert means.of_passages("de") == pytest.approx(0.75 * AXES[1] + 0.25 * AXES[2])
    assert means.of_questions("de") == pytest.approx(means.of_passages("de"))


def test_without_tokens_there_are_no_means_to_take_away() -> None:
    assert token_means({}, None) is NO_TOKEN_MEANS
    assert not NO_TOKEN_MEANS.of_questions("en").any()


def test_the_prior_of_the_bundled_model_has_every_language_in_both_spaces() -> None:
    prior = bundled_prior()
    assert prior.vectors.keys() == prior.tokens.keys() >= {"", "en", "de", "zh"}
    assert {mean.shape for mean in prior.vectors.values()} == {(384,)}
    assert {mean.shape for mean in prior.tokens.values()} == {(TOKEN_DIM,)}


def test_what_questions_have_in_common_comes_with_the_prior_and_without_one_is_nothing() -> None:
    found = {"de": (10, AXES[3])}
    assert token_means(found, PRIOR).common.tolist() == AXES[20:22].tolist()
    assert token_means(found, None).common.shape == (0, TOKEN_DIM)


def test_the_bundled_common_tokens_have_unit_norm() -> None:
    assert np.linalg.norm(bundled_prior().common, axis=1) == pytest.approx(1.0)
