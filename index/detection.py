"""Text → its language, by script, letter statistics and function words. Whole articles and short questions alike.

In: text as written, and for questions the languages that are likely anyway. Out: primary BCP 47 codes (``nb``, ``zh``).
Names lead letter statistics astray ("Hvor bygges Audi Q8 e-tron?"), so capitalised words and model numbers count
little, and articles, pronouns and question words (``data/languages.toml``) count much.
Refuses nothing: a text without letters is ``und``.
"""

import math
import threading
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import regex

if TYPE_CHECKING:
    from lingua import LanguageDetector

UNDETERMINED = "und"
_SCRIPTS = {
    "Latn": (r"\p{Latin}", "en de fr es it pt nl pl sv da nb nn fi is cs sk hu ro tr vi id ca hr sl et lv lt sw"),
    "Cyrl": (r"\p{Cyrillic}", "ru uk bg sr"),
    "Arab": (r"\p{Arabic}", "ar fa ur"),
    "Deva": (r"\p{Devanagari}", "hi mr"),
    "Hani": (r"[\p{Han}\p{Hiragana}\p{Katakana}ー]", "zh ja"),
    "Hang": (r"\p{Hangul}", "ko"),
    "Grek": (r"\p{Greek}", "el"),
    "Hebr": (r"\p{Hebrew}", "he"),
    "Thai": (r"\p{Thai}", "th"),
    "Beng": (r"\p{Bengali}", "bn"),
    "Armn": (r"\p{Armenian}", "hy"),
    "Geor": (r"\p{Georgian}", "ka"),
    "Taml": (r"\p{Tamil}", "ta"),
    "Telu": (r"\p{Telugu}", "te"),
    "Gujr": (r"\p{Gujarati}", "gu"),
    "Guru": (r"\p{Gurmukhi}", "pa"),
    "Knda": (r"\p{Kannada}", "kn"),
    "Mlym": (r"\p{Malayalam}", "ml"),
    "Sinh": (r"\p{Sinhala}", "si"),
    "Khmr": (r"\p{Khmer}", "km"),
    "Laoo": (r"\p{Lao}", "lo"),
    "Mymr": (r"\p{Myanmar}", "my"),
    "Ethi": (r"\p{Ethiopic}", "am"),
}
"""Script, its letters, the languages told apart in it, the most written first."""
_LANGS = {script: tuple(langs.split()) for script, (_, langs) in _SCRIPTS.items()}
DETECTABLE = frozenset(lang for langs in _LANGS.values() for lang in langs)
_WORD = regex.compile(
    "|".join(rf"(?P<{script}>{letter}(?:{letter}|[\p{{M}}\p{{N}}])*)" for script, (letter, _) in _SCRIPTS.items())
)
RELATIVES = tuple(
    frozenset(group.split())
    for group in ("nb nn da", "es pt ca gl", "cs sk", "hr sr bs sl", "id ms", "hi mr ne", "ru uk be", "bg mk", "nl af")
)
"""Languages so near that what is known beforehand is trusted more than a few letters."""
_SPECIAL = regex.compile(r"[\p{Latin}--[a-z]]|[\p{Cyrillic}--[абвгдежзиклмнопрстуфхцчш]]", regex.VERSION1)
"""Letters that not all languages of their script have."""
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_DENSE = frozenset({"Hani", "Hang", "Thai"})
"""Scripts whose letters say as much as three letters of an alphabet."""
_JOINERS = "-'’:"
"""Between a name and its ending: ``Audi'nin``, ``EX30:n``, ``e-tron``."""
_SAMPLE = 4000
"""Characters looked at; letter statistics hardly change beyond."""
_REMEMBERED = 1024
"""Texts: a question's language is asked for more than once a turn."""
_PLAIN_WEIGHT, _FULL_WEIGHT, _FUNCTION_WORD, _LIKELY = 0.5, 0.15, 2.0, 2.5
"""Log odds: of the letters without and with names (as factors), of one function word, of a likely language."""
_NEAR_AND_INDEXED = 2.2
"""Log odds of a language with articles, among relatives."""
_FOREIGN_LETTERS = 3.0
"""Log odds against a language, of a word with letters that it does not have."""
_FOREIGN_SPELLING = 2.0
"""The same, of a word spelled as only its relatives do; however often the word occurs."""
_PROSE_WORDS = 3
_lock = threading.Lock()


