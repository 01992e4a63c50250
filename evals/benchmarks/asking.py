"""Ask golden questions of an index built afresh, and report what came out.

In: folders of articles and cases. Out: one ``Asked`` per case, in order, and a report as lines of text. The index is
built in a temporary folder that is gone afterwards; the model is taken from ``KILDE_MODEL_DIR`` or ``.kilde/models``.
Refuses a folder that does not exist and an ingest that failed for a file.
"""

import math
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
import msgspec

from evals.golden import Case, Verdict, judge
from index.records import FileOutcome, IngestRequest
from rag.errors import InputError
from rag.records import Answer, Citation, Question
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One question, what was answered, and whether that is right."""

    case: Case
    answer: Answer
    verdict: Verdict
    elapsed_ms: float
    false_quotes: tuple[str, ...]
    """Quotes that are not the slice of the article, or of the answer, that they claim to be."""


def ask_fresh(cases: Sequence[Case], folders: Sequence[Path]) -> tuple[Asked, ...]:
    """Every case in turn, asked of an index that holds ``folders`` and nothing else."""
    with open_fresh(folders) as runtime:
        return anyio.run(_ask_all, runtime, cases)


def report(asked: Sequence[Asked]) -> Iterator[str]:
    """The wrong answers, then rights per language, quotes and latency."""
    for one in asked:
        if not one.verdict.right or one.false_quotes:
            yield from _wrong(one)
    for lang in sorted({one.case.lang for one in asked}):
        yield _rights(lang, [one for one in asked if one.case.lang == lang])
    yield _rights("all", asked)
    quotes = sum(len(one.answer.citations) for one in asked)
    yield f"quotes: {quotes}, of them not exact: {sum(len(one.false_quotes) for one in asked)}"
    times = [one.elapsed_ms for one in asked]
    yield f"latency: median {_percentile(times, 0.5):.0f} ms, p95 {_percentile(times, 0.95):.0f} ms"


@contextmanager
def open_fresh(folders: Sequence[Path]) -> Iterator[Runtime]:
    """A runtime in a temporary folder, with ``folders`` ingested and the model loaded."""
    with tempfile.TemporaryDirectory(prefix="kilde-") as data_dir:
        model_dir = os.environ.get("KILDE_MODEL_DIR", ".kilde/models")
        runtime = open_runtime(Settings(data_dir=data_dir, model_dir=model_dir))
        try:
            _ingest(runtime, folders)
            runtime.warm()
            yield runtime
        finally:
            runtime.close()


def _ingest(runtime: Runtime, folders: Sequence[Path]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}. Name the right one.")
    for event in runtime.ingest(IngestRequest(paths=tuple(str(folder.resolve()) for folder in folders))):
        if isinstance(event, FileOutcome) and event.outcome == "failed":
            raise InputError(f"{event.path} could not be read: {event.reason}")


async def _ask_all(runtime: Runtime, cases: Sequence[Case]) -> tuple[Asked, ...]:
    return tuple([await _ask(runtime, case) for case in cases])


async def _ask(runtime: Runtime, case: Case) -> Asked:
    conversation_id = None
    for turn in case.turns:
        earlier = await runtime.answer(Question(question=turn, conversation_id=conversation_id))
        conversation_id = earlier.conversation_id
    began = time.perf_counter()
    answer = await runtime.answer(Question(question=case.question, conversation_id=conversation_id))
    elapsed_ms = 1000 * (time.perf_counter() - began)
    false_quotes = [c.quote for c in answer.citations if not await _is_exact(runtime, answer, c)]
    return Asked(
        case=case,
        answer=answer,
        verdict=judge(case, answer),
        elapsed_ms=elapsed_ms,
        false_quotes=tuple(false_quotes),
    )


async def _is_exact(runtime: Runtime, answer: Answer, citation: Citation) -> bool:
    source, shown = citation.source, citation.answer
    text = (await runtime.article(source.article_id)).text
    in_answer = answer.composer == "llm" or answer.text[shown.start : shown.end] == citation.quote
    return in_answer and text[source.start : source.end] == citation.quote


def _wrong(one: Asked) -> Iterator[str]:
    yield f"{one.case.id}: {one.case.question}"
    yield from (f"  wrong: {reason}" for reason in one.verdict.reasons)
    yield from (f"  not exact: {quote!r}" for quote in one.false_quotes)
    yield f"  {one.answer.status}, {one.answer.lang}: {one.answer.text}"
    yield from (f"  [{citation.n}] {citation.source.path}" for citation in one.answer.citations)


def _rights(name: str, asked: Sequence[Asked]) -> str:
    answerable = [one.verdict.right for one in asked if one.case.answerable]
    unanswerable = [one.verdict.right for one in asked if not one.case.answerable]
    return (
        f"{name:<5} right: {sum(answerable + unanswerable)}/{len(asked)}"
        f"   answerable: {sum(answerable)}/{len(answerable)}   unanswerable: {sum(unanswerable)}/{len(unanswerable)}"
    )


def _percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
