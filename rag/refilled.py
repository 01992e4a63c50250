"""The question before with what a fragment says in the place of its like: "And in 2022?", "The RS?", "the torque?".

In: a fragment with its language, the turn before with its topic, labels of articles. Out: the questions that can be
meant, the likeliest first, in the language of the turn before. What they find tells which is (``standalone.py``).
Refuses nothing: none where nothing of the question before is like the fragment. Pure.
"""

from collections.abc import Iterator, Sequence

import msgspec
import regex

from index.detection import is_function_word
from index.numbers import Number, numbers
from rag.followup_words import followup_words, plain
from rag.question import asked_noun
from rag.question_words import primary
from rag.records import Answer
from rag.relative_dates import dated_phrases
from rag.siblings import sibling
from rag.spoken_of import SpokenOf
from rag.subjects import Stretch, stretches

WORTH_OF_PART = -1.0
"""Of replacing one of several words: rarer than the whole."""
WORTH_OF_UNLIKE = -1.5
"""Of a common word in the place of a name."""
END = regex.compile(r"[\s?？؟!.。;…]*$")
YEAR = regex.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")
_PART = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LAST_WORD = regex.compile(r"([\p{L}\p{M}]+)\s*$")
_FIRST_WORD = regex.compile(r"[\p{L}\p{M}]+")


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One way to ask a follow-up alone."""

    text: str
    lang: str
    about: tuple[str, ...] = ()
    """Names that what answers has to hold."""
    years: tuple[str, ...] = ()
    """That it is asked of, whether carried over or new."""
    worth: float = 0.0
    """What speaks for it before anything is searched, in log-odds."""


def with_new_figure(fragment: str, about: SpokenOf, base: Answer) -> Form | None:
    """With the fragment's year, or number, in the place of the one before, or behind the question."""
    asked = plain(base.standalone_question)
    if year := YEAR.search(fragment):
        text = _with_new_year(fragment, year[0], asked, base.lang)
        return Form(text=text, lang=base.lang, about=about.names, years=(year[0],))
    if not (new := next(_amounts(fragment, base.lang), None)):
        return None
    likes = [old for old in _amounts(asked, base.lang) if old.unit == new.unit or not new.unit or not old.unit]
    if not likes:
        return _form(_appended(asked, fragment), base, about.names)
    old_amount = likes[0]
    spelled = fragment[new.start : new.end]
    if old_amount.unit and not new.unit:
        spelled = _spelled_like(asked[old_amount.start : old_amount.end], spelled)
    return _form(asked[: old_amount.start] + spelled + asked[old_amount.end :], base, about.names)


def _with_new_year(fragment: str, year: str, asked: str, lang: str) -> str:
    """A year takes the place of a year, or of a phrase with its year, "last year (2025)"."""
    old = YEAR.search(asked)
    if old is None:
        return _appended(asked, fragment)
    phrase = next((span for span in dated_phrases(asked, lang) if span[0] < old.start() < span[1]), None)
    (start, end), put = (phrase, fragment) if phrase else (old.span(), year)
    return asked[:start] + put + asked[end:]


def with_sibling(fragment: str, lang: str, about: SpokenOf, base: Answer, labels: Sequence[str]) -> Form | None:
    """With the name that labels make of the fragment and a name spoken of before."""
    asked = plain(base.standalone_question)
    said = " ".join(one.text for one in stretches(fragment, lang))
    for name in about.names:
        found = sibling(said, name, labels)
        if found and name in asked:
            others = tuple(other for other in about.names if other != name)
            return _form(asked.replace(name, found, 1), base, (found, *others))
    return None


def with_new_name(fragment: str, lang: str, about: SpokenOf, base: Answer) -> Form | None:
    """In the place of what looks alike, of what stands behind the same word, or of the subject."""
    asked = plain(base.standalone_question)
    own = stretches(fragment, lang)
    if not own:
        return _form(_appended(asked, fragment), base, about.names) if leading_joint(fragment, lang) else None
    new = next((one for one in own if one.is_name), own[0])
    places = [one for one in stretches(asked, base.lang) if one.is_name == new.is_name or one.text in about.names]
    if alike := [span for one in places if (span := _alike(new, one))]:
        return _form(asked[: alike[0][0]] + new.text + asked[alike[0][1] :], base)
    joint = _joint_before(fragment[: new.start], lang)
    if joint:
        places = [one for one in places if _joint_before(asked[: one.start], base.lang) == joint]
        if not places:
            return _form(_appended(asked, fragment), base, about.names)
    spoken_of = [one for one in places if one.text in about.names] or places
    if not spoken_of:
        return None
    old = spoken_of[0]
    held = (new.text, *(name for name in about.names if name != old.text))
    worth = WORTH_OF_UNLIKE if old.is_name and not new.is_name else 0.0
    return Form(text=asked[: old.start] + new.text + asked[old.end :], lang=base.lang, about=held, worth=worth)


