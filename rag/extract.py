"""Hits to the quotes that answer: the sentences, rows and captions that say it, best first. No language model.

In: a question with its hits. Out: up to three quotes with the evidence for the best of them. Pure; invents nothing,
because every quote is a slice of a hit's text, and obeys nothing that the articles say.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import log1p

import msgspec

from index.languages import base
from index.lexical import terms
from index.records import Hit, Span

CONSIDERED_HITS = 12
MAX_QUOTES = 3
FURTHER_QUOTE_MARGIN = 1.5
"""How far below the best, in log-odds, a further quote may score."""
OWN_LANGUAGE_MARGIN = 2.5
"""How far below the best a quote in the reader's language may score and still be preferred to its translation."""
MIN_QUOTE_BYTES = 8
"""Of letters and digits in UTF-8: a Chinese character says as much as three Latin letters."""


class ExtractionWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log-odds per unit of each figure, of a unit and of the chunk it stands in; fitted by ``fit_ranking.py``."""

    unit_late: float
    late: float
    cosine: float
    unit_coverage: float
    coverage: float
    foreign_unit_coverage: float
    foreign_coverage: float
    foreign: float


@cache
def extraction_weights() -> ExtractionWeights:
    """The figures that ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "extraction.json").read_bytes(), type=ExtractionWeights)


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One quotable unit of a hit."""

    hit: Hit
    span: Span
    """In the article's canonical text."""
    text: str
    score: float
    late: float
    """Late interaction of the question and the unit; the chunk's cosine where there are no token vectors."""
    coverage: float
    """Share of the question's terms, by their rarity among the candidates, that the unit holds; 0 to 1."""


def candidates(hits: Sequence[Hit], question: str, lang: str) -> list[Candidate]:
    """All quotable units of the best hits, best first."""
    units = [(hit, place, span) for hit in hits[:CONSIDERED_HITS] for place, span in enumerate(hit.sentences)]
    texts = [hit.text[span.start - hit.start : span.end - hit.start] for hit, _, span in units]
    coverages = _coverages(texts, [hit.lang for hit, _, _ in units], question, lang)
    found = [
        Candidate(
            hit=hit,
            span=span,
            text=text,
            score=_score(hit, _late(hit, place), coverage, base(hit.lang) != base(lang)),
            late=_late(hit, place),
            coverage=coverage,
        )
        for (hit, place, span), text, coverage in zip(units, texts, coverages, strict=True)
        if _says_something(text) and text != hit.title
    ]
    return sorted(found, key=lambda candidate: -candidate.score)


def choose(ranked: Sequence[Candidate], lang: str) -> tuple[Candidate, ...]:
    """The best unit, in the reader's language where a version says it, and up to two that say nearly as much."""
    if not ranked:
        return ()
    best = _in_readers_language(ranked[0], ranked, lang)
    chosen = [best]
    for candidate in ranked:
        if len(chosen) == MAX_QUOTES or candidate.score < ranked[0].score - FURTHER_QUOTE_MARGIN:
            break
        if not any(_repeats(candidate, other) for other in chosen):
            chosen.append(candidate)
    return tuple(sorted(chosen, key=lambda candidate: _reading_order(candidate, chosen)))


def _says_something(text: str) -> bool:
    return sum(len(character.encode()) for character in text if character.isalnum()) >= MIN_QUOTE_BYTES


def _late(hit: Hit, place: int) -> float:
    return hit.unit_scores[place] if hit.unit_scores else hit.cosine


def _score(hit: Hit, late: float, coverage: float, foreign: bool) -> float:
    weights = extraction_weights()
    seen = weights.unit_late * late + weights.late * hit.late + weights.cosine * hit.cosine
    if foreign:
        shared = weights.foreign_unit_coverage * coverage + weights.foreign_coverage * hit.coverage
        return seen + shared + weights.foreign
    return seen + weights.unit_coverage * coverage + weights.coverage * hit.coverage


def _coverages(texts: Sequence[str], langs: Sequence[str], question: str, lang: str) -> list[float]:
    held = [set(terms(text, of)) for text, of in zip(texts, langs, strict=True)]
    wanted = Counter(terms(question, lang))
    frequencies = {term: sum(term in some for some in held) for term in wanted}
    weights = {term: count * log1p(len(held) / (1 + frequencies[term])) for term, count in wanted.items()}
    total = sum(weights.values()) or 1.0
    return [sum(weights[term] for term in weights.keys() & some) / total for some in held]


def _in_readers_language(best: Candidate, ranked: Sequence[Candidate], lang: str) -> Candidate:
    if base(best.hit.lang) == base(lang):
        return best
    for candidate in ranked:
        if candidate.score < best.score - OWN_LANGUAGE_MARGIN:
            break
        if candidate.hit.work_id == best.hit.work_id and base(candidate.hit.lang) == base(lang):
            return candidate
    return best


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    """The same words, or another language's version of a work that is quoted already."""
    same_work = candidate.hit.work_id == other.hit.work_id
    return candidate.text == other.text or (same_work and candidate.hit.article_id != other.hit.article_id)


def _reading_order(candidate: Candidate, chosen: Sequence[Candidate]) -> tuple[int, int]:
    """Sources in order of their best quote; within one, as the article has them, the best quote's source first."""
    articles = list(dict.fromkeys(one.hit.article_id for one in chosen))
    return articles.index(candidate.hit.article_id), 0 if candidate is chosen[0] else 1 + candidate.span.start
