"""The words around quotes, in the reader's language. In: quotes and a language tag. Out: text with exact ranges.

The title stands in the reader's quotation marks, the quote in those of its own language; what runs in the other
direction than the answer is isolated. Language names and dates come from CLDR, through babel. Refuses nothing: a title
that leads elsewhere or speaks to a machine, a language without a name and an ill-formed date are left out.
"""

import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Literal

import msgspec
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton

from index.languages import UNDETERMINED, base, is_rtl
from rag.addressing import speaks_to_machine
from rag.phrasebook import nearest_language, phrases, supported_languages
from rag.plain_text import plain
from rag.records import TextRange

__all__ = [
    "Framed",
    "FramedQuote",
    "SmallTalk",
    "about_text",
    "as_of_text",
    "date_text",
    "frame_quotes",
    "locale_of",
    "not_found_text",
    "shown_title",
    "small_talk_text",
    "supported_languages",
]

SmallTalk = Literal["greeting", "thanks", "goodbye", "about"]

_QUOTATION_MARKS = frozenset("\"“”„‟«»'‘’‚‛‹›「」『』〝〞〟＂")
_LEFT_TO_RIGHT, _RIGHT_TO_LEFT, _END = "\u2066", "\u2067", "\u2069"
"""Unicode isolates (UAX #9)."""
LONGEST_TITLE = 200
_NORWEGIAN = frozenset({"no", "nb", "nn"})


class FramedQuote(msgspec.Struct, frozen=True, kw_only=True):
    """One quote to be shown. ``n`` is the number of its source."""

    n: int
    title: str
    quote: str
    source_lang: str
    published: str | None = None
    """ISO 8601 at any precision; None where no date is to be shown."""
    conversions: tuple[str, ...] = ()
    """Its figures in another unit, as the reader is to see them behind it."""


class Framed(msgspec.Struct, frozen=True, kw_only=True):
    """``text[r.start:r.end]`` is the quote, for each quote in order."""

    text: str
    ranges: tuple[TextRange, ...]


def frame_quotes(
    quotes: Sequence[FramedQuote], lang: str, *, disagree: bool = False, unanswered: Sequence[tuple[str, str]] = ()
) -> Framed:
    """One paragraph per run of quotes from one source, a marker ``[n]`` after each quote; empty for no quotes.

    ``disagree``: the quotes contradict each other, newest first, and a paragraph behind them says so.
    ``unanswered``: parts of the question, each with its language; the last paragraphs say that they are not answered.
    """
    text = ""
    ranges: list[TextRange] = []
    previous: FramedQuote | None = None
    for quote in quotes:
        before, after = _around(quote, previous, lang)
        start = len(text) + len(before)
        ranges.append(TextRange(start=start, end=start + len(quote.quote)))
        text += before + quote.quote + after
        previous = quote
    if disagree:
        text += f"\n\n{phrases(lang).disagreement}"
    for question, question_lang in unanswered:
        text += f"\n\n{_title(question, question_lang, lang)} {not_found_text(lang)}"
    return Framed(text=text, ranges=tuple(ranges))


def not_found_text(lang: str) -> str:
    """That the articles do not say."""
    return phrases(lang).not_found


def about_text(topic: str, lang: str) -> str:
    """A question for what the articles say about something that they name."""
    opening, closing = _marks(topic, lang)
    return phrases(lang).ask_about.format(topic=f"{opening}{topic}{closing}")


def small_talk_text(kind: SmallTalk, lang: str) -> str:
    """The reply to a message that asks nothing of the articles."""
    own = phrases(lang)
    replies = {"greeting": own.greeting, "thanks": own.thanks, "goodbye": own.goodbye, "about": own.out_of_scope}
    return replies[kind]


def as_of_text(published: str, lang: str) -> str:
    """How recent the sources are; empty where ``published`` is no date."""
    day = date_text(published, lang)
    return phrases(lang).as_of.format(date=day) if day else ""


def date_text(iso: str, lang: str) -> str:
    """``2022``, ``2022-12`` or ``2022-12-14`` in words, no more precise than it is; empty for what is no date."""
    completion = {4: "-01-01", 7: "-01"}.get(len(iso), "")
    try:
        day = date.fromisoformat(iso[:10] + completion)
    except ValueError:
        return ""
    locale = locale_of(lang)
    if completion:
        return format_skeleton("y" if len(iso) == 4 else "yMMMM", day, locale=locale)
    return format_date(day, "long", locale=locale)


