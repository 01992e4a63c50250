"""Runs one pipeline for one job and prints what it took, as the last line of stdout.

In: a file with a ``Job``, as the only argument. Out: one ``Ingested`` or ``Searched`` as JSON. Ends with the line that
installs what is missing where a library cannot be imported.
"""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from evals.benchmarks.peer_pipelines.records import Ingested, Job, Searched

TOP_K = 10
PASSAGE_PROMPT = "passage: "
QUERY_PROMPT = "query: "
INSTALL = "python -m evals.benchmarks.peers --install"


class Pipeline(Protocol):
    """Ready to work once it is made: its model is loaded, its store is open."""

    def ingest(self, articles: Path) -> int:
        """Index every file of the folder; the number of chunks."""

    def search(self, question: str) -> Sequence[str]:
        """The articles' paths of the ``TOP_K`` best chunks, best first."""


class Clock(NamedTuple):
    """What a piece of work took: by the clock, and of the processor, which a busy machine does not stretch."""

    wall_s: float
    processor_s: float

    @classmethod
    def now(cls) -> "Clock":
        return cls(time.monotonic(), time.process_time())

    def since(self, began: "Clock") -> "Clock":
        return Clock(self.wall_s - began.wall_s, self.processor_s - began.processor_s)


def run(opening: Callable[[Job], Pipeline], packages: tuple[str, ...]) -> None:
    """``packages``: the distributions whose versions the result names."""
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    try:
        pipeline = opening(job)
    except ImportError as exc:
        raise SystemExit(f"{exc}. Install what this benchmark compares: `{INSTALL}`") from exc
    result = search(pipeline, job) if job.questions else ingest(pipeline, job, packages)
    sys.stdout.write("\n" + msgspec.json.encode(result).decode() + "\n")


def ingest(pipeline: Pipeline, job: Job, packages: tuple[str, ...]) -> Ingested:
    began = Clock.now()
    chunks = pipeline.ingest(Path(job.articles))
    took, peak_gb = Clock.now().since(began), _peak_gb()
    texts = [text for _path, text in read_articles(Path(job.articles))]
    bare = _bare(job, texts)
    return Ingested(
        texts=len(texts),
        chunks=chunks,
        wall_s=took.wall_s,
        processor_s=took.processor_s,
        peak_gb=peak_gb,
        bare_wall_s=bare.wall_s,
        bare_processor_s=bare.processor_s,
        versions={name: version(name) for name in packages},
    )


def search(pipeline: Pipeline, job: Job) -> Searched:
    pipeline.search(job.questions[0])
    start_s = time.monotonic() - job.launched_s
    times_ms, best = [], []
    began = Clock.now()
    for question in job.questions:
        asked_s = time.monotonic()
        found = pipeline.search(question)
        times_ms.append(1000 * (time.monotonic() - asked_s))
        best.append(found[0] if found else "")
    return Searched(
        start_s=start_s,
        times_ms=tuple(times_ms),
        processor_ms=1000 * Clock.now().since(began).processor_s / len(job.questions),
        best=tuple(best),
        peak_gb=_peak_gb(),
    )


def read_articles(folder: Path) -> list[tuple[str, str]]:
    """Path in the folder and text of each, by path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


def _bare(job: Job, texts: list[str]) -> Clock:
    import torch
    from sentence_transformers import SentenceTransformer

    dtype = getattr(torch, job.dtype)
    model = SentenceTransformer(job.model, device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})
    prompt = PASSAGE_PROMPT if job.prompts else None
    model.encode(texts[:8], prompt=prompt)
    began = Clock.now()
    model.encode(texts, prompt=prompt, show_progress_bar=False)
    return Clock.now().since(began)


def _peak_gb() -> float:
    """Of this process so far, the most resident memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
