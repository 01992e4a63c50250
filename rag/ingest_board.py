"""How far the ingest under way is, for every process of a service to see.

In: the events of a run, in the process that ingests. Out: its latest progress in any process, until the run ends, or
its process dies and the notice fades. Without shared memory only this process sees it. Refuses nothing.
"""

import time
from collections.abc import Iterator

import msgspec

from index.records import IngestEvent, IngestProgress
from rag.errors import SharedMemoryGoneError
from rag.shared_memory import PREFIX, Reply, SharedMemory

FADES_MS = 60_000
"""A step of a run takes less."""
PAUSE_S = 0.5
"""Between two notices: a run tells of every batch."""
_KEY = f"{PREFIX}ingest"


class IngestBoard:
    """One per process; one run at a time writes on it."""

    def __init__(self, shared: SharedMemory | None) -> None:
        self._shared = shared
        self._own: IngestProgress | None = None

    def followed(self, run: Iterator[IngestEvent]) -> Iterator[IngestEvent]:
        """The events of a run, which may be ended at any of them."""
        told = -PAUSE_S
        try:
            for event in run:
                if isinstance(event, IngestProgress):
                    self._own = event
                    if time.monotonic() - told >= PAUSE_S:
                        told = time.monotonic()
                        self._ask("SET", _KEY, msgspec.json.encode(event), "PX", FADES_MS)
                yield event
        finally:
            self._own = None
            self._ask("DEL", _KEY)

    def latest(self) -> IngestProgress | None:
        """None while nobody ingests, as far as is known."""
        if self._own is not None:
            return self._own
        content = self._ask("GET", _KEY)
        try:
            return msgspec.json.decode(content, type=IngestProgress) if isinstance(content, bytes) else None
        except msgspec.DecodeError:
            return None

    def _ask(self, *command: str | bytes | int) -> Reply:
        if self._shared is None:
            return None
        try:
            return self._shared.ask_here(*command)
        except SharedMemoryGoneError:
            return None
