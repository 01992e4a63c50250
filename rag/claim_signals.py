"""What speaks against a sentence that is not worded like its quote: said in other words, or in another language.

In: two texts with their languages, an alignment of their words if a model gave one. Out: named figures, the more the
worse (0 where nothing speaks against it), and the words behind them. Pure.
"""

import msgspec
import numpy as np

from rag.claim_clauses import clauses
from rag.claim_lists import polarity, poles
from rag.claim_meaning import Alignment
from rag.claim_names import Name, can_tell, is_named, names
from rag.claim_tokens import tokens

WEAKEST = 3
"""Words of the sentence with the farthest best match that are looked at together."""


class Signals(msgspec.Struct, frozen=True, kw_only=True):
    """All 0 or more."""

    distance: float
    """1 less the mean nearness of the sentence's words."""
    whole: float
    """1 less the cosine of sentence and quote as wholes."""
    weakest: float
    """1 less the nearness of its farthest word."""
    weak: float
    """And of its farthest words together."""
    backwards: float
    """The same of the quote's words in the sentence."""
    left_over: float
    """And of the quote's farthest word."""
    name_distance: float
    """Of the farthest name that the quote does not spell alike; 0 where there is none."""
    names_missing: float
    """Names that would be spelled alike, and are not there."""
    names_left: float
    """Names of the quote that the sentence does not spell, beside such of the sentence; 0 where one has none."""
    negations_more: float
    negations_fewer: float
    negation_distance: float
    poles: float
    """Scales of which the sentence names the other end."""
    poles_more: float
    """Scales that only the sentence names."""


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """The figures, and for the reader the words they come from."""

    signals: Signals
    missing: tuple[str, ...]
    """Names that nothing in the quote spells alike."""
    scales: tuple[str, ...]
    farthest: tuple[str, ...]
    clause: float
    """Distance of the farthest of its clauses, or of the sentence where that is farther; 0 without an alignment."""


def against(sentence: tuple[str, str], quote: tuple[str, str], around: str, alignment: Alignment | None) -> Against:
    """``sentence`` and ``quote`` with their languages; ``around``: the quote's title and headings."""
    (text, lang), (given, given_lang) = sentence, quote
    unnamed = [one for one in names(text, lang) if not _stands(one, lang, (given, around), given_lang)]
    said, kept = polarity(text, lang), polarity(given, given_lang)
    ours, theirs = poles(text, lang), poles(given, given_lang)
    scales = tuple(scale for scale in ours if scale in theirs and not ours[scale] & theirs[scale])
    words = _farthest(text, lang, alignment)
    missing = unnamed if can_tell(lang, given_lang) else []
    signals = Signals(
        distance=1 - alignment.overall() if alignment else 0.0,
        whole=1 - alignment.whole() if alignment else 0.0,
        weakest=words[0][0] if words else 0.0,
        weak=float(np.mean([far for far, _ in words])) if words else 0.0,
        backwards=1 - alignment.backwards() if alignment else 0.0,
        left_over=_left_over(given, given_lang, alignment),
        name_distance=max((1 - alignment.nearness(one.start, one.end) for one in unnamed), default=0.0)
        if alignment
        else 0.0,
        names_missing=float(len(missing)),
        names_left=float(bool(missing))
        * sum(not is_named(one.text, given_lang, text, lang) for one in names(given, given_lang)),
        negations_more=float(said.negations > 0 and not kept.negations and not kept.half_negations),
        negations_fewer=float(kept.negations > 0 and not said.negations and not said.half_negations),
        negation_distance=float(max(0, said.negations - kept.negations) + max(0, kept.negations - said.negations)),
        poles=float(len(scales)),
        poles_more=float(len(ours.keys() - theirs.keys())),
    )
    return Against(
        signals=signals,
        missing=tuple(one.text for one in unnamed),
        scales=scales,
        farthest=tuple(word for _, word in words),
        clause=_farthest_clause(text, alignment) if alignment else 0.0,
    )


def _stands(name: Name, lang: str, texts: tuple[str, ...], text_lang: str) -> bool:
    return any(is_named(name.text, lang, text, text_lang) for text in texts)


def _farthest(text: str, lang: str, alignment: Alignment | None) -> list[tuple[float, str]]:
    """Distance and word, the farthest first; figures are compared by value elsewhere."""
    if alignment is None:
        return []
    found = [
        (1 - alignment.nearness(token.start, token.end), text[token.start : token.end])
        for token in tokens(text, lang)
        if token.kind == "word"
    ]
    return sorted(found, reverse=True)[:WEAKEST]


def _farthest_clause(text: str, alignment: Alignment) -> float:
    return 1 - min([alignment.overall(), *(alignment.nearness(one.start, one.end) for one in clauses(text))])


def _left_over(given: str, lang: str, alignment: Alignment | None) -> float:
    if alignment is None:
        return 0.0
    turned = Alignment(alignment.text, alignment.sentence, alignment.cosines.T)
    return _farthest(given, lang, turned)[0][0] if _farthest(given, lang, turned) else 0.0
