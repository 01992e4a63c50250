"""How an LLM's answers reach readers: ``python -m evals.benchmarks.llm_streams [--streams N] [--index FOLDER]``.

In: the sample articles, and a scripted LLM at 20 tokens a second, which copies the sentences that are most like the
question. Out: a table: Kilde's own time to the first verified sentence over the LLM's, one turn after another; many
streams at once, the LLM in a process of its own; how soon quotes take over from an LLM that has failed. Between readers
and a real ``kilde serve``, and between it and the LLM, is real HTTP; failures alone are asked for in this process, with
deadlines of a second. A missed goal is marked and is no error.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import msgspec

from evals.benchmarks.machine import ARTICLES, describe, model_dir
from evals.benchmarks.scripted_llm import HEAD, Hang, Reset, ScriptedLlm, Step, citing, event, piece
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.table import Row, at_most, exactly, markdown
from evals.fresh import open_existing
from index.languages import base
from rag.answer import Answering
from rag.chat_model import OpenAIChat
from rag.conversations import Conversations
from rag.patience import Deadlines
from rag.records import PhaseStatus, Question, TextDelta
from rag.runtime import Runtime
from rag.settings import Settings
from rag.writing import Writer

STREAMS, ONE_BY_ONE = 200, 20
TOKENS_PER_SECOND = 20.0
OWN_MS, FALLBACK_S = 150, 2
READER_S = 300
"""A reader's patience."""
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


class Came(msgspec.Struct, frozen=True):
    """One event, with its time on the monotonic clock."""

    at: float
    name: str
    data: Any


class Told(msgspec.Struct, frozen=True):
    """One turn; no event where the service refused it."""

    status: int
    events: tuple[Came, ...] = ()

    @property
    def answer(self) -> dict[str, Any] | None:
        last = self.events[-1] if self.events else None
        return last.data if last and last.name == "message.end" else None


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="llm_streams", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--index", type=Path, help="a data folder that holds the sample articles already")
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="kilde-llm-") as scratch:
        data_dir = given.index or Path(scratch)
        if not given.index:
            kilde(data_dir, "ingest", str(ARTICLES), "--json")
        with open_existing(Settings(data_dir=str(data_dir), model_dir=str(model_dir()))) as runtime:
            questions = _answered(runtime)
            fallback = list(_fallback(runtime, questions))
        rows = [*_first_sentence(data_dir, questions), *_crowd(data_dir, questions, given.streams), *fallback]
    print(f"The sample articles, {len(questions)} questions that they answer, {TOKENS_PER_SECOND:g} tokens a second.\n")
    print(markdown(rows))
    print(f"\n{describe()}", flush=True)


def _first_sentence(data_dir: Path, questions: Sequence[str]) -> Iterator[Row]:
    """Of the sentence that is shown first, where the LLM wrote it and it is no quote in its place."""
    own: list[float] = []
    with ScriptedLlm(citing(1 / TOKENS_PER_SECOND)) as server, served(data_dir, _llm(server.base_url)) as service:
        for question in questions[:ONE_BY_ONE]:
            server.sent.clear()
            (told,) = anyio.run(_all_told, service.url, [question])
            shown = next((one for one in told.events if one.name == "text.delta"), None)
            if shown is None:
                raise EOFError(f"a turn without text, status {told.status}")
            whole = _when_sent(server.sent, shown.data["text"])
            if whole is not None:
                own.append(1000 * (shown.at - whole))
    tenths = statistics.quantiles(own, n=10)
    yield at_most(
        f"first verified sentence over the LLM's, of {len(own)} turns, p50", statistics.median(own), OWN_MS, "ms"
    )
    yield at_most("the same, p90", tenths[8], OWN_MS, "ms")


def _crowd(data_dir: Path, questions: Sequence[str], streams: int) -> Iterator[Row]:
    with _scripted_process() as base_url, served(data_dir, _llm(base_url)) as service:
        began = time.monotonic()
        told = anyio.run(_all_told, service.url, [questions[n % len(questions)] for n in range(streams)])
        took_s = time.monotonic() - began
    answers = [one.answer for one in told if one.answer]
    composers = Counter(answer["composer"] for answer in answers)
    notices = Counter(each.data["code"] for one in told for each in one.events if each.name == "notice")
    uncited = sum(1 for answer in answers if answer["status"] == "answered" and not answer["citations"])
    yield exactly(f"errors in {streams} streams at once ({_listed(composers)})", streams - len(answers))
    yield exactly("of them refused, as 503 or otherwise", sum(1 for one in told if one.status != httpx.codes.OK))
    yield exactly("of them without the LLM because it failed", notices["llm_unavailable"] + notices["llm_interrupted"])
    yield exactly("answered without a citation", uncited)
    yield Row("all of them took", f"{took_s:.1f} s")


def _fallback(runtime: Runtime, questions: Sequence[str]) -> Iterator[Row]:
    """A silence is detected when its deadline has passed, all else when the endpoint has failed."""
    for name, steps in FAULTS.items():
        times: list[float] = []
        patience_s = QUICK.first_s if name.startswith("hang") else 0.0
        with ScriptedLlm(lambda request, steps=steps: steps) as server:  # type: ignore[misc]
            turns = _answering(runtime, server.base_url)
            times = [anyio.run(_until_text, turns, question) - patience_s for question in questions[:5]]
        yield at_most(
            f"first byte of quotes after the failure is noticed: {name}, worst of 5", max(times), FALLBACK_S, "s"
        )


async def _until_text(turns: Answering, question: str) -> float:
    """Seconds from asking the LLM until a text is shown."""
    reading = time.monotonic()
    async with aclosing(turns.events(Question(question=question))) as events:  # type: ignore[type-var]
        async for one in events:
            if one == PhaseStatus(phase="reading"):
                reading = time.monotonic()
            if isinstance(one, TextDelta):
                return time.monotonic() - reading
    raise EOFError("a turn without text")


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


def _answering(runtime: Runtime, base_url: str) -> Answering:
    chat = OpenAIChat(base_url, "scripted", deadlines=QUICK)
    conversations = Conversations.open(f"sqlite:///{runtime.settings.data_path / 'told.db'}")
    writer = Writer(chat, runtime.meaning, Settings().llm_prompt_tokens)
    return Answering(runtime.find, conversations, writer=writer, aids=runtime.aids())


def _llm(base_url: str) -> dict[str, str]:
    return {"KILDE_LLM_BASE_URL": base_url, "KILDE_LLM_MODEL": "scripted"}


async def _all_told(url: str, questions: Sequence[str]) -> list[Told]:
    """One reader for each question, all at once."""
    told: list[Told] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=READER_S, limits=limits, trust_env=False) as client:

        async def one(question: str) -> None:
            told.append(await _told(client, question))

        async with anyio.create_task_group() as tasks:
            for question in questions:
                tasks.start_soon(one, question)
    return told


async def _told(client: httpx.AsyncClient, question: str) -> Told:
    body = {"question": question, "stream": True}
    try:
        async with client.stream("POST", "/v1/chat", json=body) as response:
            return Told(response.status_code, tuple([one async for one in _events(response)]))
    except httpx.HTTPError:
        return Told(0)


async def _events(response: httpx.Response) -> AsyncIterator[Came]:
    name = ""
    async for line in response.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        elif kind == "data":
            yield Came(time.monotonic(), name, json.loads(value))


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
