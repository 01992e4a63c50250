"""Which of candidates that score alike fits the time that a question asks for: a year, a day, or the newest there is.

In: a question, its language, when candidates were published. Out: from 0 to 1 for each. A question that names no time
prefers none, and an article without a date fits none. Pure; a preference, never a filter.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.dates import dates, years
from index.languages import base

_SAME_WORDS = {"no": "nb", "yue": "zh", "ms": "id", "bs": "hr"}


OF_THE_YEAR = 0.5
"""How well an article of the same year fits where a month or a day is asked for."""


class AskedTime(msgspec.Struct, frozen=True):
    years: frozenset[str]
    newest: bool
    days: frozenset[str] = frozenset()
    """ISO 8601, or months: what is asked for more precisely than by its year."""


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spaced: Mapping[str, tuple[str, ...]]
    unspaced: Mapping[str, tuple[str, ...]]


def asked_time(question: str, lang: str) -> AskedTime:
    """A year goes before the newest."""
    named = years(question)
    days = frozenset(reading for date in dates(question) for reading in date.readings if reading[:4] in named)
    pattern = _newest(_SAME_WORDS.get(base(lang), base(lang)))
    return AskedTime(named, not named and pattern is not None and pattern.search(question.casefold()) is not None, days)


def timeliness(asked: AskedTime, published: Sequence[str | None]) -> NDArray[np.float32]:
    """``[n]``: 1 for an article of the time that is asked for, or for the newest of all; 0 for what has no date."""
    if asked.years:
        return np.array([_fit(asked, date) if date else 0.0 for date in published], np.float32)
    different = sorted({date for date in published if date}) if asked.newest else []
    share = {date: (place + 1) / len(different) for place, date in enumerate(different)}
    return np.array([share.get(date or "", 0.0) for date in published], np.float32)


def _fit(asked: AskedTime, published: str) -> float:
    """An article that is dated by its month alone may be of any of its days."""
    if not asked.days:
        return float(published[:4] in asked.years)
    if any(published.startswith(day) or day.startswith(published) for day in asked.days):
        return 1.0
    return OF_THE_YEAR * (published[:4] in asked.years)


@cache
def _newest(lang: str) -> re.Pattern[str] | None:
    words = _words()
    if lang in words.unspaced:
        return re.compile("|".join(words.unspaced[lang]))
    beginnings = [re.escape(word.casefold()) for word in words.spaced.get(lang, ())]
    return re.compile(rf"(?<!\w)(?:{'|'.join(beginnings)})") if beginnings else None


@cache
def _words() -> _Words:
    return msgspec.toml.decode((files("index") / "data" / "newest.toml").read_bytes(), type=_Words)
