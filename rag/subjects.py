"""What a question is about: the stretches of it that a later question may leave out.

In: a question with its language, and what is known to be about the same thing (titles, quotes). Out: stretches, in the
order of the question. Names come first where the script has capitals; elsewhere, and where there are none, words that
are no function words and ask for nothing. Refuses nothing: a question without any has no subject.
"""

from collections.abc import Iterator, Sequence

import msgspec
import regex

from index.dates import dates
from index.lexical import terms
from rag.followup_words import GLUED, followup_words, is_asking_word, knows_asking_words, plain
from rag.question_words import primary

MOST = 2
"""Stretches that are carried on."""
ENOUGH = 0.5
"""Of the best supported stretch's support, what another one needs to be carried on beside it."""
_JOINTS = frozenset(
    {"of", "de", "du", "des", "del", "della", "di", "da", "do", "dos", "das", "von", "vom", "van", "der", "den"}
    | {"la", "le", "les", "los", "el", "al", "the"}
)
"""Small words inside names."""
_GAP = regex.compile(rf"(?:\s(?:{'|'.join(sorted(_JOINTS))}))+\s")
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’.&/‐‑-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*")
_BEFORE_BEGINNING = frozenset('.:?!¿¡–—([«"“„')
_CAPITAL_NOUNS = frozenset({"de", "lb", "nds"})
_YEAR = regex.compile(r"(?:1\d|20)\d\d")
_GLUED_RUN = regex.compile(r"[\p{L}\p{M}\p{N}·・'’.&-]+(?:\s(?=[\p{Latin}\p{N}])[\p{Latin}\p{N}.&-]+)*")
_LATIN = regex.compile(r"\p{Latin}")
_MODEL = regex.compile(r"\p{Ll}-\p{L}{2}")
_GENITIVE = regex.compile(r"['’]s?$")


class Stretch(msgspec.Struct, frozen=True):
    """A part of a question."""

    text: str
    start: int
    end: int
    is_name: bool


def subjects(question: str, lang: str, about: Sequence[str] = ()) -> tuple[Stretch, ...]:
    """At most ``MOST``; names before other words, and what ``about`` has too before what it has not."""
    found = [_as_known(one, about) for one in stretches(question, lang)]
    names = [one for one in found if one.is_name]
    about_terms = [_plain_terms(text, lang) for text in about]
    supported = {one: _support(one, about_terms, lang) for one in names or found}
    least = ENOUGH * max(supported.values(), default=0.0)
    best = sorted((one for one in supported if supported[one] >= least), key=lambda one: -supported[one])[:MOST]
    return tuple(sorted(best, key=lambda one: one.start))


def stretches(text: str, lang: str) -> list[Stretch]:
    """All that could be a subject, in order; apart from years and dates, which are no subject of a question."""
    text = plain(text)
    found = _glued(text, lang) if primary(lang) in GLUED else _spaced(text, lang)
    named = [(date.start, date.end) for date in dates(text)]
    return [
        one
        for one in found
        if not _YEAR.fullmatch(one.text) and not any(start <= one.start and one.end <= end for start, end in named)
    ]


def _as_known(stretch: Stretch, about: Sequence[str]) -> Stretch:
    """Of a name with small words inside it the part that the texts have, if they have it only in part."""
    known = "\n".join(about).casefold()
    if stretch.text.casefold() in known:
        return stretch
    parts = _GAP.split(stretch.text)
    held = [part for part in parts if part.casefold() in known]
    if len(parts) < 2 or not held:
        return stretch
    start = stretch.start + stretch.text.index(held[-1])
    return Stretch(held[-1], start, start + len(held[-1]), stretch.is_name)


def shares_words(text: str, other: str, lang: str) -> bool:
    return not _plain_terms(text, lang).isdisjoint(_plain_terms(other, lang))


