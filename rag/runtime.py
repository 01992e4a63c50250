"""Everything that answers, opened from settings: catalog, derived store, encoder, search, conversations.

In: settings; the caller owns the data folder (``rag/owner.py``). Out: a ``Runtime``, the backend of every surface. The
encoder and the derived store are opened when first needed: lists, figures and an ingest without changes never load a
model. An index made with other settings keeps serving with its own model while the new one is built beside it.
"""

import logging
import threading
import time
from collections.abc import AsyncIterator, Iterator

import anyio.to_thread
import msgspec

from index.build import Indexer
from index.catalog import Catalog
from index.derived import open_store
from index.encoder import SentenceEncoder, model_fingerprint
from index.languages import detect_question
from index.records import (
    ArticleDetail,
    ArticleSummary,
    Encoder,
    Hit,
    IngestEvent,
    IngestRequest,
    Stats,
    VectorStore,
)
from index.search import Query, Searcher
from index.vectors import ChromaVectors
from rag.answer import Answering
from rag.conversations import Conversations
from rag.errors import BusyError, ConfigurationError, NotFoundError
from rag.records import (
    Answer,
    Conversation,
    Event,
    IndexState,
    Question,
    Readiness,
    SearchHit,
    SearchRequest,
    SearchResponse,
)
from rag.settings import Settings
from rag.validate import check_search

log = logging.getLogger(__name__)


def open_runtime(settings: Settings) -> "Runtime":
    """Open or create the data folder's index. Raises ConfigurationError naming the setting to change."""
    try:
        settings.data_path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(f"KILDE_DATA_DIR={settings.data_dir!r} cannot be made: {exc.strerror}.") from exc
    return Runtime(settings)


