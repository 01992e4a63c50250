"""Which passage of one version stands for which of another: sentences, rows and items in pairs, in their order.

In: how alike each passage of the one is to each of the other. Out: pairs of places, ascending in both; a passage
without a counterpart is in none. Method: global alignment (Needleman and Wunsch, 1970). Translations keep the order of
what they say, so a sentence that two others resemble goes with the one between the same neighbours. Pure; takes time
and memory by the product of both lengths.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def aligned(gains: Floats) -> list[tuple[int, int]]:
    """The pairs with the greatest sum of ``gains [n, m]``; below 0, two passages are rather without a counterpart."""
    best = _best_sums(gains)
    pairs = []
    row, column = gains.shape
    while row and column:
        if best[row, column] == best[row - 1, column]:
            row -= 1
        elif best[row, column] == best[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((row, column))
    return pairs[::-1]


def _best_sums(gains: Floats) -> Floats:
    """``[n + 1, m + 1]``: of the first so many passages of both."""
    rows, columns = gains.shape
    best = np.zeros((rows + 1, columns + 1), np.float32)
    for row in range(rows):
        taken = np.maximum(best[row, :-1] + gains[row], best[row, 1:])
        best[row + 1, 1:] = np.maximum.accumulate(taken)
    return best
