"""A case of the test bed as an LLM would write it: its sentence with its marker, through the path that shows answers.

In: a case. Out: what became of its sentence. The quote is the only unit of its source that may be cited; the other
sources are cut into sentences. An LLM names sources by number and gives no quotes, so that of a wrong id and of an
invented quote nothing can be shown but the right one: that counts as repaired.
"""

from collections.abc import Iterator

from evals.benchmarks.claims.cases import Case
from index.records import Hit, Span
from index.sentences import sentence_spans
from rag.candidates import Candidate, Signals
from rag.claim_meaning import Meaning
from rag.claims import OfferedSource
from rag.composing import Picked, Turn, compose
from rag.generate import Draft
from rag.grounding import Grounding
from rag.offering import Offer, offer
from rag.plain_text import plain_but_hosts
from rag.question import expects
from rag.records import Question
from rag.standalone import Standalone
from rag.verify import Verdict

PIECE = 5
"""Characters: about a token."""
BUDGET = 100_000
SITE = "https://evkx.net/"
"""Whose pages the real ones are."""
_NOTHING_SEEN = Signals(**dict.fromkeys(Signals.__struct_fields__, 0.0))


def streamed(case: Case, meaning: Meaning | None) -> Verdict:
    """``keep``: shown as it was written. ``repair``: shown with the right source, or its quote in its place."""
    draft, number = _draft(case, meaning)
    told = f"{case.claim.sentence} [{number}]"
    for at in range(0, len(told), PIECE):
        for sentence in draft.read(told[at : at + PIECE]):
            draft.show(sentence)
    for sentence in draft.rest():
        draft.show(sentence)
    if not draft.is_shown:
        return "drop"
    answer = draft.answer()
    shown = [answer.text[one.answer.start : one.answer.end] for one in answer.citations]
    written = plain_but_hosts(case.claim.sentence) or ""
    is_whole = "".join(dict.fromkeys(shown)).replace(" ", "") == written.replace(" ", "")
    is_as_cited = case.kind not in {"id", "quote"} and {one.n for one in answer.citations} == {number}
    return "keep" if is_whole and is_as_cited else "repair"


def _draft(case: Case, meaning: Meaning | None) -> tuple[Draft, int]:
    """And the number of the cited source; one that was not offered stays without."""
    quote, lang = case.claim.cited[0].quote, case.claim.lang
    hits = [_hit(source, quote if place == 0 else None) for place, source in enumerate(case.sources)]
    units = [unit for hit in hits for unit in _units(hit)]
    asked = Standalone(text="?", lang=lang)
    turn = Turn(message_id="", conversation_id="", question=Question(question="?"), lang=lang, standalone=asked)
    offered = offer(hits, units, units[:1], lang, BUDGET)
    part = Picked(
        asked=asked,
        hits=tuple(hits),
        sure=1.0,
        expected=expects("?", lang),
        ranked=tuple(units),
        chosen=tuple(units[:1]),
    )
    composed = compose(turn, [part])
    grounding = Grounding(offered, units, lang, sure=1.0, meaning=meaning)
    return Draft(turn, composed, offered, grounding), _number(case, offered)


def _number(case: Case, offered: Offer) -> int:
    numbers = {source.source_id: offered.numbers.get(source.source_id, 99) for source in case.sources}
    return numbers.get(case.claim.cited[0].source_id, 99)


def _hit(source: OfferedSource, quote: str | None) -> Hit:
    start = source.text.find(quote) if quote else -1
    whole = tuple(sentence_spans(source.text, source.lang))
    return Hit(
        chunk_id=source.source_id,
        article_id=source.source_id,
        work_id=source.source_id,
        path=f"{source.source_id}.md",
        url=SITE,
        lang=source.lang,
        title=source.title,
        headings=source.headings,
        text=source.text,
        start=0,
        end=len(source.text),
        sentences=(Span(start, start + len(quote)),) if quote and start >= 0 else whole,
        published=None,
        modified=None,
        content_sha256="",
        other_langs=(),
        score=1.0,
        cosine=1.0,
        coverage=1.0,
    )


def _units(hit: Hit) -> Iterator[Candidate]:
    for span in hit.sentences:
        yield Candidate(hit=hit, span=span, text=hit.text[span.start : span.end], signals=_NOTHING_SEEN, score=0.0)
