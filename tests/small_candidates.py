"""Candidates whose score is given, for what is done with ranked ones."""

from small_index import make_hit

from index.records import Span
from rag.candidates import Candidate, Signals

NO_SIGNALS = Signals(**dict.fromkeys(Signals.__struct_fields__, 0.0))


def make_candidate(
    text: str, score: float, *, article: str = "a", work: str | None = None, lang: str = "en", at: int = 0
) -> Candidate:
    """A quotable unit that is all of its hit's text; its signals are those of a unit that nothing speaks for."""
    hit = make_hit(text, article_id=article, start=at, lang=lang, work_id=work or f"work-{article}")
    return Candidate(hit=hit, span=Span(at, at + len(text)), text=text, score=score, signals=NO_SIGNALS)
