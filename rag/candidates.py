"""Every sentence, row and caption of the best hits, with what speaks for it as the answer.

In: hits and a question. Out: candidates, best first, by a linear model over signals of meaning, terms, kind and
figures. Its weights are data, fitted by ``evals/benchmarks/fit_extraction.py``. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from math import log1p

import msgspec

from index.dates import dates, years
from index.languages import base
from index.lexical import terms
from index.log_odds import log_odds
from index.records import Hit, Span
from rag.names import Names
from rag.question import Expectation, expects
from rag.question_fit import CANNOT_TELL, fit, says_unknown

CONSIDERED_HITS = 12
CACHED_TEXTS = 16_384
"""Sentences whose terms are kept: the same articles are asked about again and again."""
MIN_QUOTE_BYTES = 8
"""Of letters and digits in UTF-8: a Chinese character says as much as three Latin letters."""


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for a unit. Terms are expected to be shared within a language, less so across languages: a foreign
    unit has its coverages in fields of their own."""

    unit_late: float
    """Late interaction of the question and the unit; the chunk's cosine where there are no token vectors."""
    late: float
    """The same of the whole chunk."""
    cosine: float
    unit_coverage: float
    """Share of the question's terms, by their rarity among the candidates, that the unit holds; 0 to 1."""
    coverage: float
    """Share of the question's terms, by their rarity in the index, that the chunk holds; 0 to 1."""
    foreign_unit_coverage: float
    foreign_coverage: float
    foreign: float
    """1 for a unit in another language than the question."""
    focus: float
    """The other way round: how much of the unit the question is about; 0 where there are no token vectors."""
    length: float
    """Logarithm of the unit's bytes: a long sentence says more than a short one."""
    kind: float
    """From -0.5 to 0.5: whether the unit holds the kind of thing that is asked for; 0 when nothing can tell."""
    figures_missing: float
    """Share of the question's figures (years, model numbers) that neither unit, title, headings nor date holds."""
    figures_absent: float
    """The same share, of those that the whole chunk does not hold either."""
    unknown: float
    """1 for a unit that says that what is asked for is not known or not announced: that is an answer too."""
    other_name: float
    """1 for a unit about a look-alike of what is asked for: another model of the family, another version."""
    behind: float
    """In log-odds, at least 0: how far behind the best chunk search ranks the unit's own."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One quotable unit of a hit."""

    hit: Hit
    span: Span
    """In the article's canonical text."""
    text: str
    signals: Signals
    score: float
    """Log-odds of holding the answer, up to a constant per question."""
    names_asked: bool = False
    """Whether it, or what it stands under, calls by its name what is asked for."""


@cache
def extraction_weights() -> dict[str, float]:
    """Log-odds per unit of each signal, as they ship with Kilde."""
    return msgspec.json.decode((files("rag") / "data" / "extraction.json").read_bytes(), type=dict[str, float])


def candidates(hits: Sequence[Hit], question: str, lang: str) -> list[Candidate]:
    """All quotable units of the best hits, best first, without those that speak of another year than the question."""
    expected = expects(question, lang)
    asked_years = years(question)
    asked_figures = _figures(question, lang)
    names = Names(question, lang, hits[:CONSIDERED_HITS])
    units = [
        (hit, place, span, text)
        for hit in hits[:CONSIDERED_HITS]
        for place, span in enumerate(hit.sentences)
        if _says_something(text := hit.text[span.start - hit.start : span.end - hit.start])
        and not (text == hit.title and span.start)  # A text without a title is called by its first sentence.
        and not _is_of_another_year(text, asked_years)
    ]
    held = [_terms(text, hit.lang) for hit, _, _, text in units]
    foremost = max((log_odds(hit.score) for hit in hits[:CONSIDERED_HITS]), default=0.0)
    coverages = _coverages(held, question, lang)
    considered = hits[:CONSIDERED_HITS] if asked_figures else ()
    asked_days = frozenset(day for date in dates(question) for day in date.readings)
    around = defaultdict(
        frozenset[str], {hit.chunk_id: _figures(_about(hit, asked_days), hit.lang) for hit in considered}
    )
    within = defaultdict(frozenset[str], {hit.chunk_id: _figures(hit.text, hit.lang) for hit in considered})
    found = []
    for (hit, place, span, text), some, coverage in zip(units, held, coverages, strict=True):
        missing = asked_figures - some - around[hit.chunk_id]
        absent = missing - within[hit.chunk_id]
        named = names.named(hit, text)
        signals = Signals(
            **_meaning(hit, place, coverage, base(hit.lang) != base(lang)),
            length=log1p(len(text.encode())),
            kind=_kind(expected, text),
            figures_missing=len(missing) / max(len(asked_figures), 1),
            figures_absent=len(absent) / max(len(asked_figures), 1),
            unknown=float(says_unknown(expected, text, hit.lang)),
            other_name=float(named == "other"),
            behind=foremost - log_odds(hit.score),
        )
        score = _score(signals)
        found.append(
            Candidate(hit=hit, span=span, text=text, signals=signals, score=score, names_asked=named == "asked")
        )
    return sorted(found, key=lambda candidate: -candidate.score)