def _support(stretch: Stretch, about: Sequence[frozenset[str]], lang: str) -> float:
    """How much of it the texts share, the first of them first."""
    own = _plain_terms(stretch.text, lang)
    shared = [len(own & some) / max(len(own), 1) for some in about]
    return sum((share / (place + 1) for place, share in enumerate(shared)), start=0.0)


def _plain_terms(text: str, lang: str) -> frozenset[str]:
    return frozenset(term for term in terms(text, lang) if term[0] not in "~+'")


def _spaced(text: str, lang: str) -> Iterator[Stretch]:
    """Runs of neighbouring words: of names with the small words inside them, or of content words."""
    words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]
    kinds = _kinds(text, words, lang)
    place = 0
    while place < len(words):
        kind, end = kinds[place], place + 1
        if not kind:
            place = end
            continue
        while end < len(words) and (ahead := _joined(text, words, kinds, end, kind)):
            end = ahead
        start, stop = words[place][1], words[end - 1][2]
        found = _GENITIVE.sub("", text[start:stop])
        yield Stretch(found, start, start + len(found), kind == "name")
        place = end


def _joined(text: str, words: Sequence[tuple[str, int, int]], kinds: Sequence[str], at: int, kind: str) -> int:
    """Where the run goes on to from ``at``; 0 where it ends."""
    if text[words[at - 1][2] : words[at][1]].strip() not in {"", "-", "–"} or _GENITIVE.search(words[at - 1][0]):
        return 0
    if kinds[at] == kind or (kind == "name" and words[at][0].isdigit() and not _YEAR.fullmatch(words[at][0])):
        return at + 1
    gap = at
    while kind == "name" and gap < len(words) - 1 and gap - at < 2 and words[gap][0] in _JOINTS:
        gap += 1
    return gap + 1 if gap > at and kinds[gap] == "name" else 0


def _kinds(text: str, words: Sequence[tuple[str, int, int]], lang: str) -> list[str]:
    """For each word "name", "word", or nothing. A capital at the beginning tells a name where the language's question
    words are known."""
    pronouns = [match.span() for match in followup_words(lang).pronouns.finditer(text)]
    is_known = knows_asking_words(lang)
    kinds = []
    for word, start, end in words:
        is_pronoun = any(start < stop and end > begin for begin, stop in pronouns)
        if is_pronoun or (is_asking_word(word, lang) and not _is_in_name(text, word, start, lang)):
            kinds.append("")
        elif any(map(str.isdigit, word)) or _MODEL.match(word):
            kinds.append("name" if not word.isdigit() else "")
        elif word[0].isupper() and (is_known or not _is_first(text, start) or any(map(str.isupper, word[1:]))):
            kinds.append("name")
        else:
            kinds.append("word" if len(word) > 1 else "")
    for place in range(len(words) - 1):
        if words[place][0][0].isupper() and kinds[place] == "word" and kinds[place + 1] == "name":
            kinds[place] = "name"
    return kinds


def _is_in_name(text: str, word: str, start: int, lang: str) -> bool:
    """Whether a capital tells that an asking word is part of a name: "the Long Range"."""
    if not word[0].isupper() or primary(lang) in _CAPITAL_NOUNS or _is_first(text, start):
        return False
    return word.casefold() not in followup_words(lang).articles


def _is_first(text: str, start: int) -> bool:
    before = text[:start].rstrip()
    return not before or before[-1] in _BEFORE_BEGINNING


def _glued(text: str, lang: str) -> Iterator[Stretch]:
    """What particles and asking words leave; what is written in Latin letters or figures is a name."""
    at = 0
    bounds = [
        *((match.start(), match.end()) for match in followup_words(lang).particles.finditer(text)),
        (len(text),) * 2,
    ]
    for start, end in bounds:
        for run in _GLUED_RUN.finditer(text, at, start):
            if len(run[0]) > 1 and not run[0].isdigit():
                yield Stretch(run[0], run.start(), run.end(), bool(_LATIN.search(run[0])))
        at = end
