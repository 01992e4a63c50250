"""Whether a full stop ends its sentence, by the word before and the word after it.

In: a text, where its full stop and the next word are, the primary language code. Out: yes or no.
Abbreviations come from ``data/abbreviations.toml``; for a language without any, those common to all hold.
"""

from functools import cache
from importlib.resources import files

import msgspec
import regex

from index.detection import is_function_word

_LONGEST_TOKEN = 24
_BREAKS = frozenset('“„‟«»‹›‘‚”"([{（【「『')
_ORDINAL_DOT = frozenset(
    {"de", "da", "nb", "nn", "fi", "cs", "sk", "hu", "hr", "sr", "bs", "sl", "et", "lv", "lt", "is", "pl", "tr", "fo"}
)
"""Languages in which a full stop behind a number makes an ordinal: ``14. desember``."""
_ORDINAL = regex.compile(r"\p{Nd}{1,2}(?:\.\p{Nd}{1,2})?|[IVXLCDM]{2,}")
_LETTER = regex.compile(r"\p{L}\p{M}*")
_HAS_CJK = regex.compile(r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]")
_DOTTED = regex.compile(r"\p{L}\p{M}*(?:[.\-]+\p{L}{1,3})+")
_CONSONANTS = regex.compile(r"(?i)[bcdfghjklmnpqrstvwxzčšžßñłśźćńçğş]{2,4}")
_CAPITALS = regex.compile(r"\p{Lu}+")
_ELISION = regex.compile(r"\p{L}{1,2}['’](?=\p{L})")
_SPACED_PART = regex.compile(r"(?r)(?<![\p{L}\p{M}])(?:\p{L}\p{M}{0,2}|(\p{Lu})\1)\.[ \u00a0\u202f]")
_MISSING_SPACE = regex.compile(r"\p{Lu}[\p{Ll}\p{M}’']*[\s,]")
_UNCASED_RUN = regex.compile(r"(?r)[\p{Lo}\p{M}]{3}")
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_NUMBER_BEFORE = regex.compile(r"[\p{Nd}IVX](?:[ \u00a0\u202f]\p{L}{3,5}\.?)?[ \u00a0\u202f]?$")
_CAPITAL_NOUNS = frozenset({"de", "lb"})
_STREET = "str"
_NAME_PARTICLES = frozenset({"van", "von", "de", "da", "du", "di", "af", "av", "al"})


class Abbreviations(msgspec.Struct, frozen=True):
    """The four kinds of the data file."""

    before: frozenset[str]
    end: frozenset[str]
    before_number: frozenset[str]
    after_number: frozenset[str]


def ends_sentence(text: str, stop: int, following: int, sentence_start: int, lang: str) -> bool:
    """Whether the full stop at ``stop`` ends a sentence when the next letter or digit, after a space, is there."""
    token = _token_before(text, stop)
    if not token:
        return True
    if all(map(str.isdigit, token)) and stop - len(token) <= sentence_start:
        return False
    number_follows = text[following].isdigit()
    if _ORDINAL.fullmatch(token) and (lang in _ORDINAL_DOT or (number_follows and token.isdigit())):
        return not number_follows and _starts_with_function_word(text, following, lang)
    verdict = _by_list(text, token, stop, following, lang)
    return _by_shape(text, token, stop, following, lang) if verdict is None else verdict


def lacks_space(text: str, stop: int, following: int) -> bool:
    """``one sentence.The next`` is two; ``www.example.org``, ``3.5`` and ``z.B.`` are not."""
    before = text[max(0, stop - 3) : stop]
    if _UNCASED_RUN.fullmatch(before):
        return bool(_UNCASED_RUN.fullmatch(text[following : following + 3]))
    return (
        len(before) == 3 and before.isalpha() and before[1:].islower() and bool(_MISSING_SPACE.match(text, following))
    )


def _token_before(text: str, stop: int) -> str:
    """The word before the full stop, with the earlier parts of a spaced abbreviation: ``z. B`` is ``z.B``."""
    start = stop
    while start > 0 and stop - start < _LONGEST_TOKEN and not (text[start - 1].isspace() or text[start - 1] in _BREAKS):
        start -= 1
    token = _ELISION.sub("", text[start:stop], count=1)
    for _ in range(3):
        part = _SPACED_PART.match(text, endpos=start) if len(token) < 8 else None
        if part is None:
            break
        token = part[0].rstrip() + token
        start = part.start()
    return token


def _by_list(text: str, token: str, stop: int, following: int, lang: str) -> bool | None:
    abbreviations = _abbreviations(lang)
    forms = {token} if len(token) == 1 else {token, token.casefold()}
    number_follows = text[following].isdigit()
    if forms & abbreviations.after_number:
        return not number_follows and _after_number(text, stop - len(token))
    if forms & abbreviations.before or (number_follows and _takes_number(forms, abbreviations)):
        return is_function_word(token, lang) and _starts_with_function_word(text, following, lang)
    if forms & abbreviations.end:
        capital = lang not in _CAPITAL_NOUNS and text[following].isupper()
        return capital or number_follows or _starts_with_function_word(text, following, lang)
    return None


def _takes_number(forms: set[str], abbreviations: Abbreviations) -> bool:
    return bool(forms & abbreviations.before_number) or any(form.endswith(_STREET) for form in forms)


def _by_shape(text: str, token: str, stop: int, following: int, lang: str) -> bool:
    letter = _LETTER.fullmatch(token)
    if letter and not (token.isupper() or token.islower()):
        return bool(_HAS_CJK.match(token))
    if letter or _DOTTED.fullmatch(token):
        return _starts_with_function_word(text, following, lang)
    if _CONSONANTS.fullmatch(token) and not _CAPITALS.fullmatch(token):
        return _after_number(text, stop - len(token))
    is_short = len(token) <= 3 and token.islower() and not is_function_word(token, lang)
    return not (is_short and text[following].isdigit())


def _after_number(text: str, at: int) -> bool:
    return _NUMBER_BEFORE.search(text, max(0, at - 10), at) is not None


def _starts_with_function_word(text: str, at: int, lang: str) -> bool:
    word = _WORD.match(text, at)
    if word is None or not word[0][0].isupper() or (len(word[0]) == 1 and text[word.end() : word.end() + 1] == "."):
        return False
    return is_function_word(word[0], lang) and word[0].casefold() not in _NAME_PARTICLES


@cache
def _abbreviations(lang: str) -> Abbreviations:
    own = _data().get("nb" if lang == "nn" else lang, {})
    kinds = {kind: f"{own.get(kind, '')} {_data()['any'].get(kind, '')}" for kind in Abbreviations.__struct_fields__}
    return Abbreviations(**{kind: frozenset(words.split()) for kind, words in kinds.items()})


@cache
def _data() -> dict[str, dict[str, str]]:
    source = files("index").joinpath("data/abbreviations.toml").read_bytes()
    return msgspec.toml.decode(source, type=dict[str, dict[str, str]])
