"""Conditional logistic models: weights of figures that make the right one of several candidates stand out.

In: choices, each with its candidates' figures and which of them are right. Out: weights. Choices without a right
candidate teach nothing and are left out. Pure.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

RIDGE = 1e-4
"""For figures whose weights are near 1."""


class Choice(msgspec.Struct, frozen=True):
    """What could be chosen for one question: figures ``[n, features]``, and which of them is right ``[n]``."""

    figures: NDArray[np.float64]
    right: NDArray[np.bool_]


def fit(choices: Sequence[Choice], ridge: float = RIDGE) -> NDArray[np.float64]:
    """Weights that give the right candidates the largest share of the softmax, on average over questions."""
    usable = [choice for choice in choices if choice.right.any()]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slope = ridge * float(weights @ weights), 2 * ridge * weights
        for choice in usable:
            scores = choice.figures @ weights
            right = choice.figures[choice.right]
            value -= (logsumexp(scores[choice.right]) - logsumexp(scores)) / len(usable)
            slope = slope - (_softmax(scores[choice.right]) @ right - _softmax(scores) @ choice.figures) / len(usable)
        return value, slope

    start = np.zeros(usable[0].figures.shape[1])
    fitted: NDArray[np.float64] = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return fitted


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = np.exp(scores - logsumexp(scores))
    return shares
