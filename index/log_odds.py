"""A share as log-odds, in which evidence adds up. Pure."""

from math import log

_SUREST = 1e-4
"""Shares are rounded: none says more than one in ten thousand."""


def log_odds(share: float) -> float:
    """``share`` from 0 to 1; finite at both ends."""
    share = min(max(share, _SUREST), 1 - _SUREST)
    return log(share / (1 - share))
