"""The words by which questions and their answers are told apart, by language, as the data file has them.

In: nothing but ``data/question_words.toml``. Out: its record, and the form in which texts are held against its phrases.
"""

import unicodedata
from functools import cache
from importlib.resources import files

import msgspec

_SAME_WORDS = {"no": "nb", "bs": "hr", "sh": "hr", "yue": "zh", "ms": "id", "iw": "he", "in": "id"}


class SignWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a sentence may hold: words, parts of words, and phrases."""

    words: str
    glued: str = ""
    phrases: str = ""


class QuestionWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The data file: phrases by language and kind, the nouns in a table of their own."""

    quantities: dict[str, frozenset[str]]
    languages: dict[str, dict[str, str | dict[str, str]]]
    signs: dict[str, SignWords]
    denials: dict[str, str]


@cache
def question_words() -> QuestionWords:
    source = (files("rag") / "data" / "question_words.toml").read_text(encoding="utf-8")
    return msgspec.toml.decode(source, type=QuestionWords)


def primary(lang: str) -> str:
    """The language whose words are used for ``lang``."""
    subtag = lang.partition("-")[0].casefold()
    return _SAME_WORDS.get(subtag, subtag)


def normalised(text: str) -> str:
    """NFKC in lower case, with one apostrophe and one kind of i; offsets are not kept."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return folded.replace("i\u0307", "i").replace("\u200c", " ")


def split_phrases(phrases: str) -> tuple[str, ...]:
    """Normalised, of a list parted by ";"."""
    return tuple(phrase.strip() for phrase in normalised(phrases).split(";") if phrase.strip())
