"""A sentence that is worded like its quote: what it changed, judged.

In: the sentence, the quote, and what differs (``claim_edits``). Out: checks. A name that is not the quote's is an
error; a negation, a pole of a scale or any other word that was changed is a doubt: a synonym cannot be told from an
opposite by letters, and the quote itself can be shown instead. Pure.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from index.records import Span
from rag.claim_clauses import clauses
from rag.claim_edits import Edits
from rag.claim_lists import poles
from rag.claim_names import names
from rag.claim_tokens import Token, tokens
from rag.records import Check, CheckName

WORDED_ALIKE = 0.55
"""Share of the sentence's words that stand in the quote in order, from which on it counts as worded alike."""


LEAST_COVERED = 0.5
"""Share of the sentence's words that its quote must have where both are in one language, however it is worded."""


def barely_covered(sentence: str, lang: str, found: Edits) -> Check:
    """Of a sentence in the quote's language that is worded otherwise: the whole of it, or a clause of which no word
    stands there."""
    added = [
        sentence[one.start : one.end].strip() for one in clauses(sentence) if _is_foreign(one, sentence, lang, found)
    ]
    return _check(
        "wording", "doubt", _spelled(found.foreign, sentence) if found.covered < LEAST_COVERED else "; ".join(added)
    )


def _is_foreign(clause: Span, sentence: str, lang: str, found: Edits) -> bool:
    inside = [one for one in tokens(sentence, lang) if one.start < clause.end and clause.start < one.end]
    return bool(inside) and all(one in found.foreign for one in inside)


def as_quoted(sentence: str, quote: str, lang: str, found: Edits) -> Iterator[Check]:
    named = names(sentence, lang)
    strange = [
        token for token in found.foreign if any(one.start < token.end and token.start < one.end for one in named)
    ]
    figures = [token for token in found.foreign if token.kind != "word" and token not in strange]
    others = [token for token in found.foreign if token not in strange and token not in figures]
    turned = [
        *found.turned,
        *([f"{found.negations_more} more"] if found.negations_more else []),
        *([f"{found.negations_fewer} fewer"] if found.negations_fewer else []),
    ]
    ours, theirs = poles(sentence, lang), poles(quote, lang)
    scales = [scale for scale in ours if scale in theirs and ours[scale] - theirs[scale]]
    if figures:
        yield Check(name="numbers", verdict="error", detail=_spelled(figures, sentence))
    yield _check("names", "error", _spelled(strange, sentence))
    yield _check("negation", "doubt", "; ".join(turned))
    yield _check("direction", "doubt", "; ".join(scales))
    yield _check("wording", "doubt", _spelled([*others, *found.moved], sentence))


def _check(name: CheckName, bad: Literal["doubt", "error"], detail: str) -> Check:
    return Check(name=name, verdict=bad if detail else "ok", detail=detail)


def _spelled(tokens: Sequence[Token], sentence: str) -> str:
    return "; ".join(sentence[token.start : token.end].strip() for token in sorted(tokens, key=lambda one: one.start))
