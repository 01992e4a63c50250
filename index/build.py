"""Files to catalog to vectors: incremental, resumable, and the same in the end however often it was interrupted.

In: folders or files. Out: one event per file as soon as its fate is settled, progress between, a summary at the end.
Articles become visible in windows, each one transaction; the derived store is written first, so that nothing visible
is ever missing from it. Nothing is embedded whose vector is in the catalog already.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

from index.catalog import (
    ArticleVersion,
    Catalog,
    FileState,
    Generation,
    NewChunk,
    StoredVectors,
    pack_vectors,
    unpack_vectors,
)
from index.chunking import CHUNKER_VERSION, chunk
from index.lexical import ANALYSER_VERSION, terms
from index.reading import FailedFile, read_files
from index.records import (
    Article,
    Encoder,
    FileOutcome,
    IngestEvent,
    IngestProgress,
    IngestRequest,
    IngestSummary,
    Outcome,
    Skipped,
    VectorStore,
)
from index.sources import Plan, Seen, make_plan, resolve_scopes

WINDOW_CHUNKS = 256
"""Chunks embedded and written together; more waste less padding, fewer are lost to an interruption."""
ENCODE_CHUNKS = 256
"""Chunks encoded in one call; more of them fill whole batches of like length, fewer are lost to an interruption."""
ID_LENGTH = 16


class Window(msgspec.Struct):
    """Articles that wait to be embedded and written together."""

    source_id: str
    versions: list[ArticleVersion] = []
    outcomes: list[FileOutcome] = []
    removed: list[str] = []

    @property
    def chunks(self) -> list[NewChunk]:
        return [new for version in self.versions for new in version.chunks]


class Tally(msgspec.Struct):
    """What a run has done so far."""

    started: float
    total: int
    done: int = 0
    chunks: int = 0
    embedded: int = 0
    encoding_s: float = 0.0
    outcomes: Counter[Outcome] = msgspec.field(default_factory=Counter)

    def progress(self, phase: Literal["reading", "embedding", "finishing"]) -> IngestProgress:
        elapsed = time.monotonic() - self.started
        return IngestProgress(
            phase=phase,
            done=self.done,
            total=self.total,
            chunks_per_s=round(self.embedded / self.encoding_s, 1) if self.encoding_s else None,
            remaining_s=round(elapsed / self.done * (self.total - self.done), 1) if self.done else None,
        )


class Indexer:
    """Builds one index. Encoder and store are made when the first chunk needs them, not before."""

    def __init__(
        self,
        catalog: Catalog,
        *,
        encoder: Callable[[], Encoder],
        store: Callable[[int], VectorStore],
        model: str,
        model_fingerprint: str,
    ) -> None:
        """``store`` opens the derived store of a generation; ``model`` is the setting that names the encoder."""
        self._catalog = catalog
        self._encoder = encoder
        self._store = store
        self._model = model
        self._model_fingerprint = model_fingerprint
        self.fingerprint = f"{model_fingerprint}/chunker-{CHUNKER_VERSION}/analyser-{ANALYSER_VERSION}"

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """Run to the end, event by event; what was reported is kept when the caller stops early."""
        started, today = time.monotonic(), datetime.now(UTC).date()
        scopes = resolve_scopes(self._catalog, request.paths)
        plans = [make_plan(self._catalog, scope, site_url=request.site_url, today=today) for scope in scopes]
        tally = Tally(started=started, total=sum(len(plan.to_read) for plan in plans))
        events = self._preview(plans, request, today) if request.dry_run else self._run(plans, request, today, tally)
        for event in events:
            if isinstance(event, FileOutcome):
                tally.outcomes[event.outcome] += 1
                tally.chunks += event.chunks
            yield event
        yield IngestSummary(
            outcomes=dict(sorted(tally.outcomes.items())),
            chunks=tally.chunks,
            embedded=tally.embedded,
            seconds=round(time.monotonic() - tally.started, 3),
            dry_run=request.dry_run,
        )

    def rebuild(self) -> Iterator[IngestProgress]:
        """Chunk and embed every stored article anew for this indexer's fingerprint, then swap generations.

        The old generation serves until the swap. Does nothing when the current generation has this fingerprint.
        """
        current = self._catalog.current_generation()
        if current is None or current.fingerprint == self.fingerprint:
            return
        generation = self._catalog.start_generation(self.fingerprint, self._model)
        done = self._catalog.chunked_articles(generation.number)
        articles = [found for found in self._catalog.read_articles() if found[0] not in done]
        tally = Tally(started=time.monotonic(), total=len(articles))
        for article_id, _work_id, article in articles:
            chunks = self._chunks(article_id, article)
            vectors: dict[str, bytes] = {}
            yield from self._embed(chunks, vectors, tally)
            self._store(generation.number).upsert(
                [new.chunk_id for new in chunks],
                unpack_vectors([vectors[new.vector_key] for new in chunks], self._encoder().dim),
            )
            self._catalog.add_chunks(generation.number, {article_id: chunks})
            tally.done += 1
        self._catalog.make_current(generation.number)
        self._catalog.settle()
        yield tally.progress("finishing")

    def _generation(self) -> Generation:
        current = self._catalog.current_generation()
        return current or self._catalog.start_generation(self.fingerprint, self._model)

    def _preview(self, plans: list[Plan], request: IngestRequest, today: date) -> Iterator[FileOutcome]:
        for plan in plans:
            yield from _settled(plan)
            moved_from = _moved_from(plan) if request.prune else {}
            moved: set[str] = set()
            for seen, result in _read(plan, request.site_url, today):
                outcome = _preview_of(plan, seen, result, moved_from)
                if outcome.outcome == "moved" and outcome.reason:
                    moved.add(outcome.reason)
                yield outcome
            if request.prune:
                yield from (_gone(state) for state in plan.gone if state.article_id and state.path not in moved)

    def _run(self, plans: list[Plan], request: IngestRequest, today: date, tally: Tally) -> Iterator[IngestEvent]:
        yield from self.rebuild()
        for plan in plans:
            if plan.scope.source_id not in self._catalog.sources():
                self._catalog.add_source(plan.scope.source_id, str(plan.scope.root))
            yield from _settled(plan)
            yield tally.progress("reading")
            moved: set[str] = set()
            for event in self._read_and_write(plan, request, today, tally):
                if isinstance(event, FileOutcome) and event.outcome == "moved" and event.reason:
                    moved.add(event.reason)
                yield event
            if request.prune:
                yield from self._remove_gone(plan, moved)
        self._catalog.settle()
        self._catalog.finish_ingest(datetime.now(UTC).isoformat(timespec="seconds"))

    def _read_and_write(
        self, plan: Plan, request: IngestRequest, today: date, tally: Tally
    ) -> Iterator[FileOutcome | IngestProgress]:
        moved_from = _moved_from(plan) if request.prune else {}
        window = Window(plan.scope.source_id)
        for seen, result in _read(plan, request.site_url, today):
            if isinstance(result, Article):
                version = self._version(plan, seen, result, request.site_url, today, moved_from)
                window.versions.append(version)
            else:
                yield self._set_aside(plan, seen, result, request.site_url, today)
            tally.done += 1
            if sum(len(version.chunks) for version in window.versions) >= WINDOW_CHUNKS:
                yield from self._write(window, tally)
                window = Window(plan.scope.source_id)
        yield from self._write(window, tally)

    def _version(
        self, plan: Plan, seen: Seen, article: Article, site_url: str | None, today: date, moved_from: dict[str, str]
    ) -> ArticleVersion:
        source_id = plan.scope.source_id
        article_id = _digest(source_id, seen.path)
        outcome, reason = _outcome_of(plan, seen, moved_from)
        state = _state(seen, article_id, outcome, reason, site_url, today, article.expires)
        return ArticleVersion(
            article_id=article_id,
            work_id=_digest(source_id, article.work_key),
            article=article,
            state=state,
            chunks=self._chunks(article_id, article),
        )

    def _chunks(self, article_id: str, article: Article) -> tuple[NewChunk, ...]:
        encoder = self._encoder()
        chunks = chunk(article, count_tokens=encoder.count_tokens, max_tokens=encoder.max_tokens)
        keys = [_digest(self._model_fingerprint, piece.embed_text, length=32) for piece in chunks]
        return tuple(
            NewChunk(
                chunk_id=f"{article_id}-{piece.ordinal}-{_digest(key, piece.text, length=8)}",
                chunk=piece,
                terms=terms(piece.embed_text, article.lang),
                vector_key=key,
            )
            for piece, key in zip(chunks, keys, strict=True)
        )

    def _write(self, window: Window, tally: Tally) -> Iterator[FileOutcome | IngestProgress]:
        if not window.versions:
            return
        generation = self._generation()
        chunks = window.chunks
        vectors: dict[str, bytes] = {}
        before = set(self._catalog.known_vectors({new.vector_key for new in chunks}))
        yield from self._embed(chunks, vectors, tally)
        store = self._store(generation.number)
        packed = [vectors[new.vector_key] for new in chunks]
        store.upsert([new.chunk_id for new in chunks], unpack_vectors(packed, self._encoder().dim))
        replaced = self._catalog.save(window.source_id, window.versions, generation.number)
        store.delete(sorted(set(replaced) - {new.chunk_id for new in chunks}))
        for version in window.versions:
            yield FileOutcome(
                path=version.article.path,
                outcome=version.state.outcome,
                reason=version.state.reason,
                article_id=version.article_id,
                lang=version.article.lang,
                chunks=len(version.chunks),
                embedded=len(embedded := {new.vector_key for new in version.chunks} - before),
            )
            before |= embedded
        yield tally.progress("reading")

    def _embed(self, chunks: Iterable[NewChunk], vectors: dict[str, bytes], tally: Tally) -> Iterator[IngestProgress]:
        """Fill ``vectors`` by key for all chunks: from the catalog where it has them, else by encoding."""
        texts = {new.vector_key: new.chunk.embed_text for new in chunks}
        vectors |= self._catalog.known_vectors(texts)
        missing = sorted((key for key in texts if key not in vectors), key=lambda key: -len(texts[key]))
        for start in range(0, len(missing), ENCODE_CHUNKS):
            keys = missing[start : start + ENCODE_CHUNKS]
            began = time.monotonic()
            encoded = self._encoder().encode_passages([texts[key] for key in keys])
            tally.encoding_s += time.monotonic() - began
            tally.embedded += len(keys)
            new = dict(zip(keys, pack_vectors(encoded.vectors), strict=True))
            tokens = dict(zip(keys, encoded.tokens, strict=True))
            self._catalog.add_vectors({key: StoredVectors(new[key], tokens[key]) for key in keys})
            vectors |= new
            yield tally.progress("embedding")

    def _set_aside(
        self, plan: Plan, seen: Seen, result: Skipped | FailedFile, site_url: str | None, today: date
    ) -> FileOutcome:
        failed = isinstance(result, FailedFile)
        before = plan.known.get(seen.path)
        kept = before.article_id if failed and before else None
        outcome: Outcome = "failed" if failed else "skipped"
        state = _state(seen, kept, outcome, result.reason, site_url, today, None)
        removed = self._catalog.record_file(plan.scope.source_id, state)
        self._forget(removed)
        return FileOutcome(path=seen.path, outcome=outcome, reason=result.reason, article_id=kept)

    def _remove_gone(self, plan: Plan, moved: set[str]) -> Iterator[FileOutcome]:
        if not plan.gone:
            return
        self._forget(self._catalog.remove_files(plan.scope.source_id, [state.path for state in plan.gone]))
        yield from (_gone(state) for state in plan.gone if state.article_id and state.path not in moved)

    def _forget(self, chunk_ids: list[str]) -> None:
        generation = self._catalog.current_generation()
        if chunk_ids and generation:
            self._store(generation.number).delete(sorted(set(chunk_ids)))


def _read(plan: Plan, site_url: str | None, today: date) -> Iterator[tuple[Seen, Article | Skipped | FailedFile]]:
    paths = [seen.path for seen in plan.to_read]
    results = read_files(plan.scope.root, paths, today=today, site_url=site_url)
    return zip(plan.to_read, results, strict=True)


def _moved_from(plan: Plan) -> dict[str, str]:
    """Path before by content hash, of the files that are gone."""
    return {state.sha256: state.path for state in plan.gone if state.article_id}


def _settled(plan: Plan) -> Iterator[FileOutcome]:
    """The files whose fate needs no reading."""
    for file in plan.failed:
        yield FileOutcome(path=file.path, outcome="failed", reason=file.reason)
    for state in plan.unchanged:
        outcome: Outcome = "unchanged" if state.outcome in ("new", "changed", "moved") else state.outcome
        reason = None if outcome == "unchanged" else state.reason
        yield FileOutcome(path=state.path, outcome=outcome, reason=reason, article_id=state.article_id)


def _outcome_of(plan: Plan, seen: Seen, moved_from: dict[str, str]) -> tuple[Outcome, str | None]:
    """What a file that was read is, and for a moved one its path before, which no other file can claim then."""
    before = plan.known.get(seen.path)
    if before and before.article_id:
        return "changed", None
    path = moved_from.pop(seen.sha256, None)
    return ("moved", path) if path else ("new", None)


def _preview_of(
    plan: Plan, seen: Seen, result: Article | Skipped | FailedFile, moved_from: dict[str, str]
) -> FileOutcome:
    if isinstance(result, Article):
        outcome, reason = _outcome_of(plan, seen, moved_from)
        return FileOutcome(path=seen.path, outcome=outcome, reason=reason, lang=result.lang)
    outcome = "failed" if isinstance(result, FailedFile) else "skipped"
    return FileOutcome(path=seen.path, outcome=outcome, reason=result.reason)


def _gone(state: FileState) -> FileOutcome:
    return FileOutcome(path=state.path, outcome="deleted", article_id=state.article_id)


def _state(
    seen: Seen,
    article_id: str | None,
    outcome: Outcome,
    reason: str | None,
    site_url: str | None,
    today: date,
    expires: str | None,
) -> FileState:
    return FileState(
        path=seen.path,
        size=seen.size,
        mtime_ns=seen.mtime_ns,
        sha256=seen.sha256,
        site_url=site_url,
        article_id=article_id,
        outcome=outcome,
        reason=reason,
        checked_on=today.isoformat(),
        expires=expires,
    )


def _digest(*parts: str, length: int = ID_LENGTH) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()[:length]
