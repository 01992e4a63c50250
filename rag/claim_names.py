"""Names in a sentence, and whether a text holds them: across inflection, scripts and languages.

In: texts with their languages. Out: the names of a sentence, each with whether the other text names it. A name is what
is written with a capital within a sentence, or in Latin letters within another script; in languages that write all
nouns with capitals, or no capitals at all, only the latter and what holds a digit is sure to be one. Countries,
languages and large cities meet through CLDR, other names by their letters (``index/romanise.py``). Refuses nothing.
"""

import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache, lru_cache

import msgspec
import regex

from index.languages import base
from index.romanise import romanised, skeleton

UNSPACED = frozenset({"zh", "ja", "ko", "th", "yue"})
"""Languages in which other words hold a name, or endings hang on it."""
_CAPITAL_NOUNS = frozenset({"de", "lb", "nds"})
WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*(?:[-‐‑.][\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*)*")
_HAN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]")
_OTHER_SCRIPT = regex.compile(
    r"[\p{Arabic}\p{Hebrew}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Devanagari}\p{Cyrillic}\p{Greek}]"
)
_STARTS = frozenset(".!?…:;\"“”„«»'‘’(([—–-•¿¡。！？：")
_ROMAN = regex.compile(r"[IVXLCХ]+(?:-\p{L}+)?")
_MARKS = regex.compile(r"\p{Mn}+")
_SHORTEST_STEM = 4
_LIKE = 0.72
"""Share of letters that two spellings of one name have in common."""
_SHORTEST_SKELETON = 2


class Name(msgspec.Struct, frozen=True):
    """``text[start:end]`` of the sentence."""

    start: int
    end: int
    text: str


def names(text: str, lang: str) -> tuple[Name, ...]:
    """Word by word, in order."""
    return tuple(_names(text, base(lang)))


def is_named(name: str, lang: str, text: str, text_lang: str) -> bool:
    """Whether ``text`` has the name, in its own spelling of it."""
    words = comparable(text)
    wanted = folded(name)
    if wanted in words or (len(wanted) >= _SHORTEST_STEM and wanted in folded(text)):
        return True
    if any(_same_stem(wanted, word) or _sounds_like(wanted, word) for word in words):
        return True
    return _is_initials(name, text) or _is_place(name, lang, text, text_lang)


def can_tell(lang: str, other: str) -> bool:
    """Whether a name that is not found is missing: not where one of the texts spells by syllables or signs."""
    return not UNSPACED & {base(lang), base(other)}


def _names(text: str, lang: str) -> Iterator[Name]:
    shows_latin = not _is_cased(text) and len(_OTHER_SCRIPT.findall(text)) * 2 > sum(map(str.isalpha, text))
    for match in WORD.finditer(text):
        word = match[0]
        if _HAN.search(word) or len(word) < 2 or word[0].isdigit() or _ROMAN.fullmatch(word):
            continue
        if _is_name_anywhere(word) or (shows_latin and word.isascii()) or _is_capital_within(text, match.start(), lang):
            yield Name(match.start(), match.end(), word)


def _is_name_anywhere(word: str) -> bool:
    return _is_acronym(word) or (any(map(str.isdigit, word)) and any(map(str.isalpha, word)))


def _is_capital_within(text: str, start: int, lang: str) -> bool:
    return text[start].isupper() and lang not in _CAPITAL_NOUNS and not _starts_sentence(text, start)


def _is_cased(text: str) -> bool:
    return any(character.islower() for character in text if not character.isascii())


def _is_acronym(word: str) -> bool:
    return len(word) >= 2 and sum(map(str.isupper, word)) >= 2 and word[0].isupper()


def _starts_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in _STARTS


@lru_cache(maxsize=4096)
def comparable(text: str) -> frozenset[str]:
    """The words of a text and the parts of those that are joined, folded."""
    return frozenset(
        folded(part) for match in WORD.finditer(text) for part in {match[0], *regex.split(r"[-‐‑.]", match[0])} if part
    )