class _Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data file; see there."""

    function_words: dict[str, str]
    letters: dict[str, str]
    telling_words: dict[str, str]
    foreign_spellings: dict[str, str]


class Word(NamedTuple):
    """A run of letters of one script, case-folded."""

    text: str
    script: str
    is_name: bool


def detect(text: str) -> tuple[str, float]:
    """The most probable language and its probability, 0 to 1; ``("und", 0.0)`` for a text without letters."""
    scores = _scores(text[:_SAMPLE])
    if not scores:
        return UNDETERMINED, 0.0
    best = max(scores, key=scores.__getitem__)
    return best, 1 / sum(math.exp(score - scores[best]) for score in scores.values())


def detect_question(text: str, candidates: Collection[str] = (), indexed: Collection[str] = ()) -> str:
    """The language to answer in. ``candidates`` are likely ones, one of which wins while the text itself is unsure.

    ``indexed`` are the languages of the articles: where a question may as well be in a near relative of the language
    that seems best ("Hvem er direktør?"), the one with articles wins.
    """
    likely = [candidate.partition("-")[0] for candidate in candidates]
    scores = _scores(text[:_SAMPLE])
    if not scores:
        return likely[0] if likely else UNDETERMINED
    odds = {lang: score + _LIKELY * (lang in likely) for lang, score in scores.items()}
    best = max(odds, key=odds.__getitem__)
    known = {lang.partition("-")[0] for lang in indexed}
    near = {lang for group in RELATIVES if best in group for lang in group & odds.keys()} or {best}
    return max(sorted(near), key=lambda lang: odds[lang] + _NEAR_AND_INDEXED * (lang in known))


def is_function_word(word: str, lang: str) -> bool:
    """In any case; False for every word of a language without a list."""
    return lang in _function_words().get(word.casefold(), ())


def function_word_share(text: str, lang: str) -> float:
    """Share of the words that are function words of ``lang``, single letters aside; 1 for a language without a list.

    0 where fewer than three different ones occur, as in a table that repeats its units.
    """
    if lang not in _data().function_words:
        return 1.0
    words = [word.text for word in _words(unicodedata.normalize("NFC", text[:_SAMPLE]))]
    hits = [word for word in words if len(word) > 1 and is_function_word(word, lang)]
    return len(hits) / len(words) if len(set(hits)) >= _PROSE_WORDS else 0.0


@lru_cache(maxsize=_REMEMBERED)
def _scores(text: str) -> Mapping[str, float]:
    """Log odds of the languages written in the text's main script; empty without letters."""
    words = _words(unicodedata.normalize("NFC", text))
    if not words:
        return {}
    script = _main_script(words)
    words = [word for word in words if word.script == script]
    if script == "Hani":
        return _chinese_or_japanese("".join(word.text for word in words))
    langs = _LANGS[script]
    if len(langs) == 1:
        return {langs[0]: 0.0}
    scores = _compared(words, langs)
    if "es" in scores and ("¿" in text or "¡" in text):
        scores["es"] += 2 * _FUNCTION_WORD
    return scores


def _words(text: str) -> list[Word]:
    words: list[Word] = []
    name_end = -1
    for match in _WORD.finditer(text):
        start, end = match.span()
        ends_a_name = start > 0 and start - 1 == name_end and text[start - 1] in _JOINERS
        is_name = ends_a_name or _is_name(match, text)
        name_end = end if is_name else -1
        words.append(Word(match[0].casefold(), str(match.lastgroup), is_name))
    return words


def _is_name(match: "regex.Match[str]", text: str) -> bool:
    """Capitalised and no function word, or with a digit, or one letter before a hyphen."""
    word, (start, end) = match[0], match.span()
    if match.lastgroup == "Latn" and any(map(str.isdigit, text[max(start - 1, 0) : end])):
        return True
    if len(word) == 1 and text[end : end + 1] == "-":
        return True
    return word[0].isupper() and word.casefold() not in _function_words()


