"""Fit what reads for ``index/closer_look.py``: ``python -m evals.benchmarks.fit_closer_look [--begin FILE]``.

It begins from ``FILE``, which ``fit_pair_reader.py`` wrote, and is trained on the questions of ``crossing_cases.py``
that are not kept from it: which of the passages in other languages answers, each read by its best sentence. Writes
``index/data/closer_look.npz``, then prints for the kept questions how often the right passage comes first, by how many
are read and how much of what is added counts. Takes half an hour on two cores. Without ``--begin`` it fits nothing and
prints that of what ships.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.crossing_cases import SOURCES, Crossing, crossings
from evals.benchmarks.machine import describe
from evals.benchmarks.pair_training import Example, Seen, fit
from evals.benchmarks.retrieval_report import markdown_table
from index.closer_look import CLOSE, as_read
from index.encoder import SentenceEncoder
from index.log_odds import log_odds
from index.model_identity import BUNDLED
from index.pair_reader import ACROSS, fit_in
from rag.settings import load_settings

STEPS = 500
SHARES = (0.5, 0.5)
"""How often a question of each source is seen."""
RATE = 4e-4
OUT = Path("index/data") / ACROSS
ADDED = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
COUNTS = (2, 3, 4)
HEAD = ["kept from the training", "questions", "read", *(f"right first, {share} added" for share in ADDED)]


class Compared(msgspec.Struct, frozen=True):
    """A kept question's first hits."""

    source: str
    scores: NDArray[np.float64]
    """Log-odds, best first."""
    right: tuple[bool, ...]
    added: NDArray[np.float64]
    """Of those that were read, the foremost."""

    def is_right(self, count: int, share: float) -> bool:
        """With so many read, if so many are near."""
        near = min(count, len(self.added))
        return bool(self.right[np.argmax(self.scores[:near] + share * self.added[:near])]) if near else self.right[0]


def main() -> None:
    """Search, train, write, read what is kept, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--begin", type=Path)
    given = parser.parse_args()
    every = list(crossings(given.data))
    if given.begin:
        taught = [one for one in every if not one.is_kept]
        examples = {source: [_example(one) for one in taught if one.source == source] for source in SOURCES}
        fit(examples, SHARES, STEPS, OUT, rate=RATE, begin=fit_in(given.begin))
    encoder = SentenceEncoder(BUNDLED, load_settings().model_path)
    kept = [_compared(one, encoder) for one in every if one.is_kept]
    print(markdown_table([HEAD, *_rows(kept)]))
    print(f"\n{describe()}")


def _rows(kept: Sequence[Compared]) -> Iterator[list[str]]:
    for source in SOURCES:
        own = [one for one in kept if one.source == source]
        for count in COUNTS:
            right = [np.mean([one.is_right(count, share) for one in own]) for share in ADDED]
            yield [source, str(len(own)), str(count), *(f"{share:.4f}" for share in right)]


def _example(one: Crossing) -> Example:
    seen = [
        Seen(as_read(hit), log_odds(hit.score), is_right) for hit, is_right in zip(one.hits, one.right, strict=True)
    ]
    return Example(one.question, tuple(seen))


def _compared(one: Crossing, encoder: SentenceEncoder) -> Compared:
    scores = np.array([log_odds(hit.score) for hit in one.hits])
    near = one.hits[: min(max(COUNTS), int(np.count_nonzero(scores > scores[0] - CLOSE)))]
    said = encoder.read_across(one.question, [as_read(hit) for hit in near]) if len(near) > 1 else None
    added = np.zeros(0) if said is None else said[:, 0].astype(np.float64)
    return Compared(one.source, scores, one.right, added)


if __name__ == "__main__":
    main()
