"""``python -m evals.benchmarks.slack_bot FOLDER API_URL PAUSE_S PORT``: the service's route with the bot behind it.

In: a data folder, the address of a workspace, how long an answer takes, a port. Out: its address on stdout; it serves
until it is stopped or killed. The model is a pause: a question ends in its answer so many seconds later, and as many
questions wait at once as are asked. A question for 13,000 characters gets them. Refuses nothing.
"""

import sys
import uuid
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import anyio
from litestar import Litestar
from litestar.datastructures import State

from evals.benchmarks.slack_workspace import BOT_TOKEN, SECRET
from rag.api.admission import Admission
from rag.api.backend import Backend
from rag.api.closing import Closing
from rag.api.gate import Gate
from rag.api.server import serve
from rag.api.slack import slack_route
from rag.records import Answer, Event, MessageEnd, MessageStart, Question, TextDelta
from rag.settings import Settings
from rag.slack.bot import Limits

LONG = 13_000
AT_ONCE = 2000
SCRIPTS = (
    "The harbour bridge carries 4,200 cyclists a day. ",
    "桥梁每天有四千二百名骑行者通过。",
    "يعبر الجسر كل يوم آلاف راكبي الدراجات. ",
    "<!channel> & *not bold* ",
    "word",
)
"""What long answers are made of, in turn."""


def long_text(n: int) -> str:
    sentence = SCRIPTS[n % len(SCRIPTS)]
    return (sentence * (LONG // len(sentence) + 1))[:LONG]


def answer_to(question: Question) -> Answer:
    kind, _, n = question.question.partition(" ")
    return Answer(
        message_id=uuid.uuid4().hex,
        conversation_id=question.conversation_id or uuid.uuid4().hex,
        status="answered",
        composer="extractive",
        question=question.question,
        standalone_question=question.question,
        lang="en",
        text=long_text(int(n)) if kind == "long" else f"Answer to {question.question}",
        citations=(),
        sources=(),
        nearest=(),
        followups=(),
        as_of=None,
        timings_ms={},
    )


def backend(settings: Settings, pause_s: float) -> Backend:
    async def events(question: Question) -> AsyncIterator[Event]:
        answer = answer_to(question)
        yield MessageStart(
            message_id=answer.message_id,
            conversation_id=answer.conversation_id,
            lang=answer.lang,
            standalone_question=answer.question,
        )
        await anyio.sleep(pause_s)
        yield TextDelta(text=answer.text)
        yield MessageEnd(answer=answer)

    return cast(Backend, SimpleNamespace(settings=settings, events=events))


def main(folder: str, api_url: str, pause_s: str, port: str) -> None:
    settings = Settings(data_dir=folder, slack_bot_token=BOT_TOKEN, slack_signing_secret=SECRET, slack_api_url=api_url)
    handlers, lifespan = slack_route(
        backend(settings, float(pause_s)), Limits(running=AT_ONCE, waiting=AT_ONCE, refusing=0)
    )
    state: dict[str, Any] = {"closing": Closing(), "gate": Gate(Admission(running=1, waiting=0, streams=1))}
    app = Litestar(route_handlers=handlers, lifespan=lifespan, state=State(state), logging_config=None)
    serve(app, "127.0.0.1", int(port), lambda address: print(address, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
