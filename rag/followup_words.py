"""The words by which a question shows that it leans on what was said before, as patterns, by language.

In: a language; ``data/followup_words.toml``. Out: patterns over a text as written (NFC), whose offsets hold there.
Refuses nothing: a language without a list gets patterns that find nothing.
"""

import unicodedata
from functools import cache
from importlib.resources import files

import msgspec
import regex

from index.detection import is_function_word
from rag.question_words import normalised, primary, question_words, split_phrases

GLUED = frozenset({"zh", "ja", "th"})
"""Written without spaces: words are found anywhere."""
_LETTER = r"[\p{L}\p{M}\p{N}]"
_NOTHING = regex.compile(r"(?!)")
_SIGH = (
    r"(?:(?:[aoeäöu](?:h+m*|m+)|[ao](?=,)|ach|hm+|oops|ups|u[yf]|a[yi]|euh|а|ах|ой|ай|эм*|哦|啊|あ+|えっと)"
    r"[\s,.!…，、！:—–-]+)?"
)
"""Before "no, I meant"."""


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language of the data file; see there."""

    pronouns: str
    openers: str
    corrections: str
    changes: str
    replaceable: str = ""
    possessive: str = ""
    articles: str = ""
    glued_opener: str = ""
    after: str = ""
    disguised: str = ""
    particles: str = ""


class FollowupWords(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns of one language. Openers, corrections and changes match at the beginning, ``after`` at the end."""

    pronouns: regex.Pattern[str] = _NOTHING
    """In group ``found``; a match without it is a phrase that refers to nothing."""
    replaceable: frozenset[str] = frozenset()
    possessive: frozenset[str] = frozenset()
    articles: frozenset[str] = frozenset()
    openers: regex.Pattern[str] = _NOTHING
    corrections: regex.Pattern[str] = _NOTHING
    changes: regex.Pattern[str] = _NOTHING
    after: regex.Pattern[str] = _NOTHING
    particles: regex.Pattern[str] = _NOTHING
    """What parts words where spaces do not."""


def plain(text: str) -> str:
    """NFC with one apostrophe: what the patterns are held against."""
    return unicodedata.normalize("NFC", text).replace("’", "'")


@cache
def followup_words(lang: str) -> FollowupWords:
    language = primary(lang)
    listed = _data().get(language)
    if listed is None:
        return FollowupWords()
    glued = language in GLUED
    return FollowupWords(
        pronouns=_anywhere(listed, glued=glued),
        replaceable=frozenset(split_phrases(listed.replaceable)),
        possessive=frozenset(split_phrases(listed.possessive)),
        articles=frozenset(split_phrases(listed.articles)),
        openers=_opening(listed.openers, glued=glued, prefix=listed.glued_opener, lang=language),
        corrections=_opening(listed.corrections, glued=glued, sigh=_SIGH),
        changes=_opening(listed.changes, glued=glued),
        after=_compiled(rf"(?:{_either(listed.after)})[\s?？؟!.。;…]*$") if listed.after else _NOTHING,
        particles=_compiled(_either("; ".join(_parting(language)))) if glued else _NOTHING,
    )


def is_asking_word(word: str, lang: str) -> bool:
    """Of what questions of the language ask with, and what for: "how", "many", "price"; no subject of its own."""
    language = primary(lang)
    return is_function_word(word, language) or bool(_asking_word(language).fullmatch(normalised(word)))


def knows_asking_words(lang: str) -> bool:
    return bool(_asking_words(primary(lang)))


@cache
def _asking_word(language: str) -> regex.Pattern[str]:
    return _compiled(_either("; ".join(_asking_words(language))).replace(r"[\p{L}\p{M}]+", r"[\p{L}\p{M}]*"))


@cache
def _asking_words(language: str) -> frozenset[str]:
    words = (word for phrase in _asking_phrases(language) for word in phrase.replace("/", " ").split())
    return frozenset(word for word in words if word.strip("*.") and word != "...")


def _asking_phrases(language: str) -> tuple[str, ...]:
    groups = question_words().languages.get(language, {})
    lists = [listed for group in groups.values() for listed in ([group] if isinstance(group, str) else group.values())]
    return tuple(phrase for listed in lists for phrase in split_phrases(listed))


def _parting(language: str) -> list[str]:
    """Particles, pronouns, and what asks: nothing of a subject."""
    listed = _data()[language]
    asking = [piece for phrase in _asking_phrases(language) for piece in regex.split(r"\.\.\.|[\s/]+", phrase) if piece]
    return [*split_phrases(listed.particles), *split_phrases(listed.pronouns), *split_phrases(listed.after), *asking]


def _anywhere(listed: Listed, *, glued: bool) -> regex.Pattern[str]:
    disguised, found = _either(listed.disguised), _either(listed.pronouns)
    either = f"(?:{disguised})|(?P<found>{found})" if disguised else f"(?P<found>{found})"
    return _compiled(either if glued else rf"(?<!{_LETTER})(?:{either})(?!{_LETTER})")


def _opening(phrases: str, *, glued: bool, prefix: str = "", lang: str = "", sigh: str = "") -> regex.Pattern[str]:
    """``sigh``: what may stand before the phrases."""
    end = "" if glued else rf"(?!{_LETTER})"
    joined = rf"|{prefix}(?=(?:{_either('; '.join(_joined_to(lang)))})(?!{_LETTER}))" if prefix else ""
    return _compiled(rf"^[\s¿¡]*{sigh}(?:(?:{_either(phrases)}){end}{joined})[\s,،、，:：;—–-]*")


def _joined_to(lang: str) -> list[str]:
    """Words before which a conjunction of one letter is written in one piece."""
    return sorted({word for word in _asking_words(lang) if len(word) > 1} | {*split_phrases(_data()[lang].pronouns)})


def _either(phrases: str) -> str:
    """The longest first; ``*`` is any letters, ``$`` the end of the question."""
    longest_first = sorted(split_phrases(phrases), key=len, reverse=True)
    return "|".join(
        r"\s+".join(map(regex.escape, phrase.split()))
        .replace(r"\*", r"[\p{L}\p{M}]+")
        .replace(r"\$", r"(?=[\s?!.;]*$)")
        for phrase in longest_first
    )


def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE)


@cache
def _data() -> dict[str, Listed]:
    source = (files("rag") / "data" / "followup_words.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(source, type=dict[str, Listed])
