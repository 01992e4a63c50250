"""Files to catalog to vectors: incremental, resumable, and the same in the end however often it was interrupted.

In: folders or files. Out: one event per file as soon as its fate is settled, progress between, a summary at the end.
Reading, chunking and encoding each run ahead in a thread of their own; writing and telling happen here, in order.
Articles become visible in windows, each one transaction; the derived store is written first, so that nothing visible
is ever missing from it.
"""

import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime

import msgspec

from index.ahead import Ahead
from index.catalog import Catalog
from index.catalog_records import ArticleVersion, FileState, Generation, NewChunk
from index.embedding import Embedded, Embedder, Encoding, digest
from index.errors import BusyError
from index.outcomes import Judge, saved, set_aside, settled
from index.reading import FailedFile, read_folders
from index.rebuild import rebuild
from index.records import (
    Article,
    Encoder,
    FileOutcome,
    IngestEvent,
    IngestProgress,
    IngestRequest,
    Skipped,
    VectorStore,
)
from index.sources import Plan, Seen, make_plan, resolve_scopes
from index.spread import SourceFiles, SpreadEmbedder, Workers, read_spread
from index.tally import Tally
from index.versions import ANALYSER_VERSION, CHUNKER_VERSION
from index.worker import Chunked, Found

FIRST_WINDOW_CHUNKS = 32
"""The first window is small, so that the encoder soon has work; each is twice the one before."""
WINDOW_CHUNKS = 256
"""Chunks that become visible together; more waste less padding, fewer are lost to an interruption."""
WINDOW_FILES = 256
FILES_AHEAD = 32
STEPS_AHEAD = 4

ReadFile = tuple[Seen, Article | Found]


class Job(msgspec.Struct, frozen=True):
    """A plan, and what tells the outcomes of its files."""

    plan: Plan
    judge: Judge


class Window(msgspec.Struct, frozen=True):
    """Files of one plan that are written together, in the order in which they were read."""

    files: tuple[ArticleVersion | FileState, ...]
    is_last: bool
    """Of its plan; the last one may be empty."""

    @property
    def versions(self) -> tuple[ArticleVersion, ...]:
        return tuple(file for file in self.files if isinstance(file, ArticleVersion))

    @property
    def set_aside(self) -> tuple[FileState, ...]:
        return tuple(file for file in self.files if isinstance(file, FileState))

    @property
    def chunks(self) -> tuple[NewChunk, ...]:
        return tuple(new for version in self.versions for new in version.chunks)


Step = Encoding | Embedded[Window]


