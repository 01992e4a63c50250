"""Hits to the quotes that answer: the sentences, rows and captions that say it, best first. No language model.

In: a question with its hits. Out: quotable units ranked, and up to three of them chosen. Pure; invents nothing,
because every quote is a slice of a hit's text, and obeys nothing that the articles say.
"""

from collections.abc import Sequence

from index.languages import base
from rag.candidates import Candidate

MAX_QUOTES = 3
FURTHER_QUOTE_MARGIN = 1.5
"""How far below the best, in log-odds, a further quote may score."""
OWN_LANGUAGE_MARGIN = 2.5
"""How far below the best a quote in the reader's language may score and still be preferred to its translation."""


def choose(ranked: Sequence[Candidate], lang: str) -> tuple[Candidate, ...]:
    """The best unit and up to two that say nearly as much, each in the reader's language where a version says it. A
    look-alike neither leads nor follows where one that is called as was asked says nearly as much.

    In the order to be read: by source, the best quote's first; the best quote leads its own, the others follow as the
    article has them.
    """
    if not ranked:
        return ()
    good = [one for one in ranked if one.score >= ranked[0].score - FURTHER_QUOTE_MARGIN]
    named = (one for one in good if one.names_asked) if ranked[0].signals.other_name else ()
    best = next(iter(named), ranked[0])
    chosen = [_in_readers_language(best, ranked, lang)]
    for candidate in good:
        if len(chosen) == MAX_QUOTES:
            break
        further = _in_readers_language(candidate, ranked, lang)
        is_of_look_alike = any(_is_of_look_alike(one, best) for one in (candidate, further))
        if not is_of_look_alike and not any(_repeats(further, other) for other in chosen):
            chosen.append(further)
    return tuple(sorted(chosen, key=lambda candidate: _reading_order(candidate, chosen)))


def _in_readers_language(best: Candidate, ranked: Sequence[Candidate], lang: str) -> Candidate:
    if base(best.hit.lang) == base(lang):
        return best
    for candidate in ranked:
        if candidate.score < best.score - OWN_LANGUAGE_MARGIN:
            break
        if candidate.hit.work_id == best.hit.work_id and base(candidate.hit.lang) == base(lang):
            return candidate
    return best


def _is_of_look_alike(candidate: Candidate, best: Candidate) -> bool:
    return candidate.signals.other_name > best.signals.other_name


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    """The same words, part of a list that is quoted, or another language's version of a work that is quoted already."""
    if candidate.hit.article_id == other.hit.article_id:
        return candidate.span.start < other.span.end and other.span.start < candidate.span.end
    return candidate.text == other.text or candidate.hit.work_id == other.hit.work_id


def _reading_order(candidate: Candidate, chosen: Sequence[Candidate]) -> tuple[int, int]:
    articles = list(dict.fromkeys(one.hit.article_id for one in chosen))
    return articles.index(candidate.hit.article_id), 0 if candidate is chosen[0] else 1 + candidate.span.start
