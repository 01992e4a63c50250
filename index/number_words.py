"""Units and multipliers as they are written beside numbers, in the languages of ``data/numbers.toml``.

In: a text and the offset where a number ends or starts. Out: the canonical unit or the powers of ten that stand
there, and where they end or start. What is no known spelling is None.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import regex

Groups = Mapping[str, Mapping[str, list[str]]]
_GAP = r"[ \u00a0\u2009\u202f-]?"
_WORD_END = r"(?![\p{L}\p{M}\d])"
_LONGEST_BEFORE = 8


class Spellings:
    """Compiled once from the data file, immutable afterwards."""

    def __init__(self, units: Groups, multipliers: Mapping[str, Mapping[str, list[int]]]) -> None:
        words, glued = _by_form(units["words"]), _by_form(units["glued"])
        self._symbols = _by_form(units["symbols"])
        self._units = {form.casefold(): unit for form, unit in (words | glued).items()}
        self._before = _by_form(units["before"])
        self._powers = {form: tuple(powers) for group in multipliers.values() for form, powers in group.items()}
        self._unit = _pattern(self._symbols, words, glued)
        self._multiplier = _pattern((), multipliers["words"], multipliers["glued"])
        self._prefix = regex.compile(rf"(?<![\p{{L}}\p{{M}}\d])(?:{_alternatives(self._before)})[ \u00a0\u202f]?$")

    def unit_after(self, text: str, end: int) -> tuple[str, int] | None:
        match = self._unit.match(text, end)
        if match is None:
            return None
        form = match["form"]
        return self._symbols.get(form) or self._units[form.casefold()], match.end()

    def unit_before(self, text: str, floor: int, start: int) -> tuple[str, int] | None:
        """Looks back from ``start``, not beyond ``floor``."""
        window = max(floor, start - _LONGEST_BEFORE)
        match = self._prefix.search(text, window, start)
        return (self._before[match[0].rstrip(" \u00a0\u202f")], match.start()) if match else None

    def multiplier_after(self, text: str, end: int) -> tuple[tuple[int, ...], int] | None:
        match = self._multiplier.match(text, end)
        if match is None or self._longer_unit(text, end, match.end()):
            return None
        return self._powers[match["form"].casefold()], match.end()

    def _longer_unit(self, text: str, end: int, multiplier_end: int) -> bool:
        """千 is a thousand, but 千瓦 is a kilowatt."""
        unit = self._unit.match(text, end)
        return unit is not None and unit.end() > multiplier_end


@cache
def spellings() -> Spellings:
    data = tomllib.loads((files("index") / "data" / "numbers.toml").read_text(encoding="utf-8"))
    return Spellings(data["units"], data["multipliers"])


def _by_form(units: Mapping[str, list[str]]) -> dict[str, str]:
    return {form: unit for unit, forms in units.items() for form in forms}


def _pattern(symbols: Iterable[str], words: Iterable[str], glued: Iterable[str]) -> regex.Pattern[str]:
    whole = rf"(?:{_alternatives(symbols)})|(?i:{_alternatives(words)})"
    return regex.compile(rf"{_GAP}(?P<form>(?:{_alternatives(glued)})|(?:{whole}){_WORD_END})")


def _alternatives(forms: Iterable[str]) -> str:
    """Longest first; what matches nothing where there are none."""
    return "|".join(regex.escape(form) for form in sorted(forms, key=len, reverse=True)) or "(?!)"
