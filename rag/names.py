"""Names that look alike: does a passage speak of the X that is asked for, or of the X GT, the Q8 X, the X 55?

In: a question and its hits. Out: for each quotable text whether it is about another one. Known names are what titles
and headings hold; of them those count that the question names. Works in any script, by the words around what names
share; a case ending that is glued to a name hides it, and then nothing is said. Pure; refuses nothing.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Literal

import msgspec
import regex

from index.languages import base
from index.numbers import fold_digits, numbers
from index.records import Hit

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = regex.compile(
    rf"[{_UNSPACED}]\p{{M}}*|\p{{Katakana}}[\p{{Katakana}}ー]*|(?:[^\W_{_UNSPACED}\p{{Katakana}}]\p{{M}}*)+"
)
_JOINT = regex.compile(r"[ \u00a0\u202f\u2010\u2011-]?")
_HYPHENS = frozenset({"-", "\u2010", "\u2011"})
_CAPITAL_NOUNS = frozenset({"de", "lb", "nds"})
_YEAR = regex.compile(r"(?:19|20)\d\d")
LONGEST_NAME = 8
"""Words; labels are longer, names are not."""
GENERIC_SHARE = 0.6
"""Of the works found: a word in more of them, such as a maker's name, tells none apart."""
PROPER = 4
"""How many times as often a name is written with a capital as without."""
CACHED_TEXTS = 16_384
CACHED_WORDS = 50_000

Phrase = tuple[str, ...]
Named = Literal["asked", "other", "silent"]


class _Token(msgspec.Struct, frozen=True):
    form: str
    is_joined: bool
    """To the token before it, by a space, a hyphen or nothing."""
    is_hyphenated: bool
    """To the token before it, by a hyphen."""
    is_capital: bool | None
    """None in a script without capitals; figures are capital."""


class _Work(msgspec.Struct, frozen=True):
    labels: list[str]
    texts: list[str]


