"""What a question names and a passage says nothing of: another town's plaza, another country's tax, another year.

In: a question and a hit. Out: the names, countries and years of the question that neither the hit's text nor what it
stands under has, in any spelling that ``rag/claim_names.py`` knows, nor its dates. Refuses nothing: where two scripts
spell so differently that nothing can be told, a name counts as mentioned.
"""

import msgspec

from index.dates import years
from index.records import Hit
from rag.claim_names import can_tell, countries, is_named, names


class Unmentioned(msgspec.Struct, frozen=True):
    """In the question's words."""

    names: tuple[str, ...]
    """In order; a country is one too where it is written as a name."""
    setting: tuple[str, ...]
    """Countries and years: what holds of one of them does not hold of another."""


def unmentioned(question: str, lang: str, hit: Hit) -> Unmentioned:
    """Of what the question names."""
    text = " ".join((hit.title, *hit.headings, hit.text))

    def missing(words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word for word in words if not is_named(word, lang, text, hit.lang))

    stated = years(" ".join((text, hit.published or "", hit.modified or "")))
    named = tuple(name.text for name in names(question, lang)) if can_tell(lang, hit.lang) else ()
    setting = (*missing(countries(question, lang)), *sorted(years(question) - stated))
    return Unmentioned(names=missing(named), setting=setting)
