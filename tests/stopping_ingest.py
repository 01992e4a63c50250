"""A process that ingests a folder and, at a given step, waits to be killed.

In: a data folder, a folder of articles, and where a step is given, its name and the how-manieth time it stops there.
Out: a line on stdout when it stands still. Windows and batches are tiny, so that a few articles give many steps.
"""

import sys
import time
from collections import Counter
from pathlib import Path

from word_encoder import WordEncoder

from index import build, embedding
from index.catalog import Catalog
from index.records import IngestRequest, PassageVectors, Vectors
from index.vectors import ChromaVectors

LONGEST_WAIT_S = 60


class Steps:
    """Counts the steps, and stops at one of them."""

    def __init__(self, stop: str, at: int) -> None:
        self._stop = (stop, at)
        self._counts: Counter[str] = Counter()

    def reach(self, step: str) -> None:
        self._counts[step] += 1
        if (step, self._counts[step]) == self._stop:
            sys.stdout.write("waiting\n")
            sys.stdout.flush()
            time.sleep(LONGEST_WAIT_S)


class StoppingEncoder(WordEncoder):
    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self._steps = steps

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        self._steps.reach("embed")
        return super().encode_passages(texts)


class StoppingStore(ChromaVectors):
    def __init__(self, folder: Path, steps: Steps) -> None:
        super().__init__(folder, 1)
        self._steps = steps

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None:
        super().upsert(chunk_ids, vectors)
        self._steps.reach("save")

    def delete(self, chunk_ids: list[str]) -> None:
        self._steps.reach("delete")
        super().delete(chunk_ids)


def main(data_dir: Path, articles: str, stop: str = "", at: str = "0") -> None:
    build.WINDOW_CHUNKS, embedding.ENCODE_CHUNKS = 6, 2
    steps = Steps(stop, int(at))
    encoder, store = StoppingEncoder(steps), StoppingStore(data_dir / "chroma", steps)
    indexer = build.Indexer(
        Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}"),
        encoder=lambda: encoder,
        store=lambda _generation: store,
        model="words",
        model_fingerprint=encoder.fingerprint,
    )
    for _event in indexer.ingest(IngestRequest(paths=(articles,))):
        pass


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
