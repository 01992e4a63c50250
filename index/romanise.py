"""Letters of other scripts in Latin, and the consonant skeleton of a word, by which names meet across languages.

In: one case-folded word without diacritics. Out: rough Latin; letters that ``data/romanise.toml`` lacks stay.
"""

import tomllib
from functools import cache
from importlib.resources import files

import regex

_UNHEARD = str.maketrans("cqpfvzgx", "kkbbbsjk", "aeiouwyh")
"""Letters that languages exchange become one; vowels and half-vowels, which many scripts leave out, go."""
_REPEATED = regex.compile(r"(.)\1+")


def romanised(word: str) -> str:
    """``варшава`` is ``varshava``, ``أودي`` without its hamza ``awdy``."""
    return word if word.isascii() else word.translate(_letters())


def skeleton(latin: str) -> str:
    """Consonants in classes: ``brussels``, ``bryussel`` and ``brwksl`` are ``brsls``, ``brsl`` and ``brksl``."""
    return _REPEATED.sub(r"\1", latin.translate(_UNHEARD))


@cache
def _letters() -> dict[int, str]:
    data = tomllib.loads((files("index") / "data" / "romanise.toml").read_text(encoding="utf-8"))
    table: dict[int, str] = {}
    letter = ""
    for piece in " ".join(data.values()).split():
        if piece.isascii():
            table[ord(letter)] = piece
        else:
            letter = piece
            table[ord(letter)] = ""
    return table