def _score(signals: Signals) -> float:
    seen: dict[str, float] = msgspec.structs.asdict(signals)
    return sum((weight * seen[name] for name, weight in extraction_weights().items()), start=0.0)


def _meaning(hit: Hit, place: int, coverage: float, foreign: bool) -> dict[str, float]:
    return {
        "unit_late": hit.unit_scores[place] if hit.unit_scores else hit.cosine,
        "late": hit.late if hit.unit_scores else hit.cosine,
        "cosine": hit.cosine,
        "focus": hit.unit_focus[place] if hit.unit_focus else 0.0,
        "unit_coverage": 0.0 if foreign else coverage,
        "coverage": 0.0 if foreign else hit.coverage,
        "foreign_unit_coverage": coverage if foreign else 0.0,
        "foreign_coverage": hit.coverage if foreign else 0.0,
        "foreign": float(foreign),
    }


def _is_of_another_year(text: str, asked: frozenset[str]) -> bool:
    """Whether the text names years, and none of those asked for; what stands above it does not change its year."""
    return bool(asked) and bool(stated := years(text)) and not asked & stated


@lru_cache(maxsize=CACHED_TEXTS)
def _says_something(text: str) -> bool:
    said = 0
    for character in text:
        said += len(character.encode()) if character.isalnum() else 0
        if said >= MIN_QUOTE_BYTES:
            return True
    return False


def _kind(expected: Expectation, text: str) -> float:
    return fit(expected, text) - CANNOT_TELL


@lru_cache(maxsize=CACHED_TEXTS)
def _terms(text: str, lang: str) -> frozenset[str]:
    return frozenset(terms(text, lang))


def _coverages(held: Sequence[frozenset[str]], question: str, lang: str) -> list[float]:
    wanted = Counter(terms(question, lang))
    frequencies = Counter(term for some in held for term in wanted.keys() & some)
    weights = {term: count * log1p(len(held) / (1 + frequencies[term])) for term, count in wanted.items()}
    total = sum(weights.values()) or 1.0
    return [sum(weight for term, weight in weights.items() if term in some) / total for some in held]


@lru_cache(maxsize=CACHED_TEXTS)
def _figures(text: str, lang: str) -> frozenset[str]:
    """The terms with a digit in them, as whole words and numbers: years, amounts, ``q8``, ``e-tron 55``."""
    return frozenset(term for term in _terms(text, lang) if term[0] not in "~+'@" and any(map(str.isdigit, term)))


def _heading(hit: Hit) -> str:
    """What every unit of the hit stands under."""
    return " ".join((hit.title, *hit.headings))


def _about(hit: Hit, asked_days: frozenset[str]) -> str:
    """What a reader sees around every unit of the hit: its date stands for a year that the unit leaves out, and for a
    day that is asked for."""
    published = hit.published or ""
    date = published.replace("-", " ") if published in asked_days else published[:4]
    return f"{_heading(hit)} {date}"
