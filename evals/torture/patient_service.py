"""A service whose answers take as long as one wants: Kilde's own server and routes over turns that only wait.

In: a data folder, pieces of text in each answer, seconds before each. Out: its address on stdout. It stands in for an
LLM that writes slowly for thousands of readers at once. Runs as ``python -m evals.torture.patient_service``.
"""

import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import closing

import anyio

from evals.torture.turns_child import turn
from rag.api.app import build_app
from rag.api.server import serve
from rag.records import Event, MessageEnd, MessageStart, PhaseStatus, Question, SourcesFound, TextDelta
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


class Patient(Runtime):
    """Its turns are not searched, and not stored."""

    pieces = 1
    pause_s = 0.0

    async def events(self, question: Question) -> AsyncIterator[Event]:
        yield MessageStart(
            message_id=uuid.uuid4().hex, conversation_id="c", lang="en", standalone_question=question.question
        )
        yield SourcesFound(sources=())
        yield PhaseStatus(phase="writing")
        for number in range(self.pieces):
            await anyio.sleep(self.pause_s)
            yield TextDelta(text=f"Piece {number}. ")
        yield MessageEnd(answer=turn(0))


def main(data_dir: str, pieces: str, pause_s: str) -> None:
    settings = Settings(data_dir=data_dir, rate_limit="off")
    open_runtime(settings).close()  # makes the folder
    with closing(Patient(settings)) as backend:
        backend.pieces, backend.pause_s = int(pieces), float(pause_s)
        serve(build_app(backend), "127.0.0.1", 0, lambda url: print(url, flush=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
