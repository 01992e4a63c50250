"""Many questions in little time: several processes, each with its own copy of the index, questions encoded in batches.

In: a data folder that no process owns, cases, a number of processes. Out: what ``evals.ask`` gives, question by
question the same, but without latencies, which would not be those of a reader. A question is searched once, as deep as
its works are ranked: what its answer is made of is the beginning of that.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import anyio
import msgspec

from evals.ask import FOUND_PASSAGES, Asked, ask
from evals.golden import Case
from index.records import Hit, QuestionVectors
from index.search import Query
from rag.answer import Answering
from rag.owner import LOCK_FILE, RECORD_FILE
from rag.records import Answer
from rag.runtime import Runtime
from rag.settings import Settings

SLICE = 512
"""Cases that a process takes at a time; more of them fill whole batches of questions of one length."""


class BulkRuntime(Runtime):
    """A runtime that knows which questions come next."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._vectors: dict[str, QuestionVectors] = {}
        self._found: dict[Query, tuple[int, tuple[Hit, ...]]] = {}
        self._turns = _RememberedTurns()

    def foresee(self, questions: Sequence[str]) -> None:
        """Forgets the questions before."""
        texts = list(dict.fromkeys(questions))
        self._found = {}
        self._vectors = dict(zip(texts, self._searching.serving_encoder().encode_questions(texts), strict=True))

    async def delete_conversation(self, conversation_id: str) -> None:
        self._turns.forget(conversation_id)

    def find(self, query: Query) -> tuple[Hit, ...]:
        unlimited = msgspec.structs.replace(query, top_k=0)
        searched, hits = self._found.get(unlimited, (0, ()))
        if query.top_k > searched:
            searched = query.top_k if query.group_works else max(query.top_k, FOUND_PASSAGES)
            deep = msgspec.structs.replace(query, top_k=searched)
            hits = self._searching.search(deep, self._vectors.get(query.text))
            self._found[unlimited] = (searched, hits)
        return hits[: query.top_k]

    def _ready_answering(self) -> Answering:
        return Answering(self.find, self._turns, langs=self._searching.langs, aids=self.aids())


class _RememberedTurns:
    """In memory: no reader waits for these conversations to be safe on a disk."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[Answer, ...]] = {}

    def turns(self, conversation_id: str) -> tuple[Answer, ...]:
        return self._answers.get(conversation_id, ())

    def append(self, answer: Answer) -> None:
        self._answers[answer.conversation_id] = (*self.turns(answer.conversation_id), answer)

    def replace(self, answer: Answer) -> None:
        kept = self.turns(answer.conversation_id)
        self._answers[answer.conversation_id] = tuple(
            answer if one.message_id == answer.message_id else one for one in kept
        )

    def forget(self, conversation_id: str) -> None:
        self._answers.pop(conversation_id, None)


def ask_in_bulk(
    settings: Settings, cases: Sequence[Case], processes: int, on_done: Callable[[int], None] = lambda done: None
) -> tuple[Asked, ...]:
    """All cases in order; ``on_done`` is told how many were done since the last time."""
    context = get_context("spawn")
    cores = sorted(os.sched_getaffinity(0))
    shares: Queue[set[int]] = context.Queue()
    for number in range(processes):
        shares.put(set(cores[number::processes]) or set(cores))
    asked: list[Asked] = []
    with (
        tempfile.TemporaryDirectory(prefix="kilde-bulk-") as scratch,
        ProcessPoolExecutor(processes, context, _open, (settings, scratch, shares)) as pool,
    ):
        for done in pool.map(_ask, _slices(cases, processes)):
            asked += done
            on_done(len(done))
    return tuple(asked)


class _Worker:
    """What a process holds from its start to its end."""

    runtime: BulkRuntime


def _open(settings: Settings, scratch: str, shares: "Queue[set[int]]") -> None:
    # A core of its own for each process: threads of several encoders would wait for each other, spinning.
    os.sched_setaffinity(0, shares.get())
    own = tempfile.mkdtemp(dir=scratch)
    ignored = shutil.ignore_patterns(LOCK_FILE, RECORD_FILE, Path(settings.model_path).name)
    shutil.copytree(settings.data_path, own, ignore=ignored, dirs_exist_ok=True)
    _Worker.runtime = BulkRuntime(
        msgspec.structs.replace(settings, data_dir=own, model_dir=str(settings.model_path), database_url=None)
    )
    _Worker.runtime.warm()


def _ask(cases: Sequence[Case]) -> tuple[Asked, ...]:
    runtime = _Worker.runtime
    runtime.foresee([text for case in cases for text in (*case.turns, case.question, case.standalone) if text])
    asked = anyio.run(ask, runtime, cases)
    return tuple(msgspec.structs.replace(one, latencies_ms=()) for one in asked)


def _slices(cases: Sequence[Case], processes: int) -> Iterator[Sequence[Case]]:
    size = max(1, min(SLICE, -(-len(cases) // processes)))
    for start in range(0, len(cases), size):
        yield cases[start : start + size]
