"""What a sentence changed of the words that it rests on, where it is worded like them.

In: two texts of one language, and the words around the quote (title, headings). Out: how much of the sentence follows
the quote, and what does not: words from nowhere, words in another place, a negation more or less. Pure and cheap.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

import msgspec

from rag.claim_lists import Polarity, is_negated_form, polarity
from rag.claim_tokens import Token, tokens

LONG_CUT = 3
"""From how many words on, left out in one place, they may take a negation with them: a clause is gone, not turned."""


class Edits(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens are those of the sentence; all counts leave out what title and headings have."""

    followed: float
    """Share of the sentence's tokens that stand in the quote in the same order; 0 to 1."""
    covered: float
    """Share of them that stand anywhere in it, its title or headings; 0 to 1."""
    foreign: tuple[Token, ...]
    """They stand nowhere in the quote."""
    moved: tuple[Token, ...]
    """They stand elsewhere in it."""
    turned: tuple[str, ...]
    """Words that became their negative, or the other way round."""
    negations_more: int
    negations_fewer: int


def edits(sentence: str, quote: str, around: str, lang: str) -> Edits:
    written, given = tokens(sentence, lang), tokens(quote, lang)
    beside = {key for token in tokens(around, lang) for key in token.keys}
    ours, theirs = _keys(written, given), [token.key for token in given]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    foreign, moved, turned = list[Token](), list[Token](), list[str]()
    left_out, named = list[tuple[int, int]](), list[tuple[int, int]]()
    matched = 0
    known = {key for token in given for key in token.keys}
    for tag, start, end, start_there, end_there in matcher.get_opcodes():
        if tag == "equal":
            matched += end - start
            continue
        some = written[start:end]
        if some and all(not beside.isdisjoint(token.keys) for token in some):
            named.append((some[0].start, some[-1].end))
            continue
        moved += [token for token in some if not known.isdisjoint(token.keys)]
        foreign += [token for token in some if known.isdisjoint(token.keys) and beside.isdisjoint(token.keys)]
        turned += _turned(written[start:end], given[start_there:end_there], lang)
        if end_there - start_there >= LONG_CUT + end - start:
            left_out.append((given[start_there].start, given[end_there - 1].end))
    own, kept = _without(sentence, named), _without(quote, left_out)
    more, fewer = _negations(polarity(own, lang), polarity(quote, lang), polarity(kept, lang))
    return Edits(
        followed=matched / max(len(written), 1),
        covered=1 - len(foreign) / max(len(written), 1),
        foreign=tuple(foreign),
        moved=tuple(moved),
        turned=tuple(turned),
        negations_more=more,
        negations_fewer=fewer,
    )


def _keys(written: Sequence[Token], given: Sequence[Token]) -> list[str]:
    """Each token's key as the quote has it, where one of its readings stands there."""
    first = {token.key: token.key for token in given}
    as_given = {key: token.key for token in reversed(given) for key in token.keys} | first
    return [next((as_given[key] for key in token.keys if key in as_given), token.key) for token in written]


def _turned(written: Sequence[Token], given: Sequence[Token], lang: str) -> list[str]:
    return [
        one.keys[-1]
        for one in written
        for other in given
        if one.kind == other.kind == "word" and is_negated_form(one.keys[-1], other.keys[-1], lang)
    ]


def _negations(sentence: Polarity, quote: Polarity, kept: Polarity) -> tuple[int, int]:
    """Those too many against the whole quote, those too few against what the sentence kept of it."""
    more = max(0, sentence.negations - quote.negations) + max(0, sentence.half_negations - quote.half_negations)
    fewer = max(0, kept.negations - sentence.negations) + max(0, kept.half_negations - sentence.half_negations)
    return more, fewer


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + " " + text[end:]
    return text
