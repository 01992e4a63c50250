"""Chosen candidates → citations and numbered sources, in the shapes that every surface sends.

In: candidates, and the text that was framed around them. Out: records. Pure; refuses nothing.
"""

from collections.abc import Mapping, Sequence

from index.records import Hit
from rag.candidates import Candidate
from rag.claims import Cited, Claim, OfferedSource
from rag.fragments import text_fragment_url
from rag.framing import Framed
from rag.records import Citation, CitationSource, Source, TextRange, Verification
from rag.verify import verify


def citations(
    chosen: Sequence[Candidate],
    marked: Sequence[TextRange | None],
    framed: Framed,
    number: Mapping[str, int],
    sure: Sequence[float],
) -> tuple[Citation, ...]:
    """One per candidate, in order, with its short answer and how sure it is to answer; ``number``: of each work."""
    return tuple(
        Citation(
            n=number[candidate.hit.work_id],
            answer=place,
            source=citation_source(candidate),
            quote=candidate.text,
            verification=_verified(candidate, framed.text[place.start : place.end], how_sure),
            highlight=highlight,
        )
        for candidate, highlight, place, how_sure in zip(chosen, marked, framed.ranges, sure, strict=True)
    )


def _verified(candidate: Candidate, sentence: str, sure: float) -> Verification:
    hit = candidate.hit
    source = OfferedSource(source_id=hit.chunk_id, text=hit.text, lang=hit.lang, title=hit.title, headings=hit.headings)
    cited = Cited(source_id=hit.chunk_id, quote=candidate.text)
    claim = Claim(sentence=sentence, lang=hit.lang, cited=(cited,))
    return verify(claim, (source,), support=round(sure, 4))


def citation_source(candidate: Candidate) -> CitationSource:
    """Where a unit stands."""
    hit = candidate.hit
    return CitationSource(
        article_id=hit.article_id,
        work_id=hit.work_id,
        path=hit.path,
        url=text_fragment_url(hit.url, candidate.text) if hit.url else None,
        title=hit.title,
        lang=hit.lang,
        published=hit.published,
        modified=hit.modified,
        heading=" › ".join(hit.headings) or None,
        chunk_id=hit.chunk_id,
        start=candidate.span.start,
        end=candidate.span.end,
        content_sha256=hit.content_sha256,
    )


def numbered_sources(hits: Sequence[Hit]) -> tuple[Source, ...]:
    """One per work, in the order of the hits, numbered from 1."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.work_id, hit)
    return tuple(
        Source(
            n=n,
            article_id=hit.article_id,
            path=hit.path,
            title=hit.title,
            url=hit.url,
            lang=hit.lang,
            published=hit.published,
            other_langs=hit.other_langs,
            score=hit.score,
        )
        for n, hit in enumerate(first.values(), start=1)
    )
