"""Ask every question of a suite, and keep what came of each.

In: a system, cases, how often and how many at a time. Out: one ``Asked`` per case, in order. A question that ends in an
error is an outcome with that error, and the others go on. Ids and times, which change from run to run, are taken out
of the answers; the conversations that were begun are deleted again.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

import anyio
import msgspec

from evals.exactness import false_quotes
from evals.golden import Case
from evals.records import Found, Outcome
from evals.system import System
from index.languages import split_path
from rag.errors import KildeError, NotFoundError
from rag.records import Answer, Question, SearchHit, SearchRequest

FOUND_WORKS = 10
FOUND_PASSAGES = 100
"""The most that a search gives: works are ranked by their best passage, and one may have many before the next."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One case, asked as often as wanted."""

    outcome: Outcome
    """Of the first time."""
    latencies_ms: tuple[float, ...]
    """Of every time; empty where it ended in an error."""
    is_steady: bool = True
    """Whether it was answered alike every time."""


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How often each question is asked, and how many at a time."""

    repeat: int = 1
    concurrency: int = 1


ONE_BY_ONE = Manner()


async def ask(
    system: System,
    cases: Sequence[Case],
    manner: Manner = ONE_BY_ONE,
    on_done: Callable[[], None] = lambda: None,
) -> tuple[Asked, ...]:
    """All cases in order; ``on_done`` is called after each."""
    asking = _Asking(system, manner.repeat)
    done: dict[int, Asked] = {}
    waiting = iter(enumerate(cases))

    async def ask_on(waiting: Iterator[tuple[int, Case]]) -> None:
        for place, case in waiting:
            done[place] = await asking.case(case)
            on_done()

    async with anyio.create_task_group() as tasks:
        for _ in range(manner.concurrency):
            tasks.start_soon(ask_on, waiting)
    return tuple(done[place] for place in range(len(cases)))


class _Asking:
    """Keeps the texts of cited articles, which are fetched once."""

    def __init__(self, system: System, repeat: int) -> None:
        self._system = system
        self._repeat = repeat
        self._texts: dict[str, str] = {}

    async def case(self, case: Case) -> Asked:
        try:
            times = [await self._turns(case) for _ in range(self._repeat)]
            answers = [answer for answer, _ in times]
            outcome = await self._outcome(case, answers[0])
        except KildeError as exc:
            return _failed(case, f"{exc.code}: {exc}")
        except Exception as exc:  # A system that breaks on one question is still asked the others.
            return _failed(case, f"{type(exc).__name__}: {exc}")
        return Asked(
            outcome=outcome,
            latencies_ms=tuple(round(elapsed_ms, 3) for _, elapsed_ms in times),
            is_steady=all(answer == answers[0] for answer in answers),
        )

    async def _turns(self, case: Case) -> tuple[Answer, float]:
        """The answer to the last turn, without ids and times, and the milliseconds that it took."""
        conversation_id = None
        try:
            for turn in case.turns:
                earlier = await self._system.answer(Question(question=turn, conversation_id=conversation_id))
                conversation_id = earlier.conversation_id
            began = time.perf_counter()
            answer = await self._system.answer(Question(question=case.question, conversation_id=conversation_id))
            elapsed_ms = 1000 * (time.perf_counter() - began)
            conversation_id = answer.conversation_id
        finally:
            if conversation_id is not None:
                await self._forget(conversation_id)
        return msgspec.structs.replace(answer, message_id="", conversation_id="", timings_ms={}), elapsed_ms

    async def _forget(self, conversation_id: str) -> None:
        with suppress(NotFoundError):  # The system may keep none, or have dropped it already.
            await self._system.delete_conversation(conversation_id)

    async def _outcome(self, case: Case, answer: Answer) -> Outcome:
        for citation in answer.citations:
            article_id = citation.source.article_id
            if article_id not in self._texts:
                self._texts[article_id] = (await self._system.article(article_id)).text
        return Outcome(
            case=case,
            answer=answer,
            found=await self._find(answer.standalone_question),
            standalone_found=await self._find(case.standalone) if case.standalone else (),
            false_quotes=false_quotes(answer, self._texts),
        )

    async def _find(self, query: str) -> tuple[Found, ...]:
        response = await self._system.search(SearchRequest(query=query, top_k=FOUND_PASSAGES, group_works=False))
        return best_of_works(map(_found, response.hits))


def best_of_works(found: Iterable[Found]) -> tuple[Found, ...]:
    """The first passage of each of the first ten works."""
    best: dict[str, Found] = {}
    for one in found:
        best.setdefault(one.work, one)
    return tuple(best.values())[:FOUND_WORKS]


def _found(hit: SearchHit) -> Found:
    return Found(
        work=split_path(hit.path)[1],
        path=hit.path,
        lang=hit.lang,
        chunk_id=hit.chunk_id,
        text=hit.text,
        score=hit.score,
    )


def _failed(case: Case, error: str) -> Asked:
    return Asked(outcome=Outcome(case=case, answer=None, found=(), error=error), latencies_ms=())
