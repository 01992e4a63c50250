"""What a question names and a passage says nothing of: another town's plaza, another country's tax, another year.

In: a question and a hit. Out: the names, countries and years of the question that neither the hit's text nor what it
stands under has, in any spelling that ``rag/claim_names.py`` knows, nor its dates. Refuses nothing: where two scripts
spell so differently that nothing can be told, a name counts as mentioned.
"""

from index.dates import years
from index.records import Hit
from rag.claim_names import can_tell, countries, is_named, names


def unmentioned(question: str, lang: str, hit: Hit) -> tuple[str, ...]:
    """In the question's words: names in order, then countries that are not written as names, then years."""
    text = " ".join((hit.title, *hit.headings, hit.text))
    asked = [name.text for name in names(question, lang) if can_tell(lang, hit.lang)]
    asked += [country for country in countries(question, lang) if country not in asked]
    stated = years(" ".join((text, hit.published or "", hit.modified or "")))
    return (
        *(name for name in asked if not is_named(name, lang, text, hit.lang)),
        *sorted(years(question) - stated),
    )
