"""What a conversation is about: the subjects that a later question may leave out.

In: the turns before a question, oldest first. Out: the last turn that was about something, and its topic: names first,
by what its question and its sources share, then what was carried into it. Refuses nothing: turns of small talk have no
topic.
"""

from collections.abc import Sequence

import msgspec
import regex

from index.dates import years
from rag.followup_words import is_asking_word
from rag.question import expects
from rag.records import Answer
from rag.subjects import MOST, Stretch, shares_words, stretches, subjects

RECENT_TURNS = 3
MOST_WORDS = 1
"""Words that go along with names where the title of the source has them too."""
_IN_BRACKETS = regex.compile(r"[(（]([^()（）]+)[)）][\s?？؟]*$")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LIST = regex.compile(r"[,、،，]\s*")


class SpokenOf(msgspec.Struct, frozen=True, kw_only=True):
    """What may be carried into the next question."""

    names: tuple[str, ...]
    """At most ``MOST``; other words where the question has no names."""
    words: tuple[str, ...] = ()
    """What the question shares with the title of its first source beside them."""
    years: tuple[str, ...] = ()


def last_spoken_of(before: Sequence[Answer]) -> Answer | None:
    """The last turn that was about something."""
    recent = [turn for turn in before[-RECENT_TURNS:] if turn.status != "out_of_scope"]
    return next((turn for turn in reversed(recent) if spoken_of(turn).names), None)


def spoken_of(turn: Answer) -> SpokenOf:
    """What its question names, then what was carried into it."""
    titles = [citation.source.title for citation in turn.citations]
    sources = titles + [citation.quote for citation in turn.citations]
    carried = _carried(turn)
    asked = turn.question if carried else turn.standalone_question
    own = [one.text for one in subjects(asked, turn.lang, sources) if one.is_name or not carried]
    names = tuple(dict.fromkeys([*_person_found(turn), *own, *carried]))
    kept = tuple(name for name in names if not years(name))[:MOST]
    found = years(turn.standalone_question)
    return SpokenOf(names=kept, words=_words(asked, turn.lang, kept, titles), years=tuple(sorted(found)))


def _words(asked: str, lang: str, names: Sequence[str], titles: Sequence[str]) -> tuple[str, ...]:
    inside = " ".join(names)
    found = stretches(asked, lang)
    others = (one for one in found if one.text not in inside and not _is_asked_for(one, asked, lang))
    return tuple(one.text for one in others if titles and shares_words(one.text, titles[0], lang))[:MOST_WORDS]


def _is_asked_for(one: Stretch, asked: str, lang: str) -> bool:
    """Whether only asking words stand before it: "how many cars"."""
    before = _WORD.findall(asked[: one.start])
    return bool(before) and all(is_asking_word(word, lang) for word in before)


def _person_found(turn: Answer) -> list[str]:
    """The first name in the quote that answers a question for a person, unless the question has it."""
    if not turn.citations or expects(turn.standalone_question, turn.lang).kind != "person":
        return []
    citation = turn.citations[0]
    asked = turn.standalone_question.casefold()
    found = (one.text for one in stretches(citation.quote, citation.source.lang) if one.is_name and " " in one.text)
    return [name for name in found if not any(part in asked for part in name.casefold().split())][:1]


def _carried(turn: Answer) -> tuple[str, ...]:
    """The subjects that stand behind a question of which nothing else was changed."""
    if turn.standalone_question == turn.question:
        return ()
    behind = _IN_BRACKETS.search(turn.standalone_question)
    if behind and behind[1] not in turn.question:
        return tuple(part.strip() for part in _LIST.split(behind[1]) if not years(part))
    return ()
