"""The phrase files ``rag/phrases/<tag>.toml``: one language each, read on first use.

In: a BCP 47 tag. Out: that language's phrases; a tag without a file falls back to its base language, then to English.
Refuses, as a fault of the installation, a file with a missing or unknown key or with other placeholders than declared.
"""

from functools import cache
from importlib import resources
from string import Formatter

import msgspec

from index.languages import base, normalise_tag
from rag.errors import ConfigurationError

FALLBACK = "en"
SCRIPT_OF_REGION = {"zh-TW": "zh-Hant", "zh-HK": "zh-Hant", "zh-MO": "zh-Hant"}
PLACEHOLDERS: dict[str, set[str]] = {
    "note": {"details"},
    "according_to": {"title", "note", "quote"},
    "also": {"title", "note", "quote"},
    "as_of": {"date"},
    "ask_about": {"topic"},
}
"""By key; every other phrase has none."""


class Phrases(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one language's file holds. ``{title}`` and ``{quote}`` arrive with their quotation marks."""

    quotes: tuple[str, str, str, str]
    """Opening and closing mark, then those for a quotation within a quotation."""
    list_separator: str
    note: str
    """What follows a title, with its own leading space: the quote's language, its date, or both."""
    according_to: str
    also: str
    """Opens the second and every later source."""
    not_found: str
    nearest: str
    partial: str
    greeting: str
    thanks: str
    goodbye: str
    out_of_scope: str
    """Who answers here, and what can be asked."""
    disagreement: str
    """That sources contradict each other, and that the newest stands first."""
    as_of: str
    ask_about: str
    """Asks what the articles say about something; ``{topic}`` arrives with its quotation marks."""
    greetings: tuple[str, ...]
    thanks_words: tuple[str, ...]
    goodbyes: tuple[str, ...]
    about_questions: tuple[str, ...]
    chatter: tuple[str, ...]
    """What asks nothing: laughter, tests, insults, compliments."""
    own_only: tuple[str, ...]
    """Of these, what means something else in other languages, or is more often said in another one."""


def phrases(lang: str) -> Phrases:
    """The phrases for a reader of ``lang``."""
    return _load(nearest_language(lang))


def nearest_language(lang: str) -> str:
    """The supported tag that serves a reader of ``lang``: itself, its base language, or English."""
    tag = normalise_tag(lang) or FALLBACK
    candidates = (SCRIPT_OF_REGION.get(tag, tag), tag.rpartition("-")[0], base(tag))
    return next((candidate for candidate in candidates if candidate in supported_languages()), FALLBACK)


@cache
def supported_languages() -> frozenset[str]:
    """Tags that have a file of their own."""
    names = (file.name for file in resources.files("rag").joinpath("phrases").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def parse_phrases(source: str, tag: str) -> Phrases:
    """The content of one file. Raises ConfigurationError naming the language and the key."""
    try:
        found = msgspec.toml.decode(source, type=Phrases)
    except msgspec.DecodeError as exc:
        raise ConfigurationError(f"The phrases for {tag} are not usable: {exc}.") from exc
    for key in Phrases.__struct_fields__:
        _check_placeholders(getattr(found, key), key, tag)
    return found


def _check_placeholders(value: object, key: str, tag: str) -> None:
    declared = PLACEHOLDERS.get(key, set())
    try:
        names = (
            [name for _, name, _, _ in Formatter().parse(value) if name is not None] if isinstance(value, str) else []
        )
    except ValueError as exc:
        raise ConfigurationError(f"The phrase {key} for {tag} has an unpaired brace.") from exc
    if sorted(names) != sorted(declared):
        expected = ", ".join(f"{{{name}}}" for name in sorted(declared)) or "no placeholders"
        raise ConfigurationError(f"The phrase {key} for {tag} must have {expected}, each once.")


@cache
def _load(tag: str) -> Phrases:
    source = resources.files("rag").joinpath("phrases", f"{tag}.toml").read_text(encoding="utf-8")
    return parse_phrases(source, tag)
