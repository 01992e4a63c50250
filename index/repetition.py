"""Passages that say again what another one says: the same article in two places, a notice under every page.

In: hits. Out: whether one repeats another. Only what differs in a few small words counts as the same: a figure or a
name makes another passage of it. Pure.
"""

from collections import Counter

from index.records import Hit

MOST_DIFFERING = 0.05
"""Share of the words."""
_MARKS = ".,;:!?()[]\"'«»„“”‘’"


def repeats(hit: Hit, other: Hit) -> bool:
    """In one language, under one title and the same headings."""
    same_place = (hit.lang, hit.title, hit.headings) == (other.lang, other.title, other.headings)
    return same_place and (hit.text == other.text or _nearly_same(hit.text, other.text))


def _nearly_same(text: str, other: str) -> bool:
    if abs(len(text) - len(other)) > MOST_DIFFERING * max(len(text), len(other)):
        return False
    words, others = Counter(text.split()), Counter(other.split())
    differing = (words - others) + (others - words)
    few = differing.total() <= MOST_DIFFERING * max(words.total(), others.total())
    return few and all(word.strip(_MARKS).islower() for word in differing)
