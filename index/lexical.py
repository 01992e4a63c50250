"""The terms under which a text is indexed and looked up, the same for questions and passages.

In: a text and its language. Out: terms with repetitions, in no promised order; the first character tells the kind:

    audi        a word, its stem where the language has a stemmer, a joined name (e-tron: etron),
                two characters of Chinese, Japanese or Korean, three or four of Thai, Lao, Khmer or Burmese
    ~^aud       four letters of a word, its ends marked; Cyrillic and Greek in Latin letters
    +brsls      the consonants of a word, in Latin letters: names meet across scripts
    '車         one Chinese or Japanese character
    #43866      a number, every reading of it
    @2022-12    a date, at its own precision and coarser

Nothing is refused. A change of what is returned needs a new ``ANALYSER_VERSION``.
"""

import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import regex
import Stemmer

from index.numbers import dates, numbers
from index.romanise import romanised, skeleton

_CACHED_WORDS = 100_000
_LONGEST_WORD = 40
_STEMMER_CACHE = 0
_GRAM = 4
_SHORTEST_SKELETON = 3
_THAI_LIKE = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_HAN_LIKE = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
_OTHER = rf"--[{_THAI_LIKE}{_HAN_LIKE}]"
_WORD = rf"[\p{{L}}{_OTHER}][[\p{{L}}\p{{M}}\p{{Nd}}]{_OTHER}]*+"
_TOKEN = regex.compile(
    rf"(?V1)(?P<name>(?:{_WORD}|\d++)(?:(?:[-‐‑]|\.(?=\d))(?:{_WORD}|\d++))++)|(?P<word>{_WORD})"
    rf"|(?P<han>[{_HAN_LIKE}]++)|(?P<thai>[{_THAI_LIKE}]++)|(?P<figure>\d++)"
)
_PART = regex.compile(rf"(?V1){_WORD}")
_JOINT = regex.compile(r"[-‐‑.]")
_INVISIBLE = regex.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff\u0640]+")
_MARKS = regex.compile(r"[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u093c\u09bc]+")
_LETTERS_ALIKE = str.maketrans(
    {"ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ħ": "h", "ŋ": "n", "ʼ": ""}
    | {"ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ہ": "ه", "ک": "ك", "ँ": "ं"}
    | {"ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ"}
)
_LATIN_LIKE = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}]")
_ARABIC_ARTICLE = regex.compile(r"^[وف]?(?:[بك]?ال|لل)(?=\p{L}{3})")
_ARABIC_PREFIX = regex.compile(r"^[وفبلك](?=\p{L}{4})")
_HEBREW_PREFIX = regex.compile(r"^[והבלמשכ](?=\p{L}{3})")
_HANGUL = regex.compile(r"\p{Hangul}{2,}")
_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_STEMMED_TWICE = frozenset({"tr"})
"""Where one pass leaves "fabrika" of "fabrikalar" and "fabrik" of "fabrika"."""
_TURKIC = frozenset({"tr", "az"})
_local = threading.local()


def terms(text: str, lang: str) -> list[str]:
    """The terms of a text in the language ``lang`` (BCP 47; unknown ones are analysed without a stemmer)."""
    language = lang.split("-", 1)[0].lower()
    found: list[str] = []
    words: list[str] = []
    for match in _TOKEN.finditer(_normalised(text, language)):
        if match.lastgroup == "word":
            words.append(match[0])
            found.extend(_word_terms(match[0][:_LONGEST_WORD], language))
        elif match.lastgroup != "figure":
            found.extend(_token_terms(match, words, language))
    if language == "vi":
        found.extend(f"{without_marks(first)}_{without_marks(second)}" for first, second in pairwise(words))
    found.extend(_figures(text))
    return found


def _normalised(text: str, language: str) -> str:
    if text.isascii():
        return text.replace("I", "ı").lower() if language in _TURKIC else text.lower()
    if language in _TURKIC:
        text = text.replace("İ", "i").replace("I", "ı")
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold())


def _token_terms(match: regex.Match[str], words: list[str], language: str) -> Iterator[str]:
    token = match[0]
    if match.lastgroup == "han":
        yield from (f"'{character}" for character in token)
        yield from _pieces(token, 2)
    elif match.lastgroup == "thai":
        yield from _pieces(token, 3)
        yield from _pieces(token, 4)
    elif parts := _PART.findall(token):
        words.extend(parts)
        for part in parts:
            yield from _word_terms(part[:_LONGEST_WORD], language)
        if joined := without_marks(_JOINT.sub("", token)[:_LONGEST_WORD]):
            yield joined


@lru_cache(maxsize=_CACHED_WORDS)
def _word_terms(word: str, language: str) -> tuple[str, ...]:
    """``word`` is case-folded and in NFKC."""
    bare = without_marks(word)
    heads = {word} if language == "vi" else {without_marks(_stem(word, language))}
    if _HANGUL.match(bare):
        heads |= set(_pieces(bare, 2))
    elif language == "he":
        heads.add(_HEBREW_PREFIX.sub("", bare))
    elif language == "ar":
        bare = _ARABIC_ARTICLE.sub("", bare)
    latin = romanised(bare)
    spelled = latin if _LATIN_LIKE.match(bare) else _ARABIC_PREFIX.sub("", bare)
    # Sorted: a set has another order in another process, and the catalog of one must be that of any.
    return (*sorted(filter(None, heads)), *_grams(spelled), *_sound(latin))


def _sound(latin: str) -> tuple[str, ...]:
    consonants = skeleton(latin)
    return (f"+{consonants}",) if len(consonants) >= _SHORTEST_SKELETON and consonants.isascii() else ()


def without_marks(word: str) -> str:
    """Without the marks that writers leave out; vowel signs of Indic scripts stay."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", word))).translate(_LETTERS_ALIKE)


def _grams(word: str) -> tuple[str, ...]:
    """Words of one or two letters have none: they are terms themselves."""
    marked = f"^{word}$"
    return tuple(f"~{piece}" for piece in _pieces(marked, _GRAM)) if len(marked) > _GRAM else ()


def _pieces(run: str, size: int) -> list[str]:
    """All runs of ``size`` characters, or the whole where it is shorter."""
    return [run[i : i + size] for i in range(max(1, len(run) - size + 1))]


def _stem(word: str, language: str) -> str:
    """Snowball stemmers keep state while they work, so every thread has its own."""
    algorithm = _STEMMERS.get(language)
    if algorithm is None:
        return word
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm, _STEMMER_CACHE)
    stem = str(stemmers[algorithm].stemWord(word))
    return str(stemmers[algorithm].stemWord(stem)) if language in _STEMMED_TWICE else stem


def _figures(text: str) -> Iterator[str]:
    for number in numbers(text):
        yield from (f"#{reading}" for reading in number.readings)
    for mention in dates(text):
        yield from sorted({f"@{form}" for reading in mention.readings for form in _coarser(reading)})


def _coarser(date: str) -> tuple[str, ...]:
    """A full date is also its month, and its day in any year."""
    if date.startswith("--") or len(date) == 7:
        return (date,)
    return date, date[:7], f"--{date[5:]}"