def _main_script(words: Iterable[Word]) -> str:
    weights: Counter[str] = Counter()
    for word in words:
        weights[word.script] += _weight(word)
    return weights.most_common(1)[0][0]


def _weight(word: Word) -> int:
    if word.is_name:
        return 1
    function_word = len(word.text) > 1 and word.text in _function_words()
    return 10 * len(word.text) * (3 if word.script in _DENSE else 1) + 80 * function_word


def _chinese_or_japanese(text: str) -> dict[str, float]:
    has_kana = len(_KANA.findall(text)) * 10 > len(text)
    return {"ja": 5.0, "zh": 0.0} if has_kana else {"zh": 5.0, "ja": 0.0}


def _compared(words: list[Word], langs: tuple[str, ...]) -> dict[str, float]:
    plain = [word.text for word in words if not word.is_name]
    of_plain, of_all = _letter_odds(plain), _letter_odds([word.text for word in words])
    scores = {lang: _PLAIN_WEIGHT * of_plain[lang] + _FULL_WEIGHT * of_all[lang] for lang in langs}
    for word in plain:
        for lang in _without_letters(word, langs):
            scores[lang] -= _FOREIGN_LETTERS
        for lang in _function_words().get(word, frozenset()) & scores.keys():
            scores[lang] += _FUNCTION_WORD if len(word) > 1 else _FUNCTION_WORD / 2
    for lang in (lang for word in set(plain) for lang in _without_spelling(word) & scores.keys()):
        scores[lang] -= _FOREIGN_SPELLING
    for word in (*plain, f"^{words[0].text}"):
        for lang in _telling_words().get(word, frozenset()) & scores.keys():
            scores[lang] += _FUNCTION_WORD
    return scores


def _without_letters(word: str, langs: tuple[str, ...]) -> Iterator[str]:
    """The languages that do not write all of the word's letters in words of their own."""
    special = _SPECIAL.findall(word)
    return (lang for lang in langs if special and not _own_letters(lang).issuperset(special))


def _without_spelling(word: str) -> frozenset[str]:
    """The languages that do not spell words so."""
    return frozenset(lang for lang, pattern in _foreign_spellings().items() if pattern.search(word))


def _letter_odds(words: list[str]) -> dict[str, float]:
    """Log probability by letter statistics, for every language that the detector knows; floored at -7."""
    with _lock:
        values = _detector().compute_language_confidence_values(" ".join(words))
    return {value.language.iso_code_639_1.name.lower(): math.log(value.value + 1e-3) for value in values}


@cache
def _detector() -> "LanguageDetector":
    """Lingua with trigrams only: 50 MB, where all its n-grams take 900 MB."""
    from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

    codes = [lang for script, langs in _LANGS.items() if len(langs) > 1 for lang in langs]
    languages = [Language.from_iso_code_639_1(IsoCode639_1.from_str(code)) for code in codes]
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return _langs_by_word(_data().function_words)


@cache
def _telling_words() -> dict[str, frozenset[str]]:
    return _langs_by_word(_data().telling_words)


def _langs_by_word(words_by_lang: dict[str, str]) -> dict[str, frozenset[str]]:
    langs: dict[str, set[str]] = defaultdict(set)
    for lang, words in words_by_lang.items():
        for word in words.split():
            langs[word].add(lang)
    return {word: frozenset(of) for word, of in langs.items()}


@cache
def _foreign_spellings() -> dict[str, "regex.Pattern[str]"]:
    return {lang: regex.compile(pattern) for lang, pattern in _data().foreign_spellings.items()}


@cache
def _own_letters(lang: str) -> frozenset[str]:
    return frozenset(_data().letters.get(lang, ""))


@cache
def _data() -> _Data:
    return msgspec.toml.decode(files("index").joinpath("data/languages.toml").read_bytes(), type=_Data)