class Names:
    """What a question asks for by name, and how its hits call what they speak of."""

    def __init__(self, question: str, lang: str, hits: Sequence[Hit]) -> None:
        labels = [_tokens(label) for hit in hits for label in (hit.title, *hit.headings)]
        asked = _tokens(question)
        self._asked = frozenset(token.form for token in asked)
        self._labels = frozenset[Phrase]().union(*map(_phrases, labels))
        self._mentions: tuple[Phrase, ...] = ()
        self._verdicts: dict[tuple[str, bool], Named] = {}
        if not self._labels:
            return
        works = _by_work(hits)
        self._proper = _proper(hit.text for hit in hits)
        self._generic = _generic(works)
        self._hyphenated = frozenset(chain.from_iterable(map(_hyphenated, labels)))
        additions = _bare_numbers(question) | self._unheard_of(asked, lang, hits)
        self._mentions = tuple(dict.fromkeys(self._mentioned(asked, additions)))
        self._telling = {mention: self._telling_words(mention, works) for mention in self._mentions}

    def named(self, hit: Hit, text: str) -> Named:
        """What ``text``, or what it stands under where it names nothing, is about: a look-alike is ``other``."""
        if not self._mentions:
            return "silent"
        verdicts = (self._verdict(text, is_label=False), *map(self._of_label, (*reversed(hit.headings), hit.title)))
        return next((verdict for verdict in verdicts if verdict != "silent"), "silent")

    def _of_label(self, label: str) -> Named:
        return self._verdict(label, is_label=True)

    def _verdict(self, text: str, *, is_label: bool) -> Named:
        if (text, is_label) not in self._verdicts:
            tokens = _tokens(text)
            found = {self._on_mention(tokens, mention, is_label=is_label) for mention in self._mentions}
            self._verdicts[text, is_label] = "asked" if "asked" in found else "other" if "other" in found else "silent"
        return self._verdicts[text, is_label]

    def _on_mention(self, tokens: Sequence[_Token], mention: Phrase, *, is_label: bool) -> Named:
        if not any(token.form in mention for token in tokens):
            return "silent"
        if beside := list(self._beside(tokens, mention)):
            return "asked" if any(not words & self._telling[mention] for words in beside) else "other"
        siblings = (self._is_sibling(name, mention, is_label=is_label) for name in self._names(tokens))
        return "other" if any(siblings) else "silent"

    def _is_sibling(self, name: Phrase, mention: Phrase, *, is_label: bool) -> bool:
        """Half of the asked name; in running text with words of its own too, since names are shortened there."""
        shared = set(name) & set(mention)
        own = set(name) - self._asked - self._generic
        return 2 * len(shared) >= len(mention) and (is_label or bool(own))

    def _unheard_of(self, asked: Sequence[_Token], lang: str, hits: Sequence[Hit]) -> frozenset[str]:
        """Capital words that no hit has, where a capital makes a name."""
        if base(lang) in _CAPITAL_NOUNS:
            return frozenset()
        known = frozenset[str]().union(*(_words(text) for hit in hits for text in (hit.title, *hit.headings, hit.text)))
        return frozenset(token.form for token in asked if token.is_capital and not token.form.isdecimal()) - known

    def _mentioned(self, asked: Sequence[_Token], additions: frozenset[str]) -> Iterator[Phrase]:
        """The names in the question, each with what follows it and makes it another name that no label has."""
        for start, end in self._spans(asked):
            last = end
            while last < len(asked) and asked[last].is_joined and asked[last].form in additions:
                last += 1
            yield _forms(asked[start:last])

    def _names(self, tokens: Sequence[_Token]) -> Iterator[Phrase]:
        return (_forms(tokens[start:end]) for start, end in self._spans(tokens))

    def _spans(self, tokens: Sequence[_Token]) -> Iterator[tuple[int, int]]:
        """The longest phrases that labels hold too, without the common words at their ends."""
        start = 0
        while start < len(tokens):
            end = max((end for end in _ends(tokens, start) if _forms(tokens[start:end]) in self._labels), default=start)
            kept = [at for at in range(start, end) if self._may_stand_in_name(tokens[at].form)]
            if any(self._may_name(tokens[at].form) and not tokens[at].form.isdecimal() for at in kept):
                yield kept[0], kept[-1] + 1
            start = max(end, start + 1)

    def _beside(self, tokens: Sequence[_Token], mention: Phrase) -> Iterator[frozenset[str]]:
        """For each place of a mention the words that make it a longer name there and were not asked for."""
        for start in _places(tokens, mention):
            first, last = self._longest_name(tokens, start, start + len(mention))
            yield frozenset(filter(self._may_name, _forms(tokens[first:last]))) - self._asked

    def _longest_name(self, tokens: Sequence[_Token], start: int, end: int) -> tuple[int, int]:
        """Of what labels hold and stands around a mention, with nothing but parts of names added to it."""
        firsts = list(self._reach(tokens, range(start - 1, -1, -1), joint=1))
        lasts = list(self._reach(tokens, range(end, len(tokens)), joint=0))
        spans = [(first, last + 1) for first in (start, *firsts) for last in (end - 1, *lasts)]
        named = [(first, last) for first, last in spans if _forms(tokens[first:last]) in self._labels]
        return max(named, key=lambda span: span[1] - span[0], default=(start, end))

    def _reach(self, tokens: Sequence[_Token], places: range, *, joint: int) -> Iterator[int]:
        """``joint``: how far after a place the token stands that must be joined to the one before it."""
        for at in places[:LONGEST_NAME]:
            if not (tokens[at + joint].is_joined and self._may_stand_in_name(tokens[at].form)):
                return
            yield at

    def _telling_words(self, mention: Phrase, works: Mapping[str, _Work]) -> frozenset[str]:
        """What a label has beside a mention, while the label of another work has the mention without it."""
        labelled = {work_id: set(self._beside_in(work.labels, mention)) for work_id, work in works.items()}
        return frozenset(
            word
            for one, plain in labelled.items()
            for other, longer in labelled.items()
            if one != other
            for few in plain
            for many in longer
            if few < many
            for word in many - few - frozenset(chain.from_iterable(plain))
        )

    def _beside_in(self, texts: Iterable[str], mention: Phrase) -> list[frozenset[str]]:
        return [words for text in texts for words in self._beside(_tokens(text), mention)]

    def _may_stand_in_name(self, form: str) -> bool:
        """Also what is small and hyphenated: the e-tron of "e-tron GT"."""
        return self._may_name(form) or form in self._hyphenated

    def _may_name(self, form: str) -> bool:
        """Written with a capital or a figure in running text, or in a script that has no capitals."""
        return form in self._proper or not _has_case(form)


def name_words(text: str) -> Phrase:
    """The words of a text as names are compared by; characters where words are not parted."""
    return _forms(_tokens(text))


