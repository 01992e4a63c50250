"""A question's words as the articles spell them, where a slip of the keyboard lies between.

In: a question with its language, the passages that were found for it, how surprising words are. Out: the question with
such words replaced; None where there are none. A word is replaced if no passage in the question's language holds it,
and one of their words is a slip away and far less surprising: two letters that changed places, marks left out, and, of
what is written small and so is no name, one letter more, less or changed. Pure; refuses nothing.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
import regex

from index.languages import base
from index.lexical import without_marks
from index.records import Hit

LEAST_LETTERS = 4
LESS_SURPRISING = 4.0
"""In nats; of 0, 4 and 8 the best on XQuAD's even articles (``evals.benchmarks.misspelt``)."""
_WORD = regex.compile(r"(?V1)[\p{L}\p{M}--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]+")

Surprises = Callable[[list[str]], list[float]]
"""As ``index.records.Encoder.surprises``."""


class _Spelling(msgspec.Struct, frozen=True):
    """One word of the passages."""

    form: str
    """As it is written most often."""
    folded: str
    bare: str
    """Without case and the marks that writers leave out."""


def respelt(question: str, lang: str, hits: Sequence[Hit], surprises: Surprises) -> str | None:
    """``surprises`` is asked once."""
    spellings = {one.folded: one for one in _spellings(hits, lang)}
    doubtful = [match for match in _WORD.finditer(question) if _is_doubtful(match[0], spellings)]
    meant = {word: _slips(word, tuple(spellings.values())) for word in {match[0] for match in doubtful}}
    words = [*meant, *(one.form for slips in meant.values() for one in slips)]
    forms = list(dict.fromkeys(form for word in words for form in (word, word.casefold())))
    surprise = dict(zip(forms, surprises(forms), strict=True)) if any(meant.values()) else {}
    text = question
    for match in reversed(doubtful):
        if spelling := _likeliest(match[0], meant[match[0]], surprise):
            text = text[: match.start()] + spelling + text[match.end() :]
    return None if text == question else text


def _spellings(hits: Sequence[Hit], lang: str) -> Iterator[_Spelling]:
    """Of each word of the passages in the language, most frequent words first."""
    own = (f"{hit.title} {hit.text}" for hit in hits if base(hit.lang) == base(lang))
    counts = Counter(word for text in own for word in _WORD.findall(text) if len(word) >= LEAST_LETTERS)
    known: set[str] = set()
    for form, _ in counts.most_common():
        folded = form.casefold()
        if folded not in known:
            known.add(folded)
            yield _Spelling(form, folded, _bare(form))


def _bare(word: str) -> str:
    return without_marks(unicodedata.normalize("NFKC", word).casefold())


def _is_doubtful(word: str, spellings: dict[str, _Spelling]) -> bool:
    return len(word) >= LEAST_LETTERS and word.casefold() not in spellings


def _slips(word: str, spellings: Sequence[_Spelling]) -> list[_Spelling]:
    own = _bare(word)
    near = (one for one in spellings if abs(len(one.bare) - len(own)) <= 1 and is_slip(own, one.bare))
    return [one for one in near if one.form[0].islower() or sorted(one.bare) == sorted(own)]


def is_slip(one: str, other: str) -> bool:
    """Whether one letter more, less or changed, or two that changed places, is all that lies between."""
    shared = min(len(one), len(other))
    start = next((i for i in range(shared) if one[i] != other[i]), shared)
    end = next((i for i in range(shared - start) if one[-1 - i] != other[-1 - i]), shared - start)
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return (len(left) <= 1 and len(right) <= 1) or (len(left) == 2 and left == right[::-1])


def _likeliest(word: str, slips: Sequence[_Spelling], surprise: dict[str, float]) -> str | None:
    """With a capital where the word has one; None where no spelling is that much less surprising."""

    def least(form: str) -> float:
        return min(surprise[form], surprise[form.casefold()])

    best = min(slips, key=lambda one: least(one.form), default=None)
    if best is None or least(word) - least(best.form) < LESS_SURPRISING:
        return None
    return best.form[0].upper() + best.form[1:] if word[0].isupper() else best.form
