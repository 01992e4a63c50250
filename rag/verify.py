"""Is a sentence supported by what it cites? In: a claim, the sources that were offered. Out: what was checked.

Every composer calls ``verify`` once a sentence, without markers and without the frame that names the source. Where it
came from (the source was offered, the quote is in it) and figures are judged first; then a sentence that is worded like
its quote is held against it word by word (``claim_edits``), any other by what speaks against it (``claim_doubt``).
Deterministic; a model's token vectors sharpen it and may be missing. Refuses nothing.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import regex

from index.languages import base
from rag.claim_doubt import in_other_words
from rag.claim_edits import edits
from rag.claim_meaning import Meaning
from rag.claim_numbers import disagreements, has_numbers
from rag.claim_wording import WORDED_ALIKE, as_quoted, barely_covered
from rag.claims import Cited, Claim, OfferedSource
from rag.records import Check, Verification

_MARKER = regex.compile(r"\s*\[\d+\]")
_QUOTATION_MARKS = str.maketrans(dict.fromkeys("“”„‟«»‹›‘’‚‛「」『』＂", '"') | {"'": '"', "`": '"'})
_BEFORE_UNIT = regex.compile(r"(?<=\d)[^\S\n]{2,}(?=\p{L})")

Verdict = Literal["keep", "repair", "drop"]


def verify(
    claim: Claim, sources: Sequence[OfferedSource], *, support: float = 0.0, meaning: Meaning | None = None
) -> Verification:
    """``support`` is the composer's own figure, 0 to 1, passed through. Without ``meaning`` the texts alone decide."""
    offered = {source.source_id: source for source in sources}
    cited = [(one, offered[one.source_id]) for one in claim.cited if one.source_id in offered]
    origin = list(_origin(claim, offered))
    sentence = _single_spaced(_MARKER.sub("", claim.sentence).strip())
    checks = (
        origin
        if any(check.verdict == "error" for check in origin)
        else [*origin, *_content(sentence, claim.lang, [(_read(one), source) for one, source in cited], meaning)]
    )
    return Verification(
        quote=_quote_verdict(cited),
        support=support,
        numbers=_numbers_verdict(sentence, checks),
        checks=tuple(checks),
        verdict=_verdict(checks),
    )


def is_supported(verification: Verification) -> bool:
    """Whether the sentence may be shown as it is."""
    return verification.verdict == "keep"


def _origin(claim: Claim, offered: dict[str, OfferedSource]) -> Iterator[Check]:
    unknown = [one.source_id for one in claim.cited if one.source_id not in offered]
    if not claim.cited:
        yield Check(name="source", verdict="error", detail="nothing is cited")
    elif unknown:
        yield Check(name="source", verdict="error", detail="; ".join(unknown))
    else:
        yield Check(name="source", verdict="ok")
    absent = [
        one.quote for one in claim.cited if one.source_id in offered and _found(one, offered[one.source_id]) == "absent"
    ]
    if absent:
        yield Check(name="quote", verdict="error", detail="; ".join(absent))
    elif not unknown and claim.cited:
        yield Check(name="quote", verdict="ok")


def _found(cited: Cited, source: OfferedSource) -> Literal["exact", "paraphrase", "absent"]:
    if not cited.quote.strip():
        return "absent"
    if cited.quote in source.text:
        return "exact"
    return "paraphrase" if _loose(cited.quote) in _loose(source.text) else "absent"


def _loose(text: str) -> str:
    """With one kind of quotation mark and of white space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_QUOTATION_MARKS).split())


def _single_spaced(text: str) -> str:
    """A figure and its unit belong together, also two spaces apart."""
    return _BEFORE_UNIT.sub(" ", text)


def _read(cited: Cited) -> Cited:
    return msgspec.structs.replace(cited, quote=_single_spaced(cited.quote))


def _quote_verdict(cited: Sequence[tuple[Cited, OfferedSource]]) -> Literal["exact", "paraphrase", "absent"]:
    """The worst of them."""
    found = {_found(one, source) for one, source in cited}
    if not found or "absent" in found:
        return "absent"
    return "paraphrase" if "paraphrase" in found else "exact"


def _content(
    sentence: str, lang: str, cited: Sequence[tuple[Cited, OfferedSource]], meaning: Meaning | None
) -> Iterator[Check]:
    """Against the quotes in the sentence's language together, or else against those of the first language cited."""
    if any(sentence and _loose(sentence) in _loose(one.quote) for one, _ in cited):
        yield Check(name="wording", verdict="ok", detail="quoted")
        return
    own = [pair for pair in cited if base(pair[1].lang) == base(lang)]
    chosen = own or [pair for pair in cited if pair[1].lang == cited[0][1].lang]
    quote = " ".join(one.quote for one, _ in chosen)
    quote_lang = chosen[0][1].lang
    around = " ".join(part for _, source in chosen for part in (source.title, *source.headings) if part)
    yield _numbers(sentence, lang, cited)
    if own:
        found = edits(sentence, quote, around, lang)
        if found.followed >= WORDED_ALIKE:
            yield from as_quoted(sentence, quote, lang, found)
            return
        yield barely_covered(sentence, lang, found)
    yield from in_other_words((sentence, lang), (quote, quote_lang), around, meaning)


def _numbers(sentence: str, lang: str, cited: Sequence[tuple[Cited, OfferedSource]]) -> Check:
    """What no cited quote has."""
    each = [
        disagreements(sentence, lang, " ".join((one.quote, source.title, *source.headings)), source.lang)
        for one, source in cited
    ]
    wrong = [one for one in each[0] if all(one in others for others in each)]
    return Check(
        name="numbers",
        verdict="error" if wrong else "ok",
        detail="; ".join(f"{one.kind} {one.spelling.strip()}" for one in wrong),
    )


def _numbers_verdict(sentence: str, checks: Sequence[Check]) -> Literal["ok", "none", "mismatch"]:
    if any(check.name == "numbers" and check.verdict == "error" for check in checks):
        return "mismatch"
    return "ok" if has_numbers(sentence) else "none"


def _verdict(checks: Sequence[Check]) -> Verdict:
    if any(check.verdict == "error" for check in checks):
        return "drop"
    return "repair" if any(check.verdict == "doubt" for check in checks) else "keep"
