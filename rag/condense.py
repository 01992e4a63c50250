"""A follow-up → the question as it would be asked alone, without a language model.

In: a question, its language, the turns before it, and labels of articles where some were found. Out: a reading with
the ways in which it can be asked alone, the likeliest first, with what speaks for it; None where nothing can be meant
but the question itself. Which of them is meant shows in what a search finds (``standalone.py``). Words by language come
from ``followup_words.py``; names, figures and shared terms need none. Pure.
"""

from collections.abc import Iterator, Sequence

import msgspec
import regex

from index.dates import years
from rag.followup_words import FollowupWords, followup_words, knows_asking_words, plain
from rag.question import OTHER, asked_noun, asks, expects
from rag.question_words import primary
from rag.records import Answer
from rag.refilled import END, Form, leading_joint, with_new_figure, with_new_name, with_new_property, with_sibling
from rag.relative_dates import dated_phrases
from rag.spoken_of import last_spoken_of, spoken_of
from rag.subjects import Stretch, stretches

FRAGMENT_STRETCHES = 2
FRAGMENT_CHARS = 60
BARE_WORDS = 5
"""Of a fragment that nothing tells to go on from the question before."""
_LAST_WORD = regex.compile(r"([\p{L}\p{M}]+)\s*$")
_PARTING = frozenset(",،、，:：;—–-")
_MARKS = {"zh": "？", "ja": "？", "ar": "؟", "fa": "؟", "el": ";"}
_BRACKETS = {"zh": "（{}）", "ja": "（{}）"}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A question as a follow-up."""

    forms: tuple[Form, ...]
    """At least one; readable, and what is searched."""
    is_fragment: bool = False
    """Whether it only names something, so that it can hardly be asked alone."""
    is_certain: bool = False
    """Whether the words alone tell that it is a follow-up."""
    leans: bool = False
    """Whether some word speaks for it: a pronoun without a name before it, or how the question begins."""

    @property
    def text(self) -> str:
        return self.forms[0].text

    @property
    def lang(self) -> str:
        return self.forms[0].lang


def condense(question: str, lang: str, before: Sequence[Answer], labels: Sequence[str] = ()) -> Reading | None:
    """The question as a follow-up to the turns before it, oldest first; None where it can only stand alone."""
    words = followup_words(lang)
    text = plain(question).strip()
    base = last_spoken_of(before)
    if base is None or words.changes.match(text):
        return None
    if correction := words.corrections.match(text):
        return Reading(forms=_meant(text[correction.end() :], lang, base, labels), is_fragment=True, is_certain=True)
    opener = words.openers.match(text)
    rest = text[opener.end() :] if opener else text
    rest = rest if regex.search(r"\p{L}|\p{N}", rest) else text
    own = stretches(rest, lang)
    goes_on = bool(opener or words.after.search(text))
    if _is_fragment(rest, own, words, lang) and (goes_on or len(_undated(rest, lang).split()) <= BARE_WORDS):
        bare = words.after.sub("", END.sub("", rest))
        forms = _meant(bare or rest, lang, base, labels)
        return Reading(forms=forms, is_fragment=True, is_certain=goes_on, leans=True)
    forms = tuple(_carried(_beginning_like(text, rest), lang, base))
    leans = (bool(opener) and not any(one.is_name for one in own)) or _refers_back(rest, own, words)
    return Reading(forms=forms, leans=leans)


def without_change(question: str, lang: str) -> str:
    """Without the words that it turns to something else with: "By the way, who owns it?"."""
    text = plain(question).strip()
    change = followup_words(lang).changes.match(text)
    rest = text[change.end() :] if change and change[0].rstrip()[-1] in _PARTING else ""
    return _beginning_like(text, rest) if regex.search(r"\p{L}", rest) else question


def _beginning_like(text: str, rest: str) -> str:
    """The rest of a question without its first word, with its first sign and a capital where the question had them."""
    rest = rest[0].upper() + rest[1:] if text.lstrip("¿")[0].isupper() else rest
    return "¿" + rest if text.startswith("¿") and not rest.startswith("¿") else rest


def _asks_for_kind(text: str, lang: str, own: Sequence[Stretch]) -> bool:
    """Whether it says what kind of thing it asks for, other than within a name: "the Long Range"."""
    noun = asked_noun(text, lang)
    named = noun and any(one.is_name and one.start <= noun[0] and noun[1] <= one.end for one in own)
    return not named and expects(text, lang) != OTHER


def _meant(fragment: str, lang: str, base: Answer, labels: Sequence[str]) -> tuple[Form, ...]:
    fragment = END.sub("", fragment).lstrip("¿ ")
    return tuple({form.text: form for form in _guesses(fragment, lang, base, labels)}.values())


def _guesses(fragment: str, lang: str, base: Answer, labels: Sequence[str]) -> Iterator[Form]:
    """The question before with the fragment in the place of its like, and what the fragment asks of the subject."""
    about = spoken_of(base)
    own = stretches(fragment, lang)
    undated = _undated(fragment, lang)
    if asks(undated, lang) or _asks_for_kind(undated, lang, own):
        if any(one.is_name for one in own):
            yield Form(text=fragment + _MARKS.get(primary(lang), "?"), lang=lang)
        else:
            yield from _carried(fragment + _MARKS.get(primary(lang), "?"), lang, base)
        return
    if figure := with_new_figure(fragment, about, base):
        yield figure
        return
    if named := with_sibling(fragment, lang, about, base, labels):
        yield named
        return
    if renamed := with_new_name(fragment, lang, about, base):
        yield renamed
    if renamed and leading_joint(fragment, lang):
        return
    yield from _carried(fragment + _MARKS.get(primary(lang), "?"), lang, base)
    yield from with_new_property(fragment, lang, about, base)


def _carried(rest: str, lang: str, base: Answer) -> Iterator[Form]:
    """The question with a name in place of its pronoun, or with what it is about behind it."""
    about = spoken_of(base)
    words = followup_words(lang)
    is_dated = bool(years(rest)) or expects(rest, lang).kind == "date"
    carried_years = () if is_dated else about.years
    replaced = _replaced(rest, about.names[0], base, words) if len(about.names) == 1 else None
    yield Form(text=replaced or _beside(rest, lang, about.names), lang=lang, about=about.names)
    if carried_years or about.words:
        more = _beside(rest, lang, (*about.words, *about.names, *carried_years))
        yield Form(text=more, lang=lang, about=about.names, years=carried_years)


def _beside(rest: str, lang: str, inside: Sequence[str]) -> str:
    end = END.search(rest)
    at = end.start() if end else len(rest)
    brackets = _BRACKETS.get(primary(lang), " ({})")
    return f"{rest[:at]}{brackets.format(', '.join(inside))}{rest[at:]}"


def _replaced(rest: str, name: str, base: Answer, words: FollowupWords) -> str | None:
    for match in words.pronouns.finditer(rest):
        pronoun = (match["found"] or "").casefold()
        if pronoun in words.replaceable:
            before = regex.sub(r"-$", " ", rest[: match.start()])
            return before + _with_article(name, base, words) + rest[match.end() :]
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
    if asks(undated, lang) or (_asks_for_kind(undated, lang, own) and any(one.is_name for one in own)):
        return False
    return not any(match["found"] for match in words.pronouns.finditer(undated))


def _undated(fragment: str, lang: str) -> str:
    """Without phrases such as "last year (2025)": they ask for no year."""
    for start, end in reversed([*dated_phrases(fragment, lang)]):
        fragment = fragment[:start] + fragment[end:]
    return fragment


def language(question: str, detected: str, before: Sequence[Answer]) -> str:
    """Of a question in a conversation: a few words that begin as questions go on in the language of the turn before are
    in that language, whatever they look like."""
    last = before[-1].lang if before else detected
    opener = followup_words(last).openers.match(plain(question).strip())
    is_short = len(question.split()) <= BARE_WORDS
    return last if opener and is_short and not followup_words(detected).changes.match(question) else detected
