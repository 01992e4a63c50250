"""One of many processes that read, chunk and embed for an ingest: files and texts in, chunks and vectors out.

In: files as the ingest has loaded them, and texts to embed. Out: what a single process would make of them, to the bit.
It opens neither the catalog nor the folder of articles, and keeps its model and its parsing child for as long as it
lives. Knows nothing of how it is reached.
"""

import platform
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from index.catalog_records import NewChunk
from index.embedding import new_chunks
from index.readers.wire import Request
from index.reading import FailedFile, Parser
from index.records import Article, Encoder, PassageVectors, Skipped
from index.versions import ANALYSER_VERSION, CHUNKER_VERSION

ARITHMETIC = frozenset({"amx_bf16", "avx2", "avx512_bf16", "avx512f", "fma", "neon", "asimd", "bf16"})
"""Features of a processor on which the order of a sum, and so the last bit of a vector, depends."""
LIBRARIES = ("kilde", "numpy", "sentence-transformers", "tokenizers", "torch", "transformers")


class LoadedFile(msgspec.Struct, frozen=True):
    """A file to parse, and the id that its article has."""

    article_id: str
    request: Request


class Chunked(msgspec.Struct, frozen=True):
    """An article with its chunks."""

    article: Article
    chunks: tuple[NewChunk, ...]


Found = Chunked | Skipped | FailedFile


class Nature(msgspec.Struct, frozen=True, kw_only=True):
    """All that the results of a process depend on beside what it is given."""

    model_fingerprint: str
    chunker: int | str
    analyser: int | str
    processor: str
    libraries: tuple[str, ...]


class Worker:
    """Safe to call from several threads: it reads and embeds at the same time, but one batch of files at a time."""

    def __init__(self, make_encoder: Callable[[], Encoder], model_fingerprint: str) -> None:
        self._make_encoder = make_encoder
        self._model_fingerprint = model_fingerprint
        self._parser = Parser()
        self._reading = threading.Lock()

    @cached_property
    def _encoder(self) -> Encoder:
        """Made by ``nature``, before anything else is asked: what it raises is told, where a constructor's is lost."""
        return self._make_encoder()

    def nature(self) -> Nature:
        return nature_of(self._encoder.fingerprint)

    def read(self, files: Sequence[LoadedFile | FailedFile]) -> list[Found]:
        """One result for each, in order."""
        with self._reading:
            return [self._read(file) if isinstance(file, LoadedFile) else file for file in files]

    def encode(self, texts: list[str]) -> PassageVectors:
        return self._encoder.encode_passages(texts)

    def close(self) -> None:
        self._parser.close()

    def _read(self, file: LoadedFile) -> Found:
        found = self._parser.parse(file.request)
        if not isinstance(found, Article):
            return found
        return Chunked(found, new_chunks(file.article_id, found, self._encoder, self._model_fingerprint))


def nature_of(model_fingerprint: str) -> Nature:
    """Of this process."""
    return Nature(
        model_fingerprint=model_fingerprint,
        chunker=CHUNKER_VERSION,
        analyser=ANALYSER_VERSION,
        processor=_processor(),
        libraries=tuple(f"{name} {_version(name)}" for name in LIBRARIES),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    flags = next((line.partition(":")[2] for line in lines if line.startswith(("flags", "Features"))), "")
    vendor = next((line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")), "")
    return " ".join([platform.machine(), vendor, *sorted(ARITHMETIC & set(flags.split()))])
