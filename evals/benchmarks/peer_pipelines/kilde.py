"""Kilde itself: its own ingest into its own data folder, then its own search, with its defaults.

In: a ``Job``. Out: what ``running`` prints. Always with the model's prompts, and in bfloat16 where the processor has
it. An ingest also reads the files, detects languages and writes the catalog with its full text; a search also detects
the question's language.
"""

from functools import cache
from pathlib import Path

from evals.benchmarks.peer_pipelines.records import Job
from evals.benchmarks.peer_pipelines.running import TOP_K, Pipeline, run

PACKAGES = ("torch", "sentence-transformers", "transformers", "tokenizers", "chromadb", "numpy")


class Ingesting:
    def __init__(self, job: Job) -> None:
        from index.build import Indexer
        from index.catalog import Catalog
        from index.encoder import SentenceEncoder
        from index.model_identity import BUNDLED
        from index.vectors import ChromaVectors

        folder = Path(job.data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        encoder = SentenceEncoder(BUNDLED, Path(job.model).parent)
        # Like the others' stores, Chroma is imported and opened before the clock runs.
        ChromaVectors(folder / "warm-up", 0)
        self._catalog = Catalog.open(f"sqlite:///{folder / 'catalog.db'}")
        self._indexer = Indexer(
            self._catalog,
            encoder=lambda: encoder,
            store=cache(lambda generation: ChromaVectors(folder / "chroma", generation)),
            model=BUNDLED,
            model_fingerprint=encoder.fingerprint,
        )

    def ingest(self, articles: Path) -> int:
        from index.records import FileOutcome, IngestRequest

        for event in self._indexer.ingest(IngestRequest(paths=(str(articles),))):
            if isinstance(event, FileOutcome) and event.outcome != "new":
                raise RuntimeError(f"{event.path} is {event.outcome}, not new: {event.reason}")
        return self._catalog.stats().chunks

    def search(self, question: str) -> list[str]:
        raise NotImplementedError("a process that ingests does not search")


class Searching:
    def __init__(self, job: Job) -> None:
        from rag.runtime import open_runtime
        from rag.settings import Settings

        self._runtime = open_runtime(Settings(data_dir=job.data_dir, model_dir=str(Path(job.model).parent)))

    def ingest(self, articles: Path) -> int:
        raise NotImplementedError("a process that searches does not ingest")

    def search(self, question: str) -> list[str]:
        from index.languages import detect_question
        from index.search import Query

        query = Query(text=question, lang=detect_question(question), top_k=TOP_K)
        return [hit.path for hit in self._runtime.find(query)]


def opened(job: Job) -> Pipeline:
    return Searching(job) if job.questions else Ingesting(job)


if __name__ == "__main__":
    run(opened, PACKAGES)
