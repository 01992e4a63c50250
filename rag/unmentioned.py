"""What a question names and a passage says nothing of: another town's plaza, another country's tax, another year.

In: a question and a hit. Out: the names, countries and years of the question that neither the hit's text nor what it
stands under has, in any spelling that ``claim_names`` and ``countries`` know, nor its dates. Refuses nothing: where two
scripts spell so differently that nothing can be told, a name counts as mentioned.
"""

import msgspec
import regex

from index.dates import years
from index.numbers import fold_digits, numbers
from index.records import Hit
from rag.claim_names import can_tell, is_named, names
from rag.countries import countries, names_country

_BRACKETS = regex.compile(r"[(（][^)）]*[)）]")
_YEARS = regex.compile(r"(?<!\d)((?:19|20)\d\d)\D{1,7}((?:19|20)\d\d)(?!\d)")
"""Two years with hardly anything between them."""


class Unmentioned(msgspec.Struct, frozen=True):
    """In the question's words."""

    names: tuple[str, ...]
    """In order; a country is one too where it is written as a name."""
    setting: tuple[str, ...]
    """Countries and years: what holds of one of them does not hold of another."""


def unmentioned(question: str, lang: str, hit: Hit) -> Unmentioned:
    """By the hit's text, title, headings and dates."""
    text = " ".join((hit.title, *hit.headings, hit.text))
    named = (name.text for name in names(question, lang)) if can_tell(lang, hit.lang) else ()
    abroad = (one for one in countries(question, lang) if not names_country(one, lang, text, hit.lang))
    stated = _stated_years(" ".join((text, hit.published or "", hit.modified or "")))
    return Unmentioned(
        names=tuple(name for name in named if not is_named(name, lang, text, hit.lang)),
        setting=(*abroad, *sorted(_asked_years(question) - stated)),
    )


def _asked_years(question: str) -> frozenset[str]:
    """Without what is known from before, or from the calendar, and stands in brackets; and no "2000 km"."""
    asked = _BRACKETS.sub(" ", question)
    amounts = {asked[number.start : number.end][:4] for number in numbers(asked) if number.unit}
    return years(asked) - amounts


def _stated_years(text: str) -> frozenset[str]:
    """With those between the ends of "2019 to 2023"."""
    ranges = (range(int(first), int(last)) for first, last in _YEARS.findall(fold_digits(text)))
    return years(text) | frozenset(str(year) for some in ranges for year in some)
