"""A sentence of an LLM as plain text, or nothing: no link, no image, no HTML, nothing invisible.

In: one sentence. Out: the same words without the marks of Markdown; None where something in it would lead elsewhere or
be run, however it is written. What articles link to is shown as their address, never out of an LLM's text.
"""

import unicodedata
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import msgspec
import regex

from rag.prompt import neutral

_LIST_MARK = regex.compile(r"^\s*(?:[-*•–]|#{1,6}|>+|\d{1,2}[.)])\s+")
_EMPHASIS = regex.compile(r"(\*{1,3}|_{1,3}|`{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?!\w)")
_LOOSE_MARK = regex.compile(r"\*{2,}|`+|(?<!\w)_{2,}|_{2,}(?!\w)")
_SPACE = regex.compile(r"\s+")
_AROUND_WORDS = ".,;:!?()\"'“”„«»‘’"
_LEADS_ON = regex.compile(r"[@/\\%]")
"""Beside the name of a host: what makes an address of it."""
_DENIED = (
    regex.compile(r":\s*/\s*/|\b(?:javascript|vbscript|mailto|tel|file):\S|\bdata:\w+/", regex.I),
    regex.compile(r"\bwww\s*\.|\S@\S+\.\S|//\S+\.", regex.I),
    regex.compile(r"</?\s*\p{L}|<!|<\?|&#?\w{1,31};|\\[ux]\{?[0-9a-f]{2}|%[0-9a-f]{2}%", regex.I),
    regex.compile(r"!\[|\]\s*\(|\]\s*\[|\]\s*:|[\[【][\d\s,;†^–-]*[\]】]"),
    regex.compile(r"[|]\s*:?-{2,}|```|\$\$|\{\{|<%"),
)
"""Addresses and mail; HTML and its entities; links, images and notes; tables, code and forms."""


class _TopLevels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ends of the names of hosts that are not in Latin letters."""

    top_levels: tuple[str, ...]


@cache
def _host() -> regex.Pattern[str]:
    """A label of two characters at least, and a top level; behind one in Latin letters other scripts may go on."""
    data = (files("rag") / "data" / "top_levels.toml").read_bytes()
    others = "|".join(msgspec.toml.decode(data, type=_TopLevels).top_levels)
    latin = r"(?:[a-z]{2,24}|xn--[a-z0-9-]{2,40})(?![\p{Latin}\p{M}\p{N}])"
    labels = r"(?<![\p{L}\p{N}])(?:[\p{L}\p{M}\p{N}-]{2,}\.)+"
    return regex.compile(rf"{labels}(?:{latin}|(?:{others})(?![\p{{L}}\p{{M}}\p{{N}}]))", regex.I)


def plain(sentence: str) -> str | None:
    """None for a sentence that must not be shown, and for one without words."""
    text = plain_but_hosts(sentence)
    return None if text is None or hosts(text) else text


def hosts(text: str) -> list[str]:
    """Names of hosts, and what looks like one."""
    return [
        found
        for folded in dict.fromkeys((text, unicodedata.normalize("NFKC", text)))
        for found in _host().findall(folded)
    ]


def names_only(text: str, address: str | None) -> bool:
    """Whether every host in it is that of ``address``, and stands there as a word: no path, port or mailbox at it.
    Letters of another script may follow."""
    own = _host_of(address)
    folded = unicodedata.normalize("NFKC", text)
    words = [word.strip(_AROUND_WORDS) for word in folded.split() if _host().search(word)]
    return bool(own) and not _LEADS_ON.search(folded) and all(_is_own(word, own) for word in words)


def _is_own(word: str, own: str) -> bool:
    """Whether the word is that host, with no more than letters of another script right at it."""
    rest = _host().sub("", word)
    return {found.casefold() for found in _host().findall(word)} == {own} and (not rest or rest.isalpha())


def _host_of(address: str | None) -> str:
    """Empty where there is none."""
    try:
        return (urlsplit(address or "").hostname or "").removeprefix("www.")
    except ValueError:  # such as an IPv6 address without its end
        return ""


def plain_but_hosts(sentence: str) -> str | None:
    """The same, where names of hosts do not matter."""
    text: str = neutral(unicodedata.normalize("NFC", sentence))
    while not _is_denied(text):
        bare = neutral(_without_marks(text))
        if bare == text:
            return text if any(map(str.isalnum, text)) else None
        text = bare  # what stood apart may have come together
    return None


def _without_marks(text: str) -> str:
    bare = _LOOSE_MARK.sub("", _EMPHASIS.sub(r"\2", _LIST_MARK.sub("", text)))
    return _SPACE.sub(" ", bare).strip()


def _is_denied(text: str) -> bool:
    return any(denied.search(folded) for folded in {text, unicodedata.normalize("NFKC", text)} for denied in _DENIED)