def with_new_property(fragment: str, lang: str, about: SpokenOf, base: Answer) -> Iterator[Form]:
    """In the place of what was asked of the subject: whole, and the first of several words alone."""
    asked = plain(base.standalone_question)
    new = _without_article(fragment, lang)
    for start, end in _properties(asked, base.lang, about.names):
        yield _form(asked[:start] + new + asked[end:], base, about.names)
        _, _, others = asked[start:end].partition(" ")
        if others and " " not in new:
            text = f"{asked[:start]}{new} {others}{asked[end:]}"
            yield Form(text=text, lang=base.lang, about=about.names, worth=WORTH_OF_PART)


def _properties(asked: str, lang: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the words that are not the subject stand: those around the noun that is asked for, or the first ones."""
    others = [one for one in stretches(asked, lang) if not any(one.text in name or name in one.text for name in names)]
    noun = asked_noun(asked, lang)
    if noun and not any(asked[noun[0] : noun[1]].casefold() in name.casefold() for name in names):
        before = [one.start for one in others if one.end <= noun[0] and not asked[one.end : noun[0]].strip()]
        behind = [one.end for one in others if one.start >= noun[1] and not asked[noun[1] : one.start].strip()]
        yield min(before, default=noun[0]), max(behind, default=noun[1])
    elif others:
        yield others[0].start, others[0].end


def _without_article(fragment: str, lang: str) -> str:
    first = _FIRST_WORD.match(fragment)
    is_article = first and first[0].casefold() in followup_words(lang).articles
    return fragment[first.end() :].strip() if first and is_article else fragment


def _form(text: str, base: Answer, about: tuple[str, ...] = ()) -> Form:
    return Form(text=text, lang=base.lang, about=about)


def _amounts(text: str, lang: str) -> Iterator[Number]:
    """Numbers that are no part of a name."""
    names = [one for one in stretches(text, lang) if one.is_name]
    for number in numbers(text):
        if not any(number.start < one.end and one.start < number.end and not _is_amount(one, number) for one in names):
            yield number


def _is_amount(one: Stretch, number: Number) -> bool:
    return number.unit is not None and one.start >= number.start and one.end <= number.end


def _spelled_like(old: str, new: str) -> str:
    """The new figure with the old one's unit."""
    unit = regex.search(r"[^\d.,\s−+-].*$", old)
    return new + old[len(old[: unit.start()].rstrip()) :] if unit else new


def leading_joint(fragment: str, lang: str) -> str:
    first = _FIRST_WORD.match(fragment)
    return first[0].casefold() if first and _is_joint(first[0], lang) else ""


def _joint_before(text: str, lang: str) -> str:
    """The small word before, that is no article."""
    while (last := _LAST_WORD.search(text)) and last[1].casefold() in followup_words(lang).articles:
        text = text[: last.start()]
    return last[1].casefold() if last and _is_joint(last[1], lang) else ""


def _is_joint(word: str, lang: str) -> bool:
    return is_function_word(word, primary(lang)) and word.casefold() not in followup_words(lang).articles


def _alike(new: Stretch, old: Stretch) -> tuple[int, int] | None:
    """Where the old one's part begins and ends that the new one replaces, when they share a word."""
    parts = [part.casefold() for part in _PART.findall(new.text)]
    for part in _PART.finditer(old.text):
        if part[0].casefold() in parts:
            begins = old.start + part.start() if part[0].casefold() == parts[0] else old.start
            ends = old.start + part.end() if part[0].casefold() == parts[-1] else old.end
            return begins, ends
    return None


def _appended(asked: str, fragment: str) -> str:
    end = END.search(asked)
    at = end.start() if end else len(asked)
    return f"{asked[:at]} {fragment}{asked[at:]}"
