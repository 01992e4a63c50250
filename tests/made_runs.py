"""Runs made by hand: cases, answers and hits in which only what a test is about is filled in."""

from collections.abc import Sequence

from evals.golden import Case, Expect
from evals.records import Found, Outcome, Run, Timing
from rag.records import Answer, Citation, CitationSource, Composer, Status, TextRange, Verification

WORK = "news/harbour.md"


def case(
    case_id: str = "x-en",
    *,
    lang: str = "en",
    expect: Expect | None = None,
    standalone: str | None = None,
    tags: tuple[str, ...] = (),
) -> Case:
    expected = expect or Expect(status="answered", works=(WORK,))
    return Case(id=case_id, question=f"{case_id}?", lang=lang, expect=expected, standalone=standalone, tags=tags)


def citation(
    quote: str,
    path: str = WORK,
    *,
    n: int = 1,
    lang: str = "en",
    title: str = "",
    at: int = 0,
    published: str | None = None,
) -> Citation:
    """``at``: where the quote begins in the answer."""
    source = CitationSource(
        article_id=path,
        work_id=path,
        path=path,
        url=None,
        title=title,
        lang=lang,
        published=published,
        modified=None,
        heading=None,
        chunk_id="c",
        start=0,
        end=len(quote),
        content_sha256="",
    )
    checked = Verification(quote="exact", support=1.0, numbers="ok")
    return Citation(
        n=n, answer=TextRange(start=at, end=at + len(quote)), source=source, quote=quote, verification=checked
    )


def answer(
    *citations: Citation,
    text: str = "",
    status: Status = "answered",
    lang: str = "en",
    confidence: float | None = None,
    composer: Composer = "extractive",
    as_of: str | None = None,
) -> Answer:
    return Answer(
        message_id="",
        conversation_id="",
        status=status,
        composer=composer,
        question="",
        standalone_question="",
        lang=lang,
        text=text,
        citations=citations,
        sources=(),
        nearest=(),
        followups=(),
        as_of=as_of,
        timings_ms={},
        confidence=confidence,
    )


REFUSAL = answer(status="not_found")


def found(*works: str, lang: str = "en") -> tuple[Found, ...]:
    return tuple(
        Found(work=work, path=work, lang=lang, chunk_id=f"{place}", text="", score=1 / place)
        for place, work in enumerate(works, start=1)
    )


def outcome(
    asked: Case | None = None,
    given: Answer | None = None,
    *,
    hits: tuple[Found, ...] = (),
    standalone_hits: tuple[Found, ...] = (),
    false_quotes: tuple[str, ...] = (),
) -> Outcome:
    return Outcome(
        case=asked or case(),
        answer=given,
        found=hits,
        standalone_found=standalone_hits,
        false_quotes=false_quotes,
        error=None if given else "the service is gone",
    )


def run(
    outcomes: Sequence[Outcome], *, corpus: str = "c0ffee", latencies_ms: tuple[tuple[float, ...], ...] = ()
) -> Run:
    timing = Timing(started="2026-01-01T00:00:00Z", seconds=1.0, latencies_ms=latencies_ms, machine="", versions={})
    return Run(
        suite="made", questions_sha256="", corpus_sha256=corpus, system={}, outcomes=tuple(outcomes), timing=timing
    )
