"""Small talk: messages that ask nothing of the articles. In: a message and the likely language. Out: its kind, or None.

Only a message that is small talk as a whole counts: "Hi, how far does it go?" is a question. Thanks at the front of one
that the articles do not answer are told on their own. The words stand in
``rag/phrases``; case, accents and punctuation do not matter. Refuses nothing.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import regex

from index.languages import base
from rag.framing import SmallTalk
from rag.phrasebook import FALLBACK, nearest_language, phrases, supported_languages
from rag.question import asks

MAX_WORDS = 6
MAX_LETTERS = 20
"""Of a script that does not separate words."""
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_WORD = regex.compile(
    rf"[{_UNSPACED}ー]|(?:(?![{_UNSPACED}])[\p{{L}}\p{{N}}])(?:(?![{_UNSPACED}])[\p{{L}}\p{{M}}\p{{N}}])*"
)
"""Or one letter of a script that does not separate words: its phrases may follow each other."""
_DRAWN_OUT = regex.compile(r"(\p{L}{1,2}?)\1{2,}")
_UNSPACED_LETTER = regex.compile(rf"[{_UNSPACED}ー]")
_ASKED = regex.compile(r"[?？؟]|[;\u037e]\s*$")
_BEHIND_FRONT = regex.compile(r"[,.!;:—–،、，。！]+")
MAX_MORE_WORDS = 6
"""Or letters, of a script that does not separate words."""
_GO_ON = frozenset({
    "ok", "oke", "okay", "okej", "okei", "окей", "ок", "great", "cool", "super", "perfect", "vale", "tamam", "хорошо",
    "ясно", "top", "gut", "bien", "bene", "好", "пока",
})  # fmt: skip
"""Thanks or a goodbye when alone; at the front of more words they go on to the next thing."""
_APOSTROPHE = regex.compile(r"['’]")
_STRONGEST: tuple[SmallTalk, ...] = ("about", "goodbye", "thanks", "greeting")


def small_talk(text: str, lang: str) -> SmallTalk | None:
    """What kind of small talk the whole message is; ``about`` also for one without letters and digits."""
    found = _recognise(text, lang)
    return found[0] if found else None


def opens_with_thanks(text: str, lang: str) -> SmallTalk | None:
    """Thanks or a goodbye at the front of a message that asks nothing more in so many words: "Thanks, that was all".

    It may still ask for something ("Thanks, now the other one"): only what the articles do not answer is small talk.
    """
    sign = _BEHIND_FRONT.search(text)
    if sign is None or _ASKED.search(text) or asks(text, lang):
        return None
    front, rest = text[: sign.start()], text[sign.end() :]
    if not 0 < len(_words(rest)) <= MAX_MORE_WORDS or _GO_ON & set(_words(front)):
        return None
    kind = small_talk(front, lang)
    return kind if kind in {"thanks", "goodbye"} else None


def small_talk_language(text: str, lang: str) -> str:
    """The language that the small talk is in, where possible ``lang``; ``lang`` itself for anything else.

    Words like "hola" are too short to detect a language by their letters.
    """
    found = _recognise(text, lang)
    return found[1] if found else lang


def _recognise(text: str, lang: str) -> tuple[SmallTalk, str] | None:
    words = _words(text)
    if not words:
        return "about", lang
    if len(words) > MAX_LETTERS or sum(not _UNSPACED_LETTER.match(word) for word in words) > MAX_WORDS:
        return None
    own = nearest_language(lang)
    for tag in (own, FALLBACK, *sorted(supported_languages())):
        kinds = _kinds(words, _known(tag, is_own=tag == own))
        if kinds:
            return _strongest(kinds), lang if base(tag) == base(lang) else tag
    return None


def _kinds(words: Sequence[str], known: Mapping[str, SmallTalk]) -> set[SmallTalk]:
    """The kinds of the phrases that together make up the words; none where some word is left over."""
    if not words:
        return set()
    for length in range(len(words), 0, -1):
        kind = known.get(" ".join(words[:length]))
        if kind is None:
            continue
        rest = _kinds(words[length:], known)
        if rest or length == len(words):
            return {kind} | rest
    return set()


def _strongest(kinds: set[SmallTalk]) -> SmallTalk:
    return next(kind for kind in _STRONGEST if kind in kinds)


def _words(text: str) -> list[str]:
    """Without case, accents, apostrophes and punctuation; the Turkish i without its dot is an i, as its capital is."""
    folded = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", text).casefold()).replace("ı", "i")
    bare = "".join(character for character in folded if unicodedata.category(character) != "Mn")
    return _WORD.findall(_DRAWN_OUT.sub(r"\1", bare))


@cache
def _known(tag: str, *, is_own: bool) -> dict[str, SmallTalk]:
    """Phrase → kind, for a reader of that language or of another."""
    own = phrases(tag)
    lists: dict[SmallTalk, tuple[str, ...]] = {
        "greeting": own.greetings,
        "thanks": own.thanks_words,
        "goodbye": own.goodbyes,
        "about": (*own.about_questions, *own.chatter),
    }
    return {
        " ".join(_words(phrase)): kind
        for kind, listed in lists.items()
        for phrase in listed
        if is_own or phrase not in own.own_only
    }