def _around(quote: FramedQuote, previous: FramedQuote | None, lang: str) -> tuple[str, str]:
    """What stands before the quote and what after it."""
    opening, closing = _marks(quote.quote, quote.source_lang)
    isolate, end = _isolates(quote.quote, quote.source_lang, lang)
    converted = f" ({'; '.join(quote.conversions)})" if quote.conversions else ""
    before, after = isolate + opening, f"{closing}{end} [{quote.n}]{converted}"
    if previous and (previous.n, previous.source_lang) == (quote.n, quote.source_lang):
        return f" {before}", after
    paragraph = "\n\n" if previous else ""
    if not shown_title(quote.title):
        return paragraph + before, after
    template = phrases(lang).also if previous else phrases(lang).according_to
    lead, _, tail = template.partition("{quote}")
    return paragraph + lead.format(
        title=_title(quote.title, quote.source_lang, lang), note=_note(quote, lang)
    ) + before, after + tail


def shown_title(title: str) -> str:
    """In one line; empty for what a reader should not be shown as the words of Kilde."""
    line = " ".join(title.split())
    is_plain = len(line) <= LONGEST_TITLE and plain(line) is not None
    return line if is_plain and not speaks_to_machine(line) else ""


def _title(text: str, text_lang: str, lang: str) -> str:
    """In the quotation marks of the reader's language."""
    title = " ".join(text.split())
    opening, closing = _marks(title, lang)
    isolate, end = _isolates(title, text_lang, lang)
    return f"{opening}{isolate}{title}{end}{closing}"


def _marks(text: str, lang: str) -> tuple[str, str]:
    """Quotation marks of ``lang``: none where the text has its own, the inner ones where it has one at one edge."""
    outer_open, outer_close, inner_open, inner_close = phrases(lang).quotes
    edges = {edge for edge in (text[:1], text[-1:]) if edge in _QUOTATION_MARKS}
    if text[:1] in edges and text[-1:] in edges:
        return "", ""
    if edges and not edges & {inner_open.strip(), inner_close.strip()}:
        return inner_open, inner_close
    return outer_open, outer_close


def _isolates(text: str, text_lang: str, answer_lang: str) -> tuple[str, str]:
    """Around text that runs in the other direction than the answer; empty around the rest."""
    answer_rtl = is_rtl(nearest_language(answer_lang))
    text_rtl = _runs_right_to_left(text, text_lang, default=answer_rtl)
    if text_rtl == answer_rtl:
        return "", ""
    return (_RIGHT_TO_LEFT if text_rtl else _LEFT_TO_RIGHT), _END


def _runs_right_to_left(text: str, lang: str, *, default: bool) -> bool:
    """By its letters where they agree (a Latin name in an Arabic article), else by its language."""
    classes = {unicodedata.bidirectional(character) for character in text}
    has_left, has_right = "L" in classes, bool(classes & {"R", "AL"})
    if has_left and has_right:
        return is_rtl(lang)
    return has_right or (default and not has_left)


def _note(quote: FramedQuote, lang: str) -> str:
    """The quote's language where the reader's is another, and its date; empty without either."""
    name = None if _same_language(quote.source_lang, lang) else _language_name(quote.source_lang, locale_of(lang))
    day = date_text(quote.published, lang) if quote.published else ""
    details = phrases(lang).list_separator.join(detail for detail in (name, day) if detail)
    return phrases(lang).note.format(details=details) if details else ""


def _same_language(one: str, other: str) -> bool:
    """Whether a reader of the one needs no note that a text is in the other."""
    bases = {base(one), base(other)}
    return len(bases) == 1 or bases <= _NORWEGIAN


def _language_name(lang: str, locale: Locale) -> str | None:
    if lang == UNDETERMINED:
        return None
    names = locale.languages
    return names.get(lang.replace("-", "_")) or names.get(base(lang))


def locale_of(lang: str) -> Locale:
    """The reader's own, so that ``en-GB`` has its dates, where phrases and CLDR both know the language."""
    served = nearest_language(lang)
    try:
        return Locale.parse(lang if base(lang) == base(served) else served, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(served, sep="-")