@lru_cache(maxsize=65536)
def folded(word: str) -> str:
    """Without case, marks and a genitive s behind an apostrophe; of several words, the last one's."""
    plain = unicodedata.normalize("NFKC", word).casefold().replace("’", "'")
    plain = regex.sub(r"'s?$", "", plain)
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", plain)))


@lru_cache(maxsize=65536)
def _same_stem(one: str, other: str) -> bool:
    """The same beginning, and at most an ending's letters apart: ``Berlins``, ``Warszawie`` and ``Warszawa``."""
    short, long = sorted((one, other), key=len)
    if len(short) < _SHORTEST_STEM:
        return False
    shared = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return shared >= max(_SHORTEST_STEM, len(short) - 2) and len(long) - shared <= 4


@lru_cache(maxsize=65536)
def _sounds_like(one: str, other: str) -> bool:
    first, second = _sound(one), _sound(other)
    if min(len(first), len(second)) < _SHORTEST_SKELETON or not (first.isascii() and second.isascii()):
        return False
    if len(first) < 3 or len(second) < 3:
        return first == second
    return first == second or SequenceMatcher(None, first, second).ratio() >= _LIKE + 0.1 * (
        min(len(first), len(second)) < 4
    )


@lru_cache(maxsize=65536)
def _sound(word: str) -> str:
    plain = word.removeprefix("ال") if len(word) > 4 else word
    return skeleton(romanised(plain))


def _is_initials(name: str, text: str) -> bool:
    """``EU`` of "European Union", and the other way round."""
    if not _is_acronym(name) or len(name) > 6:
        return False
    initials = "".join(match[0][0] for match in WORD.finditer(text) if match[0][0].isupper())
    return name.upper() in initials.upper()


def _is_place(name: str, lang: str, text: str, text_lang: str) -> bool:
    wanted = folded(name)
    known = _gazetteer(base(lang))
    codes = known.get(wanted) or {
        code for form in known.get(wanted[:_SHORTEST_STEM], ()) if _same_stem(wanted, form) for code in known[form]
    }
    spelled = spellings(base(text_lang))
    given = folded(text)
    return any(form[: max(2, len(form) - 2)] in given for code in codes for form in spelled.get(code, ()))


@cache
def _gazetteer(lang: str) -> dict[str, frozenset[str]]:
    """Folded words of names of countries, languages and cities to CLDR's codes; first letters to those words."""
    found: dict[str, set[str]] = {}
    for code, forms in spellings(lang).items():
        for form in forms:
            for word in {form, *(part for part in form.split() if len(part) > 4)}:
                found.setdefault(word, set()).add(code)
                if len(word) > _SHORTEST_STEM:
                    found.setdefault(word[:_SHORTEST_STEM], set()).add(word)
    return {word: frozenset(codes) for word, codes in found.items()}


@cache
def spellings(lang: str) -> dict[str, tuple[str, ...]]:
    """CLDR's codes of countries, languages and time zones' cities to their folded names."""
    from babel import Locale, UnknownLocaleError

    try:
        locale, english = Locale.parse(lang), Locale.parse("en")
    except (UnknownLocaleError, ValueError):
        return {}
    found: dict[str, tuple[str, ...]] = {
        f"territory {code}": (folded(name),) for code, name in locale.territories.items()
    }
    found |= {f"language {code}": (folded(name),) for code, name in locale.languages.items() if len(code) == 2}
    zones = {**locale.time_zones}
    for zone in {*zones, *english.time_zones, *_zones()}:
        city = zones.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        found[f"city {zone}"] = (folded(str(city)),)
    return found


@cache
def _zones() -> frozenset[str]:
    """All time zones named by CLDR, from a locale that writes them in other letters."""
    from babel import Locale

    return frozenset(Locale.parse("ru").time_zones)