class Indexer:
    """Builds one index. Encoder and store are made when the first chunk needs them, not before."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        encoder: Callable[[], Encoder],
        store: Callable[[int], VectorStore | None],
        model: str,
        model_fingerprint: str,
        workers: Workers | None = None,
    ) -> None:
        """``model`` is the setting that names the encoder. ``store`` opens the derived store of a generation; None when
        it cannot be had, and search does without. ``workers`` read, chunk and embed in place of this process."""
        self._catalog = catalog
        self._store = store
        self._model = model
        self._was_current = False
        self._workers = workers
        self._embedder = (
            SpreadEmbedder(catalog, encoder, model_fingerprint, workers)
            if workers
            else Embedder(catalog, encoder, model_fingerprint)
        )
        self.fingerprint = f"{model_fingerprint}/chunker-{CHUNKER_VERSION}/analyser-{ANALYSER_VERSION}"

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """Run to the end, event by event; what was reported is kept when the caller stops early.

        Raises BusyError where another process ingests into the same database.
        """
        with nullcontext() if request.dry_run else self._catalog.alone():
            yield from self._ingest(request)

    def _ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        started, today = time.monotonic(), datetime.now(UTC).date()
        scopes = resolve_scopes(self._catalog, request.paths)
        plans = [make_plan(self._catalog, scope, site_url=request.site_url, today=today) for scope in scopes]
        jobs = [Job(plan, Judge(plan, site_url=request.site_url, today=today, prune=request.prune)) for plan in plans]
        tally = Tally(started=started, total=sum(len(plan.to_read) for plan in plans))
        for event in self._preview(jobs, request, today) if request.dry_run else self._run(jobs, request, today, tally):
            if isinstance(event, FileOutcome):
                tally.add(event)
            yield event
        yield tally.summary(dry_run=request.dry_run)

    def is_outdated(self) -> bool:
        """Whether the index was made with another model, chunker or analyser, and is to be made anew.

        Once it was this indexer's it stays as another process has made it since: two would make it anew for ever.
        """
        return self._differs() and not self._was_current

    def _differs(self) -> bool:
        current = self._catalog.current_generation()
        differs = current is not None and current.fingerprint != self.fingerprint
        self._was_current = self._was_current or (current is not None and not differs)
        return differs

    def _refuse_superseded(self) -> None:
        """Chunks of two makings in one generation would be damage."""
        if self._differs():
            raise BusyError(
                "Another process has made the index anew, with other settings or another version of Kilde. Give all "
                "processes the same KILDE_EMBEDDING_MODEL and version, and start this one again."
            )

    def rebuild(self) -> Iterator[IngestProgress]:
        """Chunk and embed every stored article anew for this indexer's fingerprint, then swap generations.

        The old generation serves until the swap. Does nothing where the index is not outdated.
        Raises BusyError as ``ingest`` does.
        """
        if self.is_outdated():
            with self._catalog.alone():
                yield from self._rebuild()

    def _rebuild(self) -> Iterator[IngestProgress]:
        if self.is_outdated():
            generation = self._catalog.start_generation(self.fingerprint, self._model)
            yield from rebuild(self._catalog, self._embedder, self._store, generation.number)
            self._was_current = True

    def _preview(self, jobs: list[Job], request: IngestRequest, today: date) -> Iterator[FileOutcome]:
        results = _read(jobs, request.site_url, today)
        for job in jobs:
            yield from settled(job.plan)
            for _ in job.plan.to_read:
                yield _preview_of(job.judge, *next(results))
            if request.prune:
                yield from job.judge.deleted()

    def _run(self, jobs: list[Job], request: IngestRequest, today: date, tally: Tally) -> Iterator[IngestEvent]:
        yield from self._rebuild()
        self._refuse_superseded()
        self._add_sources(jobs)
        with Ahead() as ahead:
            results = ahead.iterate(self._read(jobs, request.site_url, today), FILES_AHEAD)
            windows = ahead.iterate(self._windows(jobs, results), 1)
            steps = ahead.iterate(self._embedder.embedded(windows), STEPS_AHEAD)
            for job in jobs:
                yield from settled(job.plan)
                yield tally.progress("reading")
                yield from self._write_plan(job.plan, steps, tally)
                if request.prune:
                    yield from self._remove_gone(job)
        self._catalog.settle()
        self._catalog.finish_ingest(datetime.now(UTC).isoformat(timespec="seconds"))

    def _read(self, jobs: list[Job], site_url: str | None, today: date) -> Generator[ReadFile, None, None]:
        if self._workers is None:
            yield from _read(jobs, site_url, today)
            return
        sources = [
            SourceFiles(job.plan.scope.source_id, job.plan.scope.root, [seen.path for seen in job.plan.to_read])
            for job in jobs
        ]
        found = read_spread(self._workers, sources, today=today, site_url=site_url)
        yield from zip(_files(jobs), found, strict=True)

    def _add_sources(self, jobs: list[Job]) -> None:
        known = self._catalog.sources()
        for source_id, root in {job.plan.scope.source_id: job.plan.scope.root for job in jobs}.items():
            if source_id not in known:
                self._catalog.add_source(source_id, str(root))

    def _windows(self, jobs: list[Job], results: Iterator[ReadFile]) -> Generator[Window, None, None]:
        limit = min(FIRST_WINDOW_CHUNKS, WINDOW_CHUNKS)
        for job in jobs:
            files: list[ArticleVersion | FileState] = []
            chunks = 0
            for _ in job.plan.to_read:
                file = self._file(job, *next(results))
                files.append(file)
                chunks += len(file.chunks) if isinstance(file, ArticleVersion) else 0
                if chunks >= limit or len(files) >= WINDOW_FILES:
                    yield Window(tuple(files), is_last=False)
                    files, chunks, limit = [], 0, min(2 * limit, WINDOW_CHUNKS)
            yield Window(tuple(files), is_last=True)

    def _file(self, job: Job, seen: Seen, result: Article | Found) -> ArticleVersion | FileState:
        source_id = job.plan.scope.source_id
        article_id = digest(source_id, seen.path)
        if isinstance(result, Article):
            result = Chunked(result, self._embedder.chunks(article_id, result))
        if not isinstance(result, Chunked):
            return job.judge.of_other(seen, result)
        return ArticleVersion(
            article_id=article_id,
            work_id=digest(source_id, result.article.work_key),
            article=result.article,
            state=job.judge.of_article(seen, article_id, result.article),
            chunks=result.chunks,
        )

    def _write_plan(self, plan: Plan, steps: Iterator[Step], tally: Tally) -> Iterator[FileOutcome | IngestProgress]:
        """Window by window, up to the last of the plan."""
        for step in steps:
            if isinstance(step, Encoding):
                tally.add(step)
                yield tally.progress("embedding")
                continue
            if step.window.files:
                self._write(plan.scope.source_id, step)
                tally.done += len(step.window.files)
                yield from _outcomes(step)
                yield tally.progress("reading")
            if step.window.is_last:
                return

    def _write(self, source_id: str, step: Embedded[Window]) -> None:
        window = step.window
        if not window.versions:
            self._forget(self._catalog.record_files(source_id, window.set_aside))
            return
        generation = self._generation()
        store = self._store(generation.number)
        if store is not None:
            step.upsert_into(store, self._embedder.dim)
        removed = self._catalog.save(source_id, window.versions, generation.number, window.set_aside)
        self._forget(set(removed) - {new.chunk_id for new in window.chunks})

    def _generation(self) -> Generation:
        current = self._catalog.current_generation()
        self._was_current = True
        return current or self._catalog.start_generation(self.fingerprint, self._model)

    def _remove_gone(self, job: Job) -> list[FileOutcome]:
        if job.plan.gone:
            paths = [state.path for state in job.plan.gone]
            self._forget(self._catalog.remove_files(job.plan.scope.source_id, paths))
        return job.judge.deleted()

    def _forget(self, chunk_ids: Collection[str]) -> None:
        generation = self._catalog.current_generation()
        store = self._store(generation.number) if chunk_ids and generation else None
        if store is not None:
            store.delete(sorted(set(chunk_ids)))


def _read(
    jobs: list[Job], site_url: str | None, today: date
) -> Generator[tuple[Seen, Article | Skipped | FailedFile], None, None]:
    folders = [(job.plan.scope.root, [seen.path for seen in job.plan.to_read]) for job in jobs]
    yield from zip(_files(jobs), read_folders(folders, today=today, site_url=site_url), strict=True)


def _files(jobs: list[Job]) -> Iterator[Seen]:
    return (seen for job in jobs for seen in job.plan.to_read)


def _preview_of(judge: Judge, seen: Seen, result: Article | Skipped | FailedFile) -> FileOutcome:
    if not isinstance(result, Article):
        return set_aside(judge.of_other(seen, result))
    state = judge.of_article(seen, "", result)
    return FileOutcome(path=seen.path, outcome=state.outcome, reason=state.reason, lang=result.lang)


def _outcomes(step: Embedded[Window]) -> Iterator[FileOutcome]:
    """Of all files of a window; a vector that several chunks share counts where it came first."""
    new = set(step.new)
    for file in step.window.files:
        if isinstance(file, FileState):
            yield set_aside(file)
            continue
        own = new & {chunk.vector_key for chunk in file.chunks}
        yield saved(file, len(own))
        new -= own
