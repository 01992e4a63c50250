"""Which of candidates that score alike fits the time that a question asks for: a year, or the newest there is.

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

from index.dates import years
from index.languages import base

_SAME_WORDS = {"no": "nb", "yue": "zh", "ms": "id", "bs": "hr"}


class AskedTime(msgspec.Struct, frozen=True):
    years: frozenset[str]
    newest: bool


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spaced: Mapping[str, tuple[str, ...]]
    unspaced: Mapping[str, tuple[str, ...]]


def asked_time(question: str, lang: str) -> AskedTime:
    """A year goes before the newest."""
    named = years(question)
    pattern = _newest(_SAME_WORDS.get(base(lang), base(lang)))
    return AskedTime(named, not named and pattern is not None and pattern.search(question.casefold()) is not None)


def timeliness(asked: AskedTime, published: Sequence[str | None]) -> NDArray[np.float32]:
    """``[n]``: 1 for an article of the year that is asked for, or for the newest of all; 0 for what has no date."""
    if asked.years:
        return np.array([(date or "")[:4] in asked.years for date in published], np.float32)
    different = sorted({date for date in published if date}) if asked.newest else []
    share = {date: (place + 1) / len(different) for place, date in enumerate(different)}
    return np.array([share.get(date or "", 0.0) for date in published], np.float32)


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
