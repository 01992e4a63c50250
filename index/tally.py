"""What a run has done so far, and the progress and the summary that this makes.

In: outcomes of files and calls of the encoder, one after another. Out: figures, with the rate and the remaining time.
"""

import time
from collections import Counter
from typing import Literal

import msgspec

from index.embedding import Encoding
from index.records import FileOutcome, IngestProgress, IngestSummary, Outcome


class Tally(msgspec.Struct):
    """What a run has done so far."""

    started: float
    total: int
    done: int = 0
    chunks: int = 0
    embedded: int = 0
    encoding_s: float = 0.0
    outcomes: Counter[Outcome] = msgspec.field(default_factory=Counter)

    def add(self, event: FileOutcome | Encoding) -> None:
        if isinstance(event, Encoding):
            self.embedded += event.chunks
            self.encoding_s += event.seconds
        else:
            self.outcomes[event.outcome] += 1
            self.chunks += event.chunks

    def progress(self, phase: Literal["reading", "embedding", "finishing"]) -> IngestProgress:
        elapsed = time.monotonic() - self.started
        return IngestProgress(
            phase=phase,
            done=self.done,
            total=self.total,
            chunks_per_s=round(self.embedded / self.encoding_s, 1) if self.encoding_s else None,
            remaining_s=round(elapsed / self.done * (self.total - self.done), 1) if self.done else None,
        )

    def summary(self, *, dry_run: bool) -> IngestSummary:
        return IngestSummary(
            outcomes=dict(sorted(self.outcomes.items())),
            chunks=self.chunks,
            embedded=self.embedded,
            seconds=round(time.monotonic() - self.started, 3),
            dry_run=dry_run,
        )
