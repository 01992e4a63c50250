"""What an LLM is shown of the articles: the best passages, by work, within a budget of tokens.

In: hits best first, their quotable units, what extraction would quote, the reader's language, a budget. Out: numbered
sources and their text for the prompt. The works that extraction quotes come first, so that a number means the same
article whoever writes the answer. Each work is shown in one version, the reader's where it was found. Where the budget
is short, whole sentences go, the least fitting first. What speaks to a machine is left out. Pure; refuses nothing: with
a budget for not even one sentence nothing is offered.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import regex

from index.languages import base
from index.records import Hit, Span
from index.sentences import sentence_spans
from rag.addressing import speaks_to_machine
from rag.candidates import Candidate
from rag.citing import numbered_sources
from rag.prompt import Neutral, neutral
from rag.prompt_tokens import count_tokens
from rag.records import Source

MOST_PASSAGES = 8
MOST_WORKS = 5
_MARKER_LIKE = regex.compile(r"[\[【［](\s*\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\s*)[\]】］]")
"""A note in an article must not look like the number of a source."""
_GAP = " … "
_LINE_COST, _HEAD_COST = 2, 10
"""Tokens around a sentence, at most: a line end, or the sign for what is left out; around a source: its fence."""


class OfferedWork(msgspec.Struct, frozen=True, kw_only=True):
    """One source, under the number by which it is cited."""

    n: int
    passages: tuple[Hit, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Empty where nothing fits."""

    works: tuple[OfferedWork, ...]
    text: Neutral
    numbers: dict[str, int]
    """By work, also of works that did not fit."""
    sources: tuple[Source, ...]
    """All of them, in that order."""

    @property
    def hits(self) -> tuple[Hit, ...]:
        """In the order of the numbers."""
        return tuple(hit for work in self.works for hit in work.passages)


class _Sentence(msgspec.Struct, frozen=True):
    passage: int
    span: Span
    """Within the passage's text."""
    worth: float
    cost: int


def offer(
    hits: Sequence[Hit], ranked: Sequence[Candidate], quoted: Sequence[Candidate], lang: str, budget: int
) -> Offer:
    """``ranked``: the units of ``hits``, best first; ``quoted``: what extraction chose of them."""
    passages = _passages([one.hit for one in quoted], hits, lang)
    kept = _fitting(passages, list(_sentences(passages, ranked)), budget)
    numbers = {work_id: n for n, work_id in enumerate(dict.fromkeys(hit.work_id for hit in passages), start=1)}
    shown = [(hit, spans) for place, hit in enumerate(passages) if (spans := kept.get(place))]
    by_number = {n: [one for one in shown if one[0].work_id == work_id] for work_id, n in numbers.items()}
    works = (OfferedWork(n=n, passages=tuple(hit for hit, _ in some)) for n, some in by_number.items() if some)
    text = "\n\n".join(_source(n, some) for n, some in by_number.items() if some)
    return Offer(works=tuple(works), text=Neutral(text), numbers=numbers, sources=numbered_sources(passages))


def _passages(quoted: Sequence[Hit], hits: Sequence[Hit], lang: str) -> list[Hit]:
    """Each chunk once; beside what is quoted, of each work one version, the reader's where there is one."""
    found = {hit.chunk_id: hit for hit in quoted}
    version = {hit.work_id: hit.article_id for hit in quoted}
    for hit in hits:
        if base(hit.lang) == base(lang):
            version.setdefault(hit.work_id, hit.article_id)
    for hit in hits:
        works = {one.work_id for one in found.values()}
        is_new = hit.work_id not in works
        if len(found) == MOST_PASSAGES or (is_new and len(works) == MOST_WORKS):
            continue
        if version.setdefault(hit.work_id, hit.article_id) == hit.article_id:
            found.setdefault(hit.chunk_id, hit)
    return list(found.values())


def _sentences(passages: Sequence[Hit], ranked: Sequence[Candidate]) -> Iterator[_Sentence]:
    lowest = min((one.score for one in ranked), default=0.0) - 1
    for place, hit in enumerate(passages):
        units = [one for one in ranked if one.hit.chunk_id == hit.chunk_id]
        for span in sentence_spans(hit.text, hit.lang):
            text = hit.text[span.start : span.end]
            if speaks_to_machine(text):
                continue
            start, end = hit.start + span.start, hit.start + span.end
            over = [one.score for one in units if one.span.start < end and start < one.span.end]
            worth = max(over, default=lowest - place)
            yield _Sentence(place, span, worth, count_tokens(_seen(text)) + _LINE_COST)


def _fitting(passages: Sequence[Hit], sentences: Sequence[_Sentence], budget: int) -> dict[int, list[Span]]:
    """By passage, in order: all, or the best that fit together with the heads that they need."""
    kept: dict[int, list[Span]] = {}
    works: set[str] = set()
    left = budget
    for one in sorted(sentences, key=lambda one: -one.worth):
        hit = passages[one.passage]
        cost = one.cost + (0 if hit.work_id in works else count_tokens(_title(hit)) + _HEAD_COST)
        if cost > left:
            continue
        left -= cost
        works.add(hit.work_id)
        kept.setdefault(one.passage, []).append(one.span)
    return {place: sorted(spans, key=lambda span: span.start) for place, spans in kept.items()}


def _source(n: int, shown: Sequence[tuple[Hit, list[Span]]]) -> str:
    text = "\n".join(_seen(_joined(hit, spans)) for hit, spans in shown)
    return f"[{n}]\n<<<\n{_title(shown[0][0])}\n{text}\n>>>"


def _title(hit: Hit) -> str:
    dated = ", ".join(part for part in (hit.lang, hit.modified or hit.published) if part)
    title = " ".join(_seen(hit.title).split())
    return f"Title: {'' if speaks_to_machine(title) else title} ({dated})"


def _joined(hit: Hit, spans: Iterable[Span]) -> str:
    """The sentences as the article has them, with a sign where some are left out."""
    text, before = "", 0
    for span in spans:
        gap = hit.text[before : span.start]
        text += (gap if not gap.strip() else _GAP) + hit.text[span.start : span.end]
        before = span.end
    return text.strip()


def _seen(text: str) -> str:
    return _MARKER_LIKE.sub(r"(\1)", neutral(text))