def _by_work(hits: Sequence[Hit]) -> dict[str, _Work]:
    works: dict[str, _Work] = {}
    for hit in hits:
        work = works.setdefault(hit.work_id, _Work([], []))
        work.labels.extend((hit.title, *hit.headings))
        work.texts.extend((hit.title, *hit.headings, hit.text))
    return works


def _forms(tokens: Sequence[_Token]) -> Phrase:
    return tuple(token.form for token in tokens)


@lru_cache(maxsize=CACHED_TEXTS)
def _phrases(label: tuple[_Token, ...]) -> frozenset[Phrase]:
    """Every run of joined words, up to the length of a name; where capitals tell no name, whole ones alone."""
    runs = ((start, end) for start in range(len(label)) for end in _ends(label, start))
    return frozenset(
        _forms(label[start:end])
        for start, end in runs
        if _is_whole(label, start, end) or any(_has_case(token.form) for token in label[start:end])
    )


def _hyphenated(label: Sequence[_Token]) -> Iterator[str]:
    for one, other in pairwise(label):
        if other.is_hyphenated:
            yield from (one.form, other.form)


def _is_whole(label: Sequence[_Token], start: int, end: int) -> bool:
    return not label[start].is_joined and (end == len(label) or not label[end].is_joined)


def _ends(tokens: Sequence[_Token], start: int) -> Iterator[int]:
    """Where a name that begins at ``start`` may end."""
    for end in range(start + 1, min(len(tokens), start + LONGEST_NAME) + 1):
        yield end
        if end < len(tokens) and not tokens[end].is_joined:
            return


def _places(tokens: Sequence[_Token], phrase: Phrase) -> Iterator[int]:
    for start in range(len(tokens) - len(phrase) + 1):
        if all(tokens[start + at].form == form for at, form in enumerate(phrase)):
            yield start


def _proper(texts: Iterable[str]) -> frozenset[str]:
    """Words that nearly always begin with a capital where they do not begin a text, and all with figures."""
    capital, small = Counter[str](), Counter[str]()
    for text in texts:
        for is_capital, counted in ((True, capital), (False, small)):
            counted.update(_written(text, is_capital=is_capital))
    return frozenset(form for form, count in capital.items() if count >= PROPER * small[form])


@lru_cache(maxsize=CACHED_TEXTS)
def _written(text: str, *, is_capital: bool) -> Counter[str]:
    return Counter(token.form for token in _tokens(text)[1:] if bool(token.is_capital) == is_capital)


def _generic(works: Mapping[str, _Work]) -> frozenset[str]:
    """What too many works say to tell any of them apart."""
    held = [frozenset[str]().union(*map(_words, work.texts)) for work in works.values()]
    counts = Counter(chain.from_iterable(held))
    return frozenset(form for form, count in counts.items() if len(held) > 2 and count > GENERIC_SHARE * len(held))


@lru_cache(maxsize=CACHED_TEXTS)
def _words(text: str) -> frozenset[str]:
    return frozenset(token.form for token in _tokens(text))


def _bare_numbers(question: str) -> frozenset[str]:
    """Figures that are neither amounts of a unit nor years."""
    found = (fold_digits(question[number.start : number.end]) for number in numbers(question) if number.unit is None)
    return frozenset(form for form in found if form.isdecimal() and not _YEAR.fullmatch(form))


@lru_cache(maxsize=CACHED_WORDS)
def _has_case(form: str) -> bool:
    return any(character.isdecimal() or character.upper() != character for character in form)


@lru_cache(maxsize=CACHED_TEXTS)
def _tokens(text: str) -> tuple[_Token, ...]:
    found: list[_Token] = []
    reached = 0
    for match in _TOKEN.finditer(text):
        joint = text[reached : match.start()] if found else "|"
        joined = _JOINT.fullmatch(joint) is not None
        found.append(_Token(_form(match[0]), joined, joint in _HYPHENS, _is_capital(match[0])))
        reached = match.end()
    return tuple(found)


@lru_cache(maxsize=CACHED_WORDS)
def _form(word: str) -> str:
    """Without case and without the accents of cased scripts."""
    folded = unicodedata.normalize("NFKD", fold_digits(word)).casefold()
    bare = "".join(character for character in folded if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", bare or folded)


@lru_cache(maxsize=CACHED_WORDS)
def _is_capital(word: str) -> bool | None:
    if any(character.isdecimal() or character.isupper() for character in word):
        return True
    return False if any(character.islower() for character in word) else None