class Runtime:
    """Safe from several threads; ``close`` it when done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalog = Catalog.open(settings.catalog_url)
        self._conversations = Conversations.open(settings.conversations_url)
        self._opening = threading.RLock()
        self._ingesting = threading.Lock()
        self._encoders: dict[str, Encoder] = {}
        self._stores: dict[int, VectorStore | None] = {}
        self._searcher: Searcher | None = None
        self._answering = Answering(self.find, self._conversations)
        self._indexer = Indexer(
            self._catalog,
            encoder=lambda: self._encoder(settings.embedding_model),
            store=self._store_to_write,
            model=settings.embedding_model,
            model_fingerprint=model_fingerprint(settings.embedding_model),
        )

    @property
    def settings(self) -> Settings:
        return self._settings

    def close(self) -> None:
        self._catalog.close()
        self._conversations.close()

    def warm(self) -> None:
        """Load the model and the index now rather than with the first question; bring an older index up to date."""
        self._ready_searcher()
        if self._is_outdated():
            threading.Thread(target=self._rebuild, name="rebuild", daemon=True).start()

    async def answer(self, question: Question) -> Answer:
        return await self._answering.answer(question)

    def events(self, question: Question) -> AsyncIterator[Event]:
        return self._answering.events(question)

    async def search(self, request: SearchRequest) -> SearchResponse:
        return await anyio.to_thread.run_sync(self._search_request, request)

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return await anyio.to_thread.run_sync(self._catalog.articles)

    async def article(self, article_id: str) -> ArticleDetail:
        found = await anyio.to_thread.run_sync(self._catalog.article, article_id)
        if found is None:
            raise NotFoundError(f"There is no article {article_id!r}. GET /v1/articles lists them.", "id")
        return found

    async def conversation(self, conversation_id: str) -> Conversation:
        found = await anyio.to_thread.run_sync(self._conversations.get, conversation_id)
        if found is None:
            raise NotFoundError(f"There is no conversation {conversation_id!r}.", "id")
        return found

    async def delete_conversation(self, conversation_id: str) -> None:
        if not await anyio.to_thread.run_sync(self._conversations.delete, conversation_id):
            raise NotFoundError(f"There is no conversation {conversation_id!r}.", "id")

    async def stats(self) -> Stats:
        return await anyio.to_thread.run_sync(self._catalog.stats)

    async def readiness(self) -> Readiness:
        return await anyio.to_thread.run_sync(self._readiness)

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """One run at a time; searches see what it has written when it ends, or is ended."""
        if not self._ingesting.acquire(blocking=False):
            raise BusyError("Another ingest is under way. Wait for it to end, then try again.")
        try:
            request = msgspec.structs.replace(request, site_url=request.site_url or self._settings.site_url)
            yield from self._indexer.ingest(request)
        finally:
            self._refresh()
            self._drop_older_stores()
            self._ingesting.release()

    def _search_request(self, request: SearchRequest) -> SearchResponse:
        began = time.perf_counter()
        request = check_search(request)
        query = Query(
            text=request.query,
            lang=detect_question(request.query),
            top_k=request.top_k,
            filters=request.filters,
            group_works=request.group_works,
        )
        hits = tuple(_search_hit(hit) for hit in self.find(query))
        return SearchResponse(hits=hits, timings_ms={"total": round(1000 * (time.perf_counter() - began))})

    def find(self, query: Query) -> tuple[Hit, ...]:
        """Search, synchronously, with all that extraction needs of each hit."""
        return self._ready_searcher().search(query)

    def _ready_searcher(self) -> Searcher:
        with self._opening:
            if self._searcher is None:
                self._searcher = self._new_searcher()
            return self._searcher

    def _refresh(self) -> None:
        """Search the catalog as it is now; nothing to do while no search was made."""
        with self._opening:
            if self._searcher is not None:
                self._searcher = self._new_searcher()

    def _new_searcher(self) -> Searcher:
        generation = self._catalog.current_generation()
        encoder = self._encoder(generation.model if generation else self._settings.embedding_model)
        store = self._store(generation.number, encoder.dim) if generation else None
        return Searcher(self._catalog, encoder, store)

    def _encoder(self, model: str) -> Encoder:
        with self._opening:
            if model not in self._encoders:
                self._encoders[model] = SentenceEncoder(model, self._settings.model_path)
            return self._encoders[model]

    def _store(self, generation: int, dim: int) -> VectorStore | None:
        with self._opening:
            if generation not in self._stores:
                self._stores[generation] = open_store(self._catalog, self._settings.store_path, generation, dim)
            return self._stores[generation]

    def _store_to_write(self, generation: int) -> VectorStore:
        """The store, or one that swallows what is written: a later start makes it anew from the catalog."""
        store = self._store(generation, self._encoder(self._settings.embedding_model).dim)
        return store if store is not None else NoStore()

    def _is_outdated(self) -> bool:
        generation = self._catalog.current_generation()
        return generation is not None and generation.fingerprint != self._indexer.fingerprint

    def _rebuild(self) -> None:
        with self._ingesting:
            try:
                for _progress in self._indexer.rebuild():
                    pass
            except Exception:
                log.exception("the index could not be rebuilt; the old one keeps serving")
                return
        self._refresh()
        self._drop_older_stores()

    def _drop_older_stores(self) -> None:
        generation = self._catalog.current_generation()
        with self._opening:
            if generation is None or generation.number not in self._stores:
                return  # Not opened yet: what is older goes when a run opens it.
            store = self._stores[generation.number]
            self._stores = {generation.number: store}
            if isinstance(store, ChromaVectors):
                store.drop_others()

    def _readiness(self) -> Readiness:
        stats = self._catalog.stats()
        degraded = any(store is None for store in self._stores.values())
        state: IndexState = "rebuilding" if self._is_outdated() else "degraded" if degraded else "ok"
        message = {
            "ok": "ready",
            "rebuilding": "the index is being rebuilt for new settings; the old one serves meanwhile",
            "degraded": "the derived vector store is unusable; dense search runs in memory",
        }[state]
        return Readiness(ready=True, articles=stats.articles, chunks=stats.chunks, index=state, message=message)


class NoStore:
    """Stands in for a derived store that cannot be opened."""

    def upsert(self, chunk_ids: list[str], vectors: object) -> None: ...

    def delete(self, chunk_ids: list[str]) -> None: ...

    def query(self, vector: object, top_k: int) -> list[tuple[str, float]]:
        return []

    def ids(self) -> set[str]:
        return set()


def _search_hit(hit: Hit) -> SearchHit:
    return SearchHit(
        chunk_id=hit.chunk_id,
        article_id=hit.article_id,
        work_id=hit.work_id,
        path=hit.path,
        lang=hit.lang,
        title=hit.title,
        heading=" › ".join(hit.headings) or None,
        text=hit.text,
        start=hit.start,
        end=hit.end,
        score=hit.score,
    )
