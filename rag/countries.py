"""Countries that a text names, and whether another text names one, by what CLDR calls them in each language.

In: texts with their languages. Out: names as the text has them. What is inflected or of several words is missed rather
than other words being taken for a country; a language that CLDR does not know has none. Refuses nothing.
"""

from functools import cache

import regex

from index.languages import base
from rag.claim_names import UNSPACED, WORD, comparable, folded, spellings

_SHORTEST, _SAFE, _LONG = 2, 5, 6
"""Letters of a name: to be one at all, not to be another word that is written small, to bear an ending."""
_BETWEEN_WORDS = {
    "zh": (
        r"(?<=^|[在从從去到和与與对對于於给給，、。\s])",
        r"(?=$|[的有是在会會对對为為和与與今政市人，、。？?\s])",
    ),
    "ja": (r"(?<![\p{Han}\p{Katakana}ー])", r"(?![\p{Han}\p{Katakana}ー])"),
}
"""Before and behind a country that stands by itself: signs that belong to no word."""


def countries(text: str, lang: str) -> tuple[str, ...]:
    """The countries that a text names uninflected and by one word, as CLDR calls them in its language.

    Where a capital shows names, one without counts only if the text has none, and neither that nor the first word if it
    is short: "mali" and "oman" are other words too. None in Thai and Korean, where other words hold them.
    """
    if base(lang) in UNSPACED:
        return tuple(dict.fromkeys(match[0] for match in _standing_alone(base(lang)).finditer(text)))
    known = _countries(base(lang))
    is_plain = not any(map(str.isupper, text[1:]))
    return tuple(
        dict.fromkeys(
            match[0]
            for match in WORD.finditer(text)
            if folded(match[0]) in known and _shows_country(match[0], is_first=not match.start(), is_plain=is_plain)
        )
    )


def _shows_country(word: str, *, is_first: bool, is_plain: bool) -> bool:
    if word[0].isupper() and not is_first:
        return True
    return len(word) >= _SAFE and (is_plain or is_first or not word[0].islower())


def names_country(country: str, lang: str, text: str, text_lang: str) -> bool:
    """Whether a text names a country of ``countries``, or what belongs to it: "Norwegian" for Norge."""
    codes = {code for code, forms in spellings(base(lang)).items() if folded(country) in forms}
    spelled = {form for code in codes for form in spellings(base(text_lang)).get(code, ())} | {folded(country)}
    given = folded(text)
    if base(text_lang) in UNSPACED:
        return any(form in given for form in spelled)
    words = comparable(text)
    return any(
        form in given if " " in form else any(word.startswith(_stem(form)) for word in words) for form in spelled
    )


def _stem(form: str) -> str:
    return form if len(form) < _LONG else form[:-2]


@cache
def _countries(lang: str) -> dict[str, str]:
    """Their names of one word: folded, and as CLDR writes them; none in a language that it does not know."""
    from babel import Locale, UnknownLocaleError

    try:
        territories = Locale.parse(lang).territories
    except (UnknownLocaleError, ValueError):
        return {}
    named = {name for code, name in territories.items() if code.isalpha() and " " not in name}
    return {folded(name): name for name in named if len(name) >= _SHORTEST}


@cache
def _standing_alone(lang: str) -> regex.Pattern[str]:
    """Countries in a language that is written without spaces; finds nothing where their places cannot be told."""
    before, behind = _BETWEEN_WORDS.get(lang, ("(?!)", ""))
    return regex.compile(f"{before}(?:{'|'.join(map(regex.escape, _countries(lang).values()))}){behind}")
