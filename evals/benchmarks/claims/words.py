"""The test bed's own word lists.

In: ``words.toml`` beside this file. Out: its tables, by language. Refuses tables that it does not know.
"""

from functools import cache
from pathlib import Path

import msgspec


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every table by language."""

    negations: dict[str, list[tuple[str, str]]]
    opposites: dict[str, str]
    units: dict[str, list[str]]
    months: dict[str, list[str]]
    spelled_units: dict[str, list[str]]
    number_words: dict[str, list[str]]
    synonyms: dict[str, list[str]]


@cache
def words() -> Words:
    return msgspec.toml.decode(Path(__file__).with_name("words.toml").read_bytes(), type=Words)
