"""A process that mends and ingests as ``kilde serve --ingest`` does, with an encoder that takes no time, and is killed.

In: a data folder, a folder of articles, the marker to be killed at ("" for none), and a file for the markers that it
comes to. Runs as ``python -m evals.torture.ingest_child``.
"""

import sys
from contextlib import closing
from pathlib import Path

from evals.torture.hashed_words import HashedWords
from evals.torture.markers import Markers


def main(data_dir: str, articles: str, stop: str, seen: str) -> None:
    import index.encoder
    from index.records import IngestRequest
    from index.search import Query
    from index.vectors import ChromaVectors
    from rag.owner import Owner
    from rag.runtime import open_runtime
    from rag.settings import Settings

    markers = Markers(stop, Path(seen) if seen else None)
    markers.watch()
    for method in ("upsert", "delete"):
        markers.wrap(ChromaVectors, method, f"store {method}")
    markers.wrap(HashedWords, "encode_passages", "encoding")
    index.encoder.SentenceEncoder = HashedWords  # type: ignore[assignment,misc]
    settings = Settings(data_dir=data_dir)
    with Owner.acquire(settings.data_path), closing(open_runtime(settings)) as runtime:
        runtime.find(Query(text="What was not closed is seen when it is searched.", lang="en"))
        runtime._ready_upkeep().round()
        for _ in runtime.ingest(IngestRequest(paths=(articles,))):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
