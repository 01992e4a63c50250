"""How an LLM's answers reach readers: ``python -m evals.benchmarks.llm_streams [--streams N]``.

In: the sample articles, and a scripted LLM at 20 tokens a second, which copies the sentences that are most like the
question. Out: a table: Kilde's own time to the first verified sentence over the LLM's, one turn after another; many
streams at once, the LLM in a process of its own; how soon quotes take over from an LLM that has failed. Between Kilde
and the LLM is real HTTP. A missed goal is marked and is no error.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec

from evals.benchmarks.machine import ARTICLES, describe, model_dir
from evals.benchmarks.scripted_llm import HEAD, Hang, Reset, ScriptedLlm, Step, citing, event, piece
from evals.benchmarks.table import Row, at_most, exactly, markdown
from evals.fresh import open_existing, open_fresh
from index.languages import base
from rag.answer import Answering
from rag.chat_model import OpenAIChat
from rag.conversations import Conversations
from rag.patience import Deadlines
from rag.records import Answer, Event, MessageEnd, Notice, PhaseStatus, Question, StreamError, TextDelta
from rag.runtime import Runtime
from rag.settings import Settings
from rag.writing import Writer

STREAMS, ONE_BY_ONE = 200, 20
TOKENS_PER_SECOND = 20.0
OWN_MS, FALLBACK_S = 150, 2
_MARKER = re.compile(r"\s*\[\d+\]")
QUICK = Deadlines(first_s=1.0, gap_s=1.0)
QUESTIONS = ARTICLES.parents[1] / "questions" / "sample.jsonl"
FAULTS: dict[str, Sequence[Step]] = {
    "hang": [Hang()],
    "hang after 3 tokens": [HEAD, *map(piece, ("In", " the", " year")), Hang()],
    "reset after 3 tokens": [HEAD, *map(piece, ("In", " the", " year")), Reset()],
    "error in the stream": [HEAD, piece("In"), event({"object": "error", "message": "overloaded"})],
    "status 500": [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"],
}


class Asked(msgspec.Struct, frozen=True):
    question: str


class Told(msgspec.Struct, frozen=True):
    """One turn: its events with the time of each, on the monotonic clock."""

    events: tuple[tuple[float, Event], ...]

    def at(self, kind: type) -> float | None:
        """Of the first event of a kind."""
        return next((at for at, one in self.events if isinstance(one, kind)), None)

    @property
    def answer(self) -> Answer | None:
        last = self.events[-1][1] if self.events else None
        return last.answer if isinstance(last, MessageEnd) else None


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="llm_streams", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--index", type=Path, help="a data folder that holds the sample articles already")
    given = parser.parse_args(args)
    streams = given.streams
    settings = Settings(data_dir=str(given.index or ""), model_dir=str(model_dir()))
    with open_existing(settings) if given.index else open_fresh([ARTICLES], settings) as runtime:
        questions = _answered(runtime)
        rows = [
            *_first_sentence(runtime, questions),
            *_crowd(runtime, questions, streams),
            *_fallback(runtime, questions),
        ]
    print(f"The sample articles, {len(questions)} questions that they answer, {TOKENS_PER_SECOND:g} tokens a second.\n")
    print(markdown(rows))
    print(f"\n{describe()}", flush=True)


def _first_sentence(runtime: Runtime, questions: Sequence[str]) -> Iterator[Row]:
    """Of the sentence that is shown first, where the LLM wrote it and it is no quote in its place."""
    own: list[float] = []
    with ScriptedLlm(citing(1 / TOKENS_PER_SECOND)) as server:
        turns = _answering(runtime, server.base_url)
        for question in questions[:ONE_BY_ONE]:
            server.sent.clear()
            server.requests.clear()
            told = anyio.run(_told, turns, question, TextDelta)
            shown, text = next((at, one.text) for at, one in told.events if isinstance(one, TextDelta))
            whole = _when_sent(server.sent, text)
            if whole is not None:
                own.append(1000 * (shown - whole))
    tenths = statistics.quantiles(own, n=10)
    yield at_most(
        f"first verified sentence over the LLM's, of {len(own)} turns, p50", statistics.median(own), OWN_MS, "ms"
    )
    yield at_most("the same, p90", tenths[8], OWN_MS, "ms")


def _crowd(runtime: Runtime, questions: Sequence[str], streams: int) -> Iterator[Row]:
    with _scripted_process() as base_url:
        began = time.monotonic()
        turns = [questions[n % len(questions)] for n in range(streams)]
        told = anyio.run(_all_told, _answering(runtime, base_url), turns)
        took_s = time.monotonic() - began
    composers = Counter(one.answer.composer for one in told if one.answer)
    failed = [one for one in told if any(isinstance(each, StreamError) for _, each in one.events) or not one.answer]
    notices = Counter(each.code for one in told for _, each in one.events if isinstance(each, Notice))
    uncited = sum(1 for one in told if one.answer and one.answer.status == "answered" and not one.answer.citations)
    yield exactly(f"errors in {streams} streams at once ({_listed(composers)})", len(failed))
    yield exactly("of them without the LLM because it failed", notices["llm_unavailable"] + notices["llm_interrupted"])
    yield exactly("answered without a citation", uncited)
    yield Row("all of them took", f"{took_s:.1f} s")


def _fallback(runtime: Runtime, questions: Sequence[str]) -> Iterator[Row]:
    """A silence is detected when its deadline has passed, all else when the endpoint has failed."""
    for name, steps in FAULTS.items():
        times: list[float] = []
        with ScriptedLlm(lambda request, steps=steps: steps) as server:  # type: ignore[misc]
            turns = _answering(runtime, server.base_url, QUICK)
            for question in questions[:5]:
                told = anyio.run(_told, turns, question, TextDelta)
                reading = next(at for at, one in told.events if one == PhaseStatus(phase="reading"))
                shown = told.at(TextDelta)
                assert shown is not None
                patience_s = QUICK.first_s if name.startswith("hang") else 0.0
                times.append(shown - reading - patience_s)
        yield at_most(
            f"first byte of quotes after the failure is noticed: {name}, worst of 5", max(times), FALLBACK_S, "s"
        )


def _answered(runtime: Runtime) -> list[str]:
    """A choice of the sample's questions that the articles answer in the reader's language: the LLM only copies."""
    lines = [line for line in QUESTIONS.read_bytes().splitlines() if line.strip()]
    asked = list(dict.fromkeys(msgspec.json.decode(line, type=Asked).question for line in lines))
    random.Random(0).shuffle(asked)
    found = []
    for question in asked:
        answer = anyio.run(runtime.answer, Question(question=question))
        if answer.status == "answered" and base(answer.citations[0].source.lang) == base(answer.lang):
            found.append(question)
        if len(found) == ONE_BY_ONE:
            break
    return found


def _answering(runtime: Runtime, base_url: str, deadlines: Deadlines | None = None) -> Answering:
    chat = OpenAIChat(base_url, "scripted", deadlines=deadlines)
    conversations = Conversations.open(f"sqlite:///{runtime.settings.data_path / 'told.db'}")
    return Answering(runtime.find, conversations, writer=Writer(chat, runtime.meaning, Settings().llm_prompt_tokens))


async def _told(turns: Answering, question: str, until: type = MessageEnd) -> Told:
    """Up to the first event of a kind."""
    told: list[tuple[float, Event]] = []
    async with aclosing(turns.events(Question(question=question))) as events:  # type: ignore[type-var]
        async for one in events:
            told.append((time.monotonic(), one))
            if isinstance(one, until):
                break
    return Told(tuple(told))


async def _all_told(turns: Answering, questions: Sequence[str]) -> list[Told]:
    told: list[Told] = []

    async def one(question: str) -> None:
        told.append(await _told(turns, question))

    async with anyio.create_task_group() as tasks:
        for question in questions:
            tasks.start_soon(one, question)
    return told


def _when_sent(sent: Sequence[tuple[float, bytes]], shown: str) -> float | None:
    """When the LLM had sent this sentence with its marker, and the piece behind it by which one sees that it has ended;
    None for what it has not written."""
    wanted, read, is_whole = _MARKER.sub("", shown).strip(), "", False
    for at, step in sent:
        text = _text(step)
        if is_whole and text and not text.lstrip().startswith("["):
            return at
        read += text
        is_whole = wanted in _MARKER.sub("", read) and read.endswith("]")
    return None


def _text(step: bytes) -> str:
    chunk = json.loads(step[len(b"data: ") :]) if step.startswith(b"data: {") else {}
    return "".join(choice["delta"].get("content") or "" for choice in chunk.get("choices", ()))


@contextmanager
def _scripted_process() -> Iterator[str]:
    command = [sys.executable, "-m", "evals.benchmarks.scripted_llm", "--tokens-per-second", str(TOKENS_PER_SECOND)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _listed(counted: Mapping[Any, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
