"""Outcomes made up from what cases expect, so that it is known beforehand which of them are right.

In: cases, and which of them are to be right. Out: a run. A right answer quotes the first form of every fact and the
first fragment from the first expected work, and search finds that work; a wrong one refuses what can be answered and
answers what cannot. Refuses nothing.
"""

from collections.abc import Collection, Sequence

from evals.golden import Case
from evals.records import Found, Outcome, Run, Timing
from rag.records import Answer, Citation, CitationSource, Status, TextRange, Verification


def made_up_run(cases: Sequence[Case], right: Collection[int]) -> Run:
    """``right``: places of the cases whose answers are right."""
    return run_of([_outcome(case, right=at in right) for at, case in enumerate(cases)])


def run_of(outcomes: Sequence[Outcome]) -> Run:
    timing = Timing(started="2000-01-01T00:00:00Z", seconds=0.0, latencies_ms=(), machine="", versions={})
    return Run(
        suite="made up", questions_sha256="", corpus_sha256="", system={}, outcomes=tuple(outcomes), timing=timing
    )


def _outcome(case: Case, *, right: bool) -> Outcome:
    work = case.expect.works[0] if case.expect.works else "none.md"
    answers = case.answerable == right
    status: Status = "answered" if answers else "not_found"
    quote = ". ".join([*(forms[0] for forms in case.expect.facts), *case.expect.quotes[:1]]) or work
    return Outcome(
        case=case,
        answer=_answer(case, case.expect.status if right else status, [_citation(quote, work)] if answers else []),
        found=tuple(
            Found(work=name, path=name, lang="en", chunk_id=name, text=quote, score=1.0)
            for name in ("first.md", work, "third.md")[not right :]
        ),
    )


def _answer(case: Case, status: Status, citations: Sequence[Citation]) -> Answer:
    return Answer(
        message_id="",
        conversation_id="",
        status=status,
        composer="extractive",
        question=case.question,
        standalone_question=case.question,
        lang=case.expect.answer_lang or case.lang,
        text="".join(f"{one.quote} [1]" for one in citations),
        citations=tuple(citations),
        sources=(),
        nearest=(),
        followups=(),
        as_of=case.expect.as_of,
        timings_ms={},
        confidence=0.9 if citations else 0.1,
    )


def _citation(quote: str, work: str) -> Citation:
    source = CitationSource(
        article_id=work,
        work_id=work,
        path=work,
        url=None,
        title="",
        lang="en",
        published=None,
        modified=None,
        heading=None,
        chunk_id="",
        start=0,
        end=len(quote),
        content_sha256="",
    )
    checked = Verification(quote="exact", support=0.9, numbers="ok")
    return Citation(n=1, answer=TextRange(start=0, end=len(quote)), source=source, quote=quote, verification=checked)
