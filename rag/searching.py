"""Search over a data folder: encoder, derived store and searcher, each imported and opened when first needed.

In: the catalog, settings. Out: hits, and what an ingest writes with. Searches go on while the catalog changes, in the
snapshot from before; ``refresh`` shows them what has changed. Refuses what the encoder refuses (ConfigurationError).
"""

import threading
from typing import TYPE_CHECKING

from index.catalog import Catalog
from index.catalog_records import Generation
from index.records import Encoder, Hit, QuestionVectors, VectorStore
from rag.settings import Settings

if TYPE_CHECKING:
    from index.reranker import Reranker
    from index.search import Query, Searcher
    from rag.claim_meaning import Meaning


class Searching:
    """Safe from several threads."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._opening = threading.RLock()
        self._refreshing = threading.Lock()
        self._encoders: dict[str, Encoder] = {}
        self._rerankers: dict[str, Reranker] = {}
        self._stores: dict[int, VectorStore | None] = {}
        self._searcher: Searcher | None = None
        self._meaning: tuple[Searcher, Meaning] | None = None

    @property
    def is_degraded(self) -> bool:
        """Whether a derived store could not be opened, so that dense search runs in memory."""
        return any(store is None for store in self._stores.values())

    def search(self, query: "Query", question: QuestionVectors | None = None) -> tuple[Hit, ...]:
        return self._ready_searcher().search(query, question)

    def langs(self) -> tuple[str, ...]:
        """Of the articles, sorted."""
        return self._ready_searcher().snapshot.langs

    def refresh(self) -> None:
        """Search the catalog as it is now, and drop the stores of older generations.

        Nothing to search anew while no search was made. Until the new snapshot is there, searches use the old one;
        one is made at a time, so that the newest stays.
        """
        with self._refreshing:
            if self._is_open():
                fresh = self._new_searcher()
                with self._opening:
                    self._searcher = fresh
            self._drop_older_stores()

    def encoder(self, model: str) -> Encoder:
        from index.encoder import SentenceEncoder

        with self._opening:
            if model not in self._encoders:
                self._encoders[model] = SentenceEncoder(model, self._settings.model_path)
            return self._encoders[model]

    def serving_encoder(self) -> Encoder:
        """Of the index as it serves, which may be an older one than the settings ask for."""
        return self.encoder(self._model_of(self._catalog.current_generation()))

    def meaning(self) -> "Meaning":
        """What verification asks of the model that searches; it remembers texts until the index changes."""
        from rag.claim_meaning import EncoderMeaning

        searcher = self._ready_searcher()
        with self._opening:
            if self._meaning is None or self._meaning[0] is not searcher:
                encode = self.serving_encoder().encode_question
                self._meaning = searcher, EncoderMeaning(encode, searcher.snapshot.token_means)
            return self._meaning[1]

    def store_to_write(self, generation: int) -> VectorStore | None:
        """None where it cannot be had: a later start makes it anew from the catalog."""
        return self._store(generation, self.encoder(self._settings.embedding_model).dim)

    def _is_open(self) -> bool:
        # A first searcher that is being made may have seen the catalog as it was before: this waits for it.
        with self._opening:
            return self._searcher is not None

    def _ready_searcher(self) -> "Searcher":
        with self._opening:
            if self._searcher is None:
                self._searcher = self._new_searcher()
            return self._searcher

    def _new_searcher(self) -> "Searcher":
        from index.search import Searcher

        generation = self._catalog.current_generation()
        encoder = self.encoder(self._model_of(generation))
        store = self._store(generation.number, encoder.dim) if generation else None
        return Searcher(self._catalog, encoder, store, self._reranker())

    def _reranker(self) -> "Reranker | None":
        model = self._settings.reranker_model
        if model is None:
            return None
        from index.reranker import CrossEncoderReranker

        with self._opening:
            if model not in self._rerankers:
                self._rerankers[model] = CrossEncoderReranker(model)
            return self._rerankers[model]

    def _model_of(self, generation: Generation | None) -> str:
        return generation.model if generation else self._settings.embedding_model

    def _store(self, generation: int, dim: int) -> VectorStore | None:
        from index.derived import open_store

        with self._opening:
            if generation not in self._stores:
                self._stores[generation] = open_store(self._catalog, self._settings.store_path, generation, dim)
            return self._stores[generation]

    def _drop_older_stores(self) -> None:
        generation = self._catalog.current_generation()
        with self._opening:
            if generation is None or generation.number not in self._stores:
                return  # Not opened yet: what is older goes when a run opens it.
            from index.vectors import ChromaVectors

            store = self._stores[generation.number]
            self._stores = {generation.number: store}
            if isinstance(store, ChromaVectors):
                store.drop_others()
