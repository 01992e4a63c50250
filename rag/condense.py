"""A follow-up → the question as it would be asked alone, without a language model.

In: a question, its language, the turns before it. Out: a reading that carries over what was spoken of, with what speaks
for it, or None where nothing can be meant but the question itself. Whether a reading that is not certain is right
shows in what a search finds with it and without it (``standalone.py``). Words by language come from
``followup_words.py``; names, figures and shared terms need none. Pure.
"""

from collections.abc import Sequence

import msgspec
import regex

from index.detection import is_function_word
from rag.followup_words import FollowupWords, followup_words, knows_asking_words, plain
from rag.question import OTHER, asks, expects
from rag.question_words import primary
from rag.records import Answer
from rag.relative_dates import dated_phrases
from rag.subjects import MOST, Stretch, stretches, subjects

RECENT_TURNS = 3
FRAGMENT_STRETCHES = 2
FRAGMENT_CHARS = 60
_YEAR = regex.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")
_NUMBER = regex.compile(
    r"(?V1)(?<![[\p{L}--[\p{Han}]]\d.,-])\d++(?:[.,]\d++)*+(?![[\p{L}--[\p{Han}\p{Thai}\p{Hangul}]]-])"
)
_END = regex.compile(r"[\s?？؟!.。;…]*$")
_PART = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_LAST_WORD = regex.compile(r"([\p{L}\p{M}]+)\s*$")
_COLONS = {"zh": "：", "ja": "：", "fr": "\u00a0: "}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A question as a follow-up."""

    text: str
    """With what is carried over; readable, and what is searched."""
    lang: str
    """Of the text: that of the question before where only a part of it was replaced."""
    is_certain: bool = False
    """Whether the words alone tell that it is a follow-up."""
    leans: bool = False
    """Whether some word speaks for it: a pronoun without a name before it, or how the question begins."""


def condense(question: str, lang: str, before: Sequence[Answer]) -> Reading | None:
    """The question as a follow-up to the turns before it, oldest first; None where it can only stand alone."""
    words = followup_words(lang)
    text = plain(question).strip()
    base = _base(before)
    if base is None or words.changes.match(text):
        return None
    if correction := words.corrections.match(text):
        filled, filled_lang = _filled(text[correction.end() :], lang, base)
        return Reading(text=filled, lang=filled_lang, is_certain=True)
    opener = words.openers.match(text)
    rest = text[opener.end() :] if opener else text
    rest = rest if regex.search(r"\p{L}|\p{N}", rest) else text
    own = stretches(rest, lang)
    if _is_fragment(rest, own, words, lang):
        bare = words.after.sub("", _END.sub("", rest))
        is_certain = bool(opener or words.after.search(text))
        filled, filled_lang = _filled(bare or rest, lang, base)
        return Reading(text=filled, lang=filled_lang, is_certain=is_certain, leans=True)
    goes_on = bool(opener) and not any(one.is_name for one in own)
    carried = _carried(_beginning_like(text, rest), lang, base)
    return Reading(text=carried, lang=lang, leans=goes_on or _refers_back(rest, own, words))


def _beginning_like(text: str, rest: str) -> str:
    """The rest of a question without its first word, with its first sign and a capital where the question had them."""
    rest = rest[0].upper() + rest[1:] if text.lstrip("¿")[0].isupper() else rest
    return "¿" + rest if text.startswith("¿") and not rest.startswith("¿") else rest


def _base(before: Sequence[Answer]) -> Answer | None:
    """The last turn that was about something."""
    recent = [turn for turn in before[-RECENT_TURNS:] if turn.status != "out_of_scope"]
    return next((turn for turn in reversed(recent) if _topic(turn)), None)


def _topic(turn: Answer) -> tuple[str, ...]:
    """What a turn was about: what its question names, then what was carried into it."""
    sources = [citation.source.title for citation in turn.citations] + [citation.quote for citation in turn.citations]
    carried = _prefix(turn)
    asked = turn.question if carried else turn.standalone_question
    own = [one.text for one in subjects(asked, turn.lang, sources) if one.is_name or not carried]
    return tuple(dict.fromkeys([*_person_found(turn), *own, *carried]))[:MOST]


def _person_found(turn: Answer) -> list[str]:
    """The first name in the quote that answers a question for a person, unless the question has it."""
    if not turn.citations or expects(turn.standalone_question, turn.lang).kind != "person":
        return []
    citation = turn.citations[0]
    asked = turn.standalone_question.casefold()
    found = (one.text for one in stretches(citation.quote, citation.source.lang) if one.is_name and " " in one.text)
    return [name for name in found if not any(part in asked for part in name.casefold().split())][:1]


def _prefix(turn: Answer) -> tuple[str, ...]:
    """The subjects that stand before a question of which nothing else was changed."""
    before, colon, _ = turn.standalone_question.partition(_colon(turn.lang).strip())
    if turn.standalone_question == turn.question or not colon or before in turn.question:
        return ()
    return tuple(part.strip() for part in before.split(", "))


def _carried(rest: str, lang: str, base: Answer) -> str:
    """The question with a name in place of its pronoun, or behind what it is about."""
    topic = _topic(base)
    words = followup_words(lang)
    if len(topic) == 1 and (replaced := _replaced(rest, topic[0], base, words)):
        return replaced
    return f"{', '.join(topic)}{_colon(lang)}{rest}"


def _replaced(rest: str, name: str, base: Answer, words: FollowupWords) -> str | None:
    for match in words.pronouns.finditer(rest):
        pronoun = (match["found"] or "").casefold()
        if pronoun in words.replaceable:
            return rest[: match.start()] + _with_article(name, base, words) + rest[match.end() :]
        if pronoun in words.possessive:
            sign = "'" if name.endswith("s") else "'s"
            return rest[: match.start()] + _with_article(name, base, words) + sign + rest[match.end() :]
    return None


def _with_article(name: str, base: Answer, words: FollowupWords) -> str:
    """As it stood in the question before."""
    place = base.standalone_question.find(name)
    article = _LAST_WORD.search(base.standalone_question[: max(place, 0)])
    return f"{article[1].casefold()} {name}" if article and article[1].casefold() in words.articles else name


def _refers_back(text: str, own: Sequence[Stretch], words: FollowupWords) -> bool:
    """Whether it has a pronoun with no name before it that it could stand for."""
    first_name = min((one.start for one in own if one.is_name), default=len(text))
    return any(match["found"] and match.start() < first_name for match in words.pronouns.finditer(text))


def _is_fragment(rest: str, own: Sequence[Stretch], words: FollowupWords, lang: str) -> bool:
    """Whether it only names something, and asks for it no question of its own."""
    undated = _undated(rest, lang)
    if not knows_asking_words(lang) or len(undated) > FRAGMENT_CHARS or len(own) > FRAGMENT_STRETCHES:
        return False
    if asks(undated, lang) or (expects(undated, lang) != OTHER and any(one.is_name for one in own)):
        return False
    names_something = bool(own or _YEAR.search(rest) or _NUMBER.search(rest))
    return names_something and not any(match["found"] for match in words.pronouns.finditer(undated))


def _filled(fragment: str, lang: str, base: Answer) -> tuple[str, str]:
    """The question before with the fragment in the place of its like, or what the fragment asks of the subject; and the
    language that this is in."""
    fragment = _END.sub("", fragment).lstrip("¿ ")
    own = stretches(fragment, lang)
    names = [one for one in own if one.is_name]
    undated = _undated(fragment, lang)
    asks_anew = asks(undated, lang) or expects(undated, lang) != OTHER
    if asks_anew and names:
        return fragment + "?", lang
    filled = None if asks_anew else _with_new_figure(fragment, plain(base.standalone_question), base.lang)
    if own and not asks_anew and not filled:
        filled = _with_new_name((names or own)[0], fragment, lang, base)
    return (filled, base.lang) if filled else (_carried(fragment + "?", lang, base), lang)


def _undated(fragment: str, lang: str) -> str:
    """Without phrases such as "last year (2025)": they ask for no year."""
    for start, end in reversed([*dated_phrases(fragment, lang)]):
        fragment = fragment[:start] + fragment[end:]
    return fragment


def _with_new_figure(fragment: str, asked: str, lang: str) -> str | None:
    """``lang``: of ``asked``. A year takes the place of a year, or of a phrase with its year, "last year (2025)"."""
    for pattern in (_YEAR, _NUMBER):
        if new := pattern.search(fragment):
            old = pattern.search(asked)
            if old is None:
                return _appended(asked, fragment)
            phrase = next((span for span in dated_phrases(asked, lang) if span[0] < old.start() < span[1]), None)
            (start, end), put = (phrase, fragment) if phrase else (old.span(), new[0])
            return asked[:start] + put + asked[end:]
    return None


def _with_new_name(new: Stretch, fragment: str, lang: str, base: Answer) -> str | None:
    """In the place of what looks alike, of what stands behind the same word, or of the subject."""
    asked, topic = plain(base.standalone_question), _topic(base)
    places = [one for one in stretches(asked, base.lang) if one.is_name == new.is_name or one.text in topic]
    if alike := [span for one in places if (span := _alike(new, one))]:
        return asked[: alike[0][0]] + new.text + asked[alike[0][1] :]
    before = _LAST_WORD.search(fragment[: new.start])
    joint = before[1].casefold() if before and is_function_word(before[1], primary(lang)) else ""
    if joint and joint not in followup_words(lang).articles:
        places = [one for one in places if _word_before(one, asked) == joint]
        if not places:
            return _appended(asked, fragment)
    about = [one for one in places if one.text in topic] or places
    return asked[: about[0].start] + new.text + asked[about[0].end :] if about else None


def _word_before(stretch: Stretch, text: str) -> str:
    last = _LAST_WORD.search(text[: stretch.start])
    return last[1].casefold() if last else ""


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
    end = _END.search(asked)
    at = end.start() if end else len(asked)
    return f"{asked[:at]} {fragment}{asked[at:]}"


def _colon(lang: str) -> str:
    return _COLONS.get(primary(lang), ": ")
