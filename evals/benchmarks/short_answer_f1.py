"""How well a short answer matches: F1 of words as SQuAD counts it, in every script.

In: what was marked and the right answers. Out: 0 to 1. English articles and punctuation count for nothing; Chinese,
Japanese and Thai are compared by characters. Pure.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from index.languages import base

BY_CHARACTER = frozenset({"zh", "ja", "th"})
ARTICLES = frozenset({"a", "an", "the"})


def best_f1(marked: str, answers: Sequence[str], lang: str) -> float:
    """Against the answer that it matches best; 0 for no answers."""
    return max((f1(marked, answer, lang) for answer in answers), default=0.0)


def f1(marked: str, answer: str, lang: str) -> float:
    """Harmonic mean of the shares of each one's words that the other has."""
    ours, theirs = _words(marked, lang), _words(answer, lang)
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * shared / (len(ours) + len(theirs)) if shared else 0.0


def _words(text: str, lang: str) -> list[str]:
    plain = unicodedata.normalize("NFC", text).casefold()
    spaced = "".join(" " if unicodedata.category(character)[0] == "P" else character for character in plain)
    if base(lang) in BY_CHARACTER:
        return [character for character in spaced if not character.isspace()]
    return [word for word in spaced.split() if word not in ARTICLES]
