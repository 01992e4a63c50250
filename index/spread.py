"""Reading, chunking and embedding spread over workers, in the order and with the results of one process.

In: files, windows, and workers that take calls and give futures. Out: what ``read_folders`` and ``Embedder`` give, and
in the same order. Work in flight is bounded: nothing is loaded from the disk, and no window is begun, while the workers
have enough to do. The catalog is asked and written here alone; a vector is kept as soon as it arrives.
"""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import date
from pathlib import Path
from typing import Generic, Protocol

import msgspec

from index.catalog import Catalog
from index.embedding import Embedded, Embedder, Encoding, W, by_length, digest
from index.reading import FailedFile, load_file
from index.records import Encoder, PassageVectors
from index.worker import Found, LoadedFile

READ_FILES = 32
READ_BYTES = 1024 * 1024
"""A call to read takes files up to one of these; a larger file goes alone."""
ENCODE_CHUNKS = 32
"""Fewer than one process takes at a time: what is in flight is lost to an interruption."""
CALLS_PER_WORKER = 2
"""One at work, one waiting."""
WINDOWS_AHEAD = 16
"""Windows that wait for their vectors; those behind the first may have all of theirs."""


class Workers(Protocol):
    """Processes that each hold the model; calls wait for a free one."""

    @property
    def count(self) -> int: ...

    def read(self, files: Sequence[LoadedFile | FailedFile]) -> "Future[list[Found]]": ...

    def encode(self, texts: list[str]) -> "Future[PassageVectors]": ...


class SourceFiles(msgspec.Struct, frozen=True):
    """Files of one source, in the order in which they are read."""

    source_id: str
    root: Path
    paths: list[str]


def read_spread(
    workers: Workers, sources: Iterable[SourceFiles], *, today: date, site_url: str | None
) -> Generator[Found, None, None]:
    """One result per file, in order."""
    calls: deque[Future[list[Found]]] = deque()
    for files in _together(_loaded(sources, today, site_url)):
        if len(calls) >= CALLS_PER_WORKER * workers.count:
            yield from calls.popleft().result()
        calls.append(workers.read(files))
    while calls:
        yield from calls.popleft().result()


class SpreadEmbedder(Embedder):
    """An embedder whose texts are encoded by workers."""

    def __init__(
        self, catalog: Catalog, encoder: Callable[[], Encoder], model_fingerprint: str, workers: Workers
    ) -> None:
        super().__init__(catalog, encoder, model_fingerprint)
        self._workers = workers

    def embedded(self, windows: Iterator[W]) -> Generator[Encoding | Embedded[W], None, None]:
        line: Line[W] = Line(self._catalog)
        calls = Calls(CALLS_PER_WORKER * self._workers.count)
        for window in windows:
            for texts in line.begin(window):
                while calls.is_full:
                    yield self._arrival(line, calls)
                calls.add(list(texts), self._workers.encode(list(texts.values())))
            while len(line) >= WINDOWS_AHEAD and not line.is_first_whole:
                yield self._arrival(line, calls)
            yield from line.whole()
        while len(line):
            if not line.is_first_whole:
                yield self._arrival(line, calls)
            yield from line.whole()

    def _arrival(self, line: "Line[W]", calls: "Calls") -> Encoding:
        keys, encoded, seconds = calls.next_done()
        line.take(self._kept(keys, encoded))
        return Encoding(len(keys), seconds)


class Begun(msgspec.Struct, Generic[W]):
    """A window, and those of its vectors that are there."""

    window: W
    keys: frozenset[str]
    vectors: dict[str, bytes]
    new: frozenset[str]

    @property
    def is_whole(self) -> bool:
        return len(self.vectors) == len(self.keys)


class Line(Generic[W]):
    """Windows in order, each until it and all before it have their vectors. None is encoded twice."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._begun: deque[Begun[W]] = deque()
        self._awaited: set[str] = set()

    def __len__(self) -> int:
        return len(self._begun)

    @property
    def is_first_whole(self) -> bool:
        return self._begun[0].is_whole

    def begin(self, window: W) -> Iterator[dict[str, str]]:
        """Texts by key that have to be encoded for the window, call by call."""
        texts = {new.vector_key: new.chunk.embed_text for new in window.chunks}
        vectors = self._catalog.known_vectors(texts)
        missing = by_length(texts, texts.keys() - vectors.keys() - self._awaited)
        self._awaited |= set(missing)
        self._begun.append(Begun(window, frozenset(texts), vectors, frozenset(missing)))
        for start in range(0, len(missing), ENCODE_CHUNKS):
            yield {key: texts[key] for key in missing[start : start + ENCODE_CHUNKS]}

    def take(self, vectors: dict[str, bytes]) -> None:
        """Vectors that have arrived, for all windows that wait for them."""
        self._awaited -= vectors.keys()
        for begun in self._begun:
            begun.vectors |= {key: vectors[key] for key in begun.keys & vectors.keys()}

    def whole(self) -> Iterator[Embedded[W]]:
        while self._begun and self._begun[0].is_whole:
            begun = self._begun.popleft()
            yield Embedded(begun.window, begun.vectors, begun.new)


class Calls:
    """Calls to encode that have not been answered."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._keys: dict[Future[PassageVectors], list[str]] = {}
        self._before = time.monotonic()

    @property
    def is_full(self) -> bool:
        return len(self._keys) >= self._most

    def add(self, keys: list[str], call: "Future[PassageVectors]") -> None:
        if not self._keys:
            self._before = time.monotonic()
        self._keys[call] = keys

    def next_done(self) -> tuple[list[str], PassageVectors, float]:
        """Keys and vectors of whichever call is answered first, and the seconds since the one before."""
        done = next(iter(wait(self._keys, return_when=FIRST_COMPLETED).done))
        keys, now = self._keys.pop(done), time.monotonic()
        seconds, self._before = now - self._before, now
        return keys, done.result(), seconds


def _loaded(sources: Iterable[SourceFiles], today: date, site_url: str | None) -> Iterator[LoadedFile | FailedFile]:
    for source in sources:
        for path in source.paths:
            loaded = load_file(source.root, path, today=today, site_url=site_url)
            yield loaded if isinstance(loaded, FailedFile) else LoadedFile(digest(source.source_id, path), loaded)


def _together(files: Iterator[LoadedFile | FailedFile]) -> Iterator[list[LoadedFile | FailedFile]]:
    batch: list[LoadedFile | FailedFile] = []
    size = 0
    for file in files:
        own = len(file.request.data) if isinstance(file, LoadedFile) else 0
        if batch and (len(batch) >= READ_FILES or size + own > READ_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += own
    if batch:
        yield batch
