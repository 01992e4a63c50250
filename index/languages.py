"""Language tags: from a path, from a declaration, and the decision between these and the text itself.

In: article paths, front matter values, texts. Out: normalised BCP 47 tags (``nb``, ``pt-BR``, ``zh-Hant``).
Refuses nothing: what names no language is None, what shows none is ``und``.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import PurePosixPath

from index.detection import DETECTABLE, RELATIVES, UNDETERMINED, detect, detect_question, function_word_share

__all__ = ["UNDETERMINED", "base", "decide", "detect", "detect_question", "is_rtl", "normalise_tag", "split_path"]

_RTL = frozenset({"ar", "fa", "he", "ur", "ps", "ckb", "yi", "dv", "sd", "ug"})
_PUBLISHED = frozenset(
    re.split(
        r"\s+",
        """af am ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fil fo fr ga gl gu he hi hr hu hy id in is it
        iw ja ka kk km kn ko ky lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru se si sk sl so sq sr
        sv sw ta te th tl tr uk ur uz vi xh yi yo zh zu""",
    )
)
"""Codes that count as a language in a path. ISO 639 has more, but ``min`` or ``ts`` is rarely meant as one."""
_LONG_LETTERS, _PLAIN_SHARE = 200, 0.6
"""From how many letters on, and with which share of them, a text overrules its name."""
_PROSE_SHARE = 0.1
"""Share of function words from which on a piece of text counts in full; tables of names and units have few."""
_PIECE_CHARS, _MAX_PIECES = 500, 16
_CONTENT_FOLDERS = frozenset({"content", "docs", "pages"})
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?(?:[-_.@].*)?", re.IGNORECASE)
_PATH_TAG = re.compile(r"[a-z]{2,3}(?:[-_][a-z]{4})?(?:[-_](?:[a-z]{2}|419))?", re.IGNORECASE)


def normalise_tag(tag: str) -> str | None:
    """``no`` is ``nb``, ``iw`` is ``he``, ``pt_br`` is ``pt-BR``; None for what is not a language tag."""
    match = _TAG.fullmatch(tag.strip())
    if match is None:
        return None
    language = _primary(match[1].lower())
    if language is None:
        return None
    script = match[2].title() if match[2] else None
    region = match[3].upper() if match[3] else None
    return "-".join(part for part in (language, script, region) if part)


def split_path(path: str) -> tuple[str | None, str]:
    """The language that a path names, and the path without it: equal for translations that lie side by side."""
    return _split_suffix(path) or _split_folder(path) or (None, path)


def is_rtl(lang: str) -> bool:
    return base(lang) in _RTL


def base(lang: str) -> str:
    """``pt-BR`` is ``pt``."""
    return lang.split("-", 1)[0]


def decide(*, path_lang: str | None, declared: str | None, text: str) -> str:
    """The tag of an article: what its path says, else what it declares, else what its text shows.

    A text of some length that is plainly in another language than its name says goes by the text; close relatives
    and languages that cannot be detected keep their name. A mixed text goes by its larger part. Region and script
    stay where the path or the declaration gives them for the language decided on.
    """
    named = [tag for tag in (path_lang, normalise_tag(declared) if declared else None) if tag]
    detected, letters, share = _larger_part(text)
    lang = base(named[0]) if named else detected
    if named and letters >= _LONG_LETTERS and share >= _PLAIN_SHARE and not _kept(lang, detected):
        lang = detected
    return max((tag for tag in named if base(tag) == lang), key=len, default=lang)


@cache
def _aliases() -> dict[str, str]:
    from babel.core import get_global

    return {**get_global("language_aliases"), "no": "nb"}


@cache
def _known() -> frozenset[str]:
    from babel.core import get_global

    return frozenset(get_global("likely_subtags")) | _PUBLISHED


def _primary(code: str) -> str | None:
    language = _aliases().get(code, code)
    return language if language in _known() and language != UNDETERMINED else None


def _path_tag(text: str) -> str | None:
    if _PATH_TAG.fullmatch(text) is None or re.split("[-_]", text)[0].lower() not in _PUBLISHED:
        return None
    return normalise_tag(text)


def _split_suffix(path: str) -> tuple[str, str] | None:
    folder, slash, name = path.rpartition("/")
    parts = name.split(".")
    if len(parts) < 3 or not parts[0]:
        return None
    lang = _path_tag(parts[-2])
    return lang and (lang, folder + slash + ".".join((*parts[:-2], parts[-1])))  # type: ignore[return-value]


def _split_folder(path: str) -> tuple[str, str] | None:
    parts = path.split("/")
    at = 1 if parts[0] in _CONTENT_FOLDERS else 0
    if len(parts) < at + 2 or not PurePosixPath(path).suffix:
        return None
    lang = _path_tag(parts[at])
    return (lang, "/".join(parts[:at] + parts[at + 1 :])) if lang else None


def _kept(named: str, detected: str) -> bool:
    return named not in DETECTABLE or any({named, detected} <= group for group in RELATIVES)


def _larger_part(text: str) -> tuple[str, int, float]:
    """The language of most of the prose, how many letters of prose were looked at, and its share of them."""
    votes: Counter[str] = Counter()
    for piece in _pieces(text):
        lang, confidence = detect(piece)
        prose = min(1.0, function_word_share(piece, lang) / _PROSE_SHARE)
        votes[lang] += round(prose * confidence * sum(map(str.isalpha, piece)))
    detected, most = votes.most_common(1)[0] if votes else (UNDETERMINED, 0)
    letters = votes.total()
    return detected, letters, most / letters if letters else 0.0


def _pieces(text: str) -> Iterator[str]:
    """Runs of whole lines, long enough to tell their language, evenly sampled from a long text."""
    lines = text.split("\n")
    step = max(1, len(text) // (_PIECE_CHARS * _MAX_PIECES))
    piece, length, number = list[str](), 0, 0
    for line in [*lines, None]:
        if line is not None:
            piece.append(line)
            length += len(line)
        if piece and (line is None or length >= _PIECE_CHARS):
            if number % step == 0:
                yield "\n".join(piece)
            piece, length, number = [], 0, number + 1
