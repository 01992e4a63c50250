"""What the bot itself says, in the reader's language; the answers are worded elsewhere.

In: a BCP 47 tag. Out: that language's words; those of its base language or English where it has none. Refuses, as a
fault of the installation, a file with a missing or unknown key.
"""

from functools import cache
from importlib import resources

import msgspec

from index.languages import base

FALLBACK = "en"
_SAME_READERS = {"nn": "nb", "no": "nb"}


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language of ``words.toml``."""

    searching: str
    """Follows the bot's name; so does ``writing``."""
    writing: str
    busy: str
    failed: str
    too_long: str
    ask: str
    notice: str
    helpful: str
    not_helpful: str
    why_title: str
    why: str
    wrong: str
    outdated: str
    missing_source: str
    wrong_language: str
    other: str
    comment: str
    send: str
    close: str
    ask_human: str
    human_called: str
    """With ``{user}`` and ``{group}``."""
    passage: str
    changed: str
    forgotten: str
    nothing_stored: str


def words(lang: str | None) -> Words:
    every = all_words()
    tag = base(lang or FALLBACK)
    return every.get(_SAME_READERS.get(tag, tag)) or every[FALLBACK]


@cache
def all_words() -> dict[str, Words]:
    """By language."""
    source = resources.files("rag").joinpath("slack", "words.toml").read_bytes()
    return msgspec.toml.decode(source, type=dict[str, Words])
