"""A scripted LLM for tests, and turns that ask it.

In: what the LLM replies, hits. Out: the events of a turn over real HTTP, with deadlines of fractions of a second. The
server is ``evals.benchmarks.scripted_llm``; here is what tests say with it, and every way in which it may fail.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import anyio
from small_answering import ASKED, FixedSearch

from evals.benchmarks.scripted_llm import (
    DONE,
    HEAD,
    Hang,
    Request,
    Reset,
    Script,
    ScriptedLlm,
    Step,
    event,
    finish,
    piece,
    says,
    tokens,
)
from rag.answer import Answering
from rag.breaker import Breaker
from rag.chat_model import OpenAIChat
from rag.claim_meaning import Meaning
from rag.conversations import Conversations
from rag.patience import Deadlines
from rag.records import Answer, Event, MessageEnd, Notice, Question, StreamError, TextDelta
from rag.writing import Writer

PROMPT_TOKENS = 4000
SHORT = Deadlines(connect_s=0.5, first_s=0.4, gap_s=0.25, total_s=2.0, queue_s=0.2, tail_s=0.1)

PATIENT = Deadlines(first_s=5.0, gap_s=5.0, tail_s=0.1)
"""For what must not fail because the machine is busy."""


def replies(*steps: Step) -> Script:
    return lambda request: steps


def in_turn(*scripts: Sequence[Step]) -> Script:
    """One reply after another; the last for all that follow."""
    left = list(scripts)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def llm(*steps: Step) -> Iterator[ScriptedLlm]:
    with ScriptedLlm(replies(*steps)) as server:
        yield server


@contextmanager
def saying(text: str) -> Iterator[ScriptedLlm]:
    with llm(*says(text)) as server:
        yield server


def chat(base_url: str, deadlines: Deadlines = SHORT, **others: object) -> OpenAIChat:
    kept_trying = Breaker(failures=1_000_000)
    return OpenAIChat(base_url, "scripted", "secret", deadlines=deadlines, **({"breaker": kept_trying} | others))  # type: ignore[arg-type]


def answering(
    conversations: Conversations,
    search: FixedSearch,
    base_url: str,
    deadlines: Deadlines = SHORT,
    meaning: Meaning | None = None,
) -> Answering:
    writer = Writer(chat(base_url, deadlines), lambda: meaning, PROMPT_TOKENS)
    return Answering(search, conversations, writer=writer)


def written(
    conversations: Conversations,
    search: FixedSearch,
    server: ScriptedLlm,
    question: str = ASKED,
    *,
    meaning: Meaning | None = None,
    **others: object,
) -> list[Event]:
    """All events of one turn."""
    asked = Question(question=question, **others)  # type: ignore[arg-type]

    async def collected() -> list[Event]:
        turns = answering(conversations, search, server.base_url, PATIENT, meaning)
        return [event async for event in turns.events(asked)]

    return anyio.run(collected)


def ended(events: Sequence[Event]) -> Answer:
    """The answer that ends the turn, after which and before which no other event ends it."""
    assert [type(one) for one in events if isinstance(one, MessageEnd | StreamError)] == [MessageEnd]
    answer = cast(MessageEnd, events[-1]).answer
    assert "".join(one.text for one in events if isinstance(one, TextDelta)) == answer.text
    return answer


def notices(events: Sequence[Event]) -> list[str]:
    return [one.code for one in events if isinstance(one, Notice)]


def status(code: int, body: bytes = b'{"error": {"message": "no"}}', kind: str = "application/json") -> list[Step]:
    head = f"HTTP/1.1 {code} Failed\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return [head.encode() + body]


def broken(text: str, at: int, *fault: Step) -> list[Step]:
    """A reply that fails after ``at`` of its pieces."""
    return [HEAD, *(piece(token) for token in tokens(text)[:at]), *fault]


Fault = Callable[[str, int], list[Step]]
EMPTY: list[Step] = [piece("")] * 3 + [0.05]
FAULTS: dict[str, Fault] = {
    "401": lambda text, at: status(401),
    "429": lambda text, at: status(429),
    "500": lambda text, at: status(500),
    "no reply": lambda text, at: [Hang()],
    "hang": lambda text, at: broken(text, at, Hang()),
    "slow drip": lambda text, at: broken(text, at, *[step for byte in text for step in (piece(byte), 0.3)]),
    "reset": lambda text, at: broken(text, at, Reset()),
    "bad json": lambda text, at: broken(text, at, b'data: {"choices": [{"del\n\n', DONE),
    "no json": lambda text, at: broken(text, at, b"data: busy\n\n", DONE),
    "error": lambda text, at: broken(text, at, event({"object": "", "error": {"message": "no", "code": 500}}), DONE),
    "error object": lambda text, at: broken(text, at, event({"object": "error", "message": "no", "code": 500}), DONE),
    "no finish_reason": lambda text, at: broken(text, at, DONE),
    "end of file": broken,
    "wrong content type": lambda text, at: [HEAD.replace(b"text/event-stream", b"text/html"), b"<html>" * (at + 1)],
    "endless line": lambda text, at: broken(text, at, b"data: " + b"x" * 400_000, Hang()),
    "empty deltas": lambda text, at: broken(text, at, *(EMPTY * 100)),
    "filtered": lambda text, at: broken(text, at, finish("content_filter"), DONE),
}

__all__ = [
    "DONE",
    "FAULTS",
    "HEAD",
    "PATIENT",
    "SHORT",
    "Hang",
    "Request",
    "Reset",
    "Script",
    "ScriptedLlm",
    "Step",
    "answering",
    "broken",
    "chat",
    "ended",
    "in_turn",
    "llm",
    "notices",
    "piece",
    "replies",
    "saying",
    "says",
    "status",
    "tokens",
    "written",
]
