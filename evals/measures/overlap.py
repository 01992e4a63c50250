"""How much of an expected fragment a quote covers. Pure.

In: two texts. Out: ranges of the fragment's characters. Both are slices of one article, so what they share is one
stretch: all of the fragment, all of the quote, or an end of one that is the beginning of the other. Stretches of fewer
than ten characters meet by chance and count for nothing, unless they are the whole fragment.
"""

from collections.abc import Iterable

from evals.golden import holds, normalise

_LEAST_CHARS = 10


def covered_share(fragment: str, quotes: Iterable[str]) -> float:
    """0 to 1: characters of the fragment, normalised, that at least one of the quotes covers."""
    wanted = normalise(fragment)
    covered = {at for quote in quotes for at in _covered(wanted, normalise(quote))}
    return len(covered) / len(wanted)


def _covered(wanted: str, quote: str) -> range:
    if holds(quote, wanted):
        return range(len(wanted))
    if len(quote) >= _LEAST_CHARS and quote in wanted:
        start = wanted.index(quote)
        return range(start, start + len(quote))
    longest = min(len(wanted), len(quote)) - 1
    for chars in range(longest, _LEAST_CHARS - 1, -1):
        if quote.endswith(wanted[:chars]):
            return range(chars)
        if quote.startswith(wanted[-chars:]):
            return range(len(wanted) - chars, len(wanted))
    return range(0)
