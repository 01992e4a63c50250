"""Candidates whose score is given, for what is done with ranked ones."""

import msgspec
from small_index import make_hit

from index.records import Span
from rag.candidates import Candidate, Signals

NO_SIGNALS = Signals(**dict.fromkeys(Signals.__struct_fields__, 0.0))


def make_candidate(
    text: str,
    score: float,
    *,
    article: str = "a",
    work: str | None = None,
    lang: str = "en",
    at: int = 0,
    names_asked: bool = False,
    **signals: float,
) -> Candidate:
    """A quotable unit that is all of its hit's text; nothing speaks for it but ``signals``."""
    hit = make_hit(text, article_id=article, start=at, lang=lang, work_id=work or f"work-{article}")
    seen = msgspec.structs.replace(NO_SIGNALS, **signals)
    span = Span(at, at + len(text))
    return Candidate(hit=hit, span=span, text=text, score=score, signals=seen, names_asked=names_asked)
