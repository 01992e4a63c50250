"""Search over a data folder: encoder, derived store and searcher, each imported and opened when first needed.

In: the catalog, settings. Out: hits, and what an ingest writes with. Searches go on while the catalog changes, in the
snapshot from before; ``refresh`` shows them what has changed. Refuses what the encoder refuses (ConfigurationError).
"""

import threading
from typing import TYPE_CHECKING

from index.catalog import Catalog
from index.catalog_records import Generation
from index.records import Encoder, Hit, QuestionVectors, VectorStore
from rag.encoders import encoder_maker, model_identity, open_reranker
from rag.settings import Settings

if TYPE_CHECKING:
    from index.mending import Mender
    from index.reranker import Reranker
    from index.search import Query, Searcher
    from index.vectors import ChromaVectors
    from rag.claim_meaning import Meaning


class Searching:
    """Safe from several threads."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._opening = threading.RLock()
        self._refreshing = threading.Lock()
        self._encoders: dict[str, Encoder] = {}
        self._one_reranker: Reranker | None = None
        self._stores: dict[int, ChromaVectors | None] = {}
        self._mender: Mender | None = None
        self._mends = True
        self._searcher: Searcher | None = None
        self._meaning: tuple[Searcher, Meaning] | None = None

    @property
    def is_degraded(self) -> bool:
        """Whether a derived store could not be opened or failed, so that dense search runs in memory."""
        return any(store is None or not store.is_usable for store in self._stores.values())

    def close(self) -> None:
        """The store is whole and sealed once this returns."""
        self.stop_mending()
        with self._opening:
            stores = [store for store in self._stores.values() if store is not None]
            self._stores = {}
            for store in stores:
                store.close()
            if stores and all(store.is_usable for store in stores):
                from index.seal import seal

                seal(self._settings.store_path)

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
        with self._opening:
            if model not in self._encoders:
                self._encoders[model] = encoder_maker(self._settings, model)()
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
        """None where it cannot be had, or is being mended: what is written meanwhile is added to it then."""
        dim = self.encoder(model_identity(self._settings)).dim
        is_first = generation not in self._stores
        store = self._store(generation, dim)
        if store is None and is_first and self.mend(generation, dim):
            store = self.take_mended(generation, dim)
        return store

    def to_mend(self) -> tuple[int, int] | None:
        """The generation whose store is not usable, and its dimension; None where all is well or nothing is indexed."""
        generation = self._catalog.current_generation()
        if generation is None or not self.is_degraded:
            return None
        return generation.number, self.encoder(generation.model).dim

    def stop_mending(self) -> None:
        """For good; a mending that is under way fails."""
        with self._opening:
            self._mends = False
            if self._mender is not None:
                self._mender.stop()

    def mend(self, generation: int, dim: int) -> bool:
        """Whether there is a sound store now, closed. Takes as long as filling one takes, in a child process."""
        from index.mending import Mender, Order

        folder = self._settings.store_path
        with self._opening:
            if not self._mends:
                return False
            self._mender = self._mender or Mender()
            for store in self._stores.values():
                if store is not None:
                    store.close()
            self._stores = dict.fromkeys(self._stores, None)
        order = Order(catalog_url=self._settings.catalog_url, folder=str(folder), generation=generation, dim=dim)
        return self._mender.mend(order)

    def take_mended(self, generation: int, dim: int) -> "ChromaVectors | None":
        """Opens what was mended and searches it from now on. Nobody may write to the index meanwhile."""
        with self._opening:
            self._stores.pop(generation, None)
            store = self._store(generation, dim)
            if self._searcher is not None:
                self._searcher = self._searcher.with_store(store)
            return store

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
        with self._opening:
            if self._one_reranker is None:
                self._one_reranker = open_reranker(self._settings)
            return self._one_reranker

    def _model_of(self, generation: Generation | None) -> str:
        return generation.model if generation else model_identity(self._settings)

    def _store(self, generation: int, dim: int) -> "ChromaVectors | None":
        from index.derived import open_store

        with self._opening:
            if generation not in self._stores:
                is_open = any(store is not None for store in self._stores.values())
                self._stores[generation] = open_store(
                    self._catalog, self._settings.store_path, generation, dim, is_open=is_open
                )
            return self._stores[generation]

    def _drop_older_stores(self) -> None:
        generation = self._catalog.current_generation()
        with self._opening:
            if generation is None or generation.number not in self._stores:
                return  # Not opened yet: what is older goes when a run opens it.
            store = self._stores[generation.number]
            for other in self._stores.values():
                if other is not None and other is not store:
                    other.close()
            self._stores = {generation.number: store}
            if store is not None:
                store.drop_others()
