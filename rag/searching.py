"""Search over a data folder: encoder, derived store and searcher, each imported and opened when first needed.

In: the catalog, settings. Out: hits, and what an ingest writes with. Searches go on while the catalog changes, in the
snapshot from before; ``refresh`` shows them what has changed. Refuses what the encoder refuses (ConfigurationError).
"""

import threading
from typing import TYPE_CHECKING, Protocol

from index.catalog import Catalog
from index.catalog_records import Generation
from index.folder_stores import FolderStores
from index.records import Encoder, Hit, QuestionVectors, VectorStore
from rag.encoders import encoder_maker, model_identity, open_reranker
from rag.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.reranker import Reranker
    from index.search import Query, Searcher
    from rag.claim_meaning import Meaning


class Stores(Protocol):
    """The derived stores of all generations; a generation is given with the dimension of its vectors."""

    mending_pause_s: float
    """After a store could not be mended, before it is tried again."""

    @property
    def is_degraded(self) -> bool: ...

    def store(self, generation: int, dim: int) -> VectorStore | None:
        """None where it cannot be had, or needs mending."""
        ...

    def store_to_write(self, generation: int, dim: int) -> VectorStore | None:
        """The same for an ingest, which can wait."""
        ...

    def mend(self, generation: int, dim: int) -> bool:
        """Whether it is sound now; nobody uses it meanwhile."""
        ...

    def mended(self, generation: int, dim: int) -> VectorStore | None:
        """Opened anew."""
        ...

    def stop_mending(self) -> None: ...

    def look(self) -> None: ...

    def tend(self, generation: int, dim: int) -> None: ...

    def catch_up(self, generation: int, dim: int) -> None: ...

    def drop_older(self, generation: int) -> None:
        """What was made for generations before this one."""
        ...

    def close(self) -> None: ...


class Searching:
    """Safe from several threads."""

    def __init__(self, catalog: Catalog, settings: Settings) -> None:
        self._catalog = catalog
        self._settings = settings
        self._opening = threading.RLock()
        self._refreshing = threading.Lock()
        self._encoders: dict[str, Encoder] = {}
        self._one_reranker: Reranker | None = None
        self.stores = _stores(catalog, settings)
        self._searcher: Searcher | None = None
        self._meaning: tuple[Searcher, Meaning] | None = None
        self._revision: str | None = None
        self._generation: int | None = None
        """Of what is searched."""

    @property
    def is_degraded(self) -> bool:
        """Whether a derived store could not be opened or failed, so that dense search runs in memory."""
        return self.stores.is_degraded

    @property
    def reranks(self) -> bool:
        """Whether a reranker is set, which orders the first hits by itself."""
        return self._settings.reranker_url is not None or self._settings.reranker_model is not None

    def close(self) -> None:
        """A store in a folder is whole and sealed once this returns."""
        self.stores.close()

    def search(self, query: "Query", question: QuestionVectors | None = None) -> tuple[Hit, ...]:
        return self._ready_searcher().search(query, question)

    def langs(self) -> tuple[str, ...]:
        """Of the articles, sorted."""
        return self._ready_searcher().snapshot.langs

    def contents_sha256(self) -> str:
        """Of what is searched: another one for other articles, and for another way to read or embed them."""
        return self._ready_searcher().snapshot.contents_sha256

    def refresh(self) -> None:
        """Search the catalog as it is now, and drop the stores of older generations.

        Nothing to search anew while no search was made, or nothing has changed since. Until the new snapshot is there,
        searches use the old one; one is made at a time, so that the newest stays.
        """
        with self._refreshing:
            if self.is_behind():
                fresh = self._new_searcher()
                with self._opening:
                    self._searcher = fresh
            generation = self._catalog.current_generation()
            if generation is not None:
                self.stores.drop_older(generation.number)

    def is_behind(self) -> bool:
        """Whether the catalog has changed since what is searched was read; False while no search was made."""
        # A first searcher that is being made may have seen the catalog as it was before: this waits for it.
        with self._opening:
            searched, revision = self._searcher is not None, self._revision
        return searched and self._catalog.revision() != revision

    def catch_up(self) -> None:
        """Bring the derived store in step with what another process has written; where that takes long it is left to
        be mended. Nobody may write to the index here meanwhile."""
        if (current := self._current()) is not None:
            self.stores.catch_up(*current)

    def encoder(self, model: str) -> Encoder:
        with self._opening:
            if model not in self._encoders:
                self._encoders[model] = encoder_maker(self._settings, model)()
            return self._encoders[model]

    def serving_encoder(self) -> Encoder:
        """Of the index as it serves, which may be an older one than the settings ask for."""
        return self.encoder(self._model_of(self._catalog.current_generation()))

    def surprises(self, words: list[str]) -> list[float]:
        """As ``Encoder.surprises``, of the encoder that searches."""
        return self._ready_searcher().encoder.surprises(words)

    def read_pairs(self, question: str, texts: list[str]) -> "NDArray[np.float32] | None":
        """As ``Encoder.read_pairs``, of the encoder that searches."""
        return self._ready_searcher().encoder.read_pairs(question, texts)

    def read_across(self, question: str, texts: list[str]) -> "NDArray[np.float32] | None":
        """As ``Encoder.read_across``, of the encoder that searches."""
        return self._ready_searcher().encoder.read_across(question, texts)

    def meaning(self) -> "Meaning":
        """What verification asks of the model that searches; it remembers texts until the index changes."""
        from rag.claim_meaning import EncoderMeaning

        searcher = self._ready_searcher()
        with self._opening:
            if self._meaning is None or self._meaning[0] is not searcher:
                encode = searcher.encoder.encode_question
                self._meaning = searcher, EncoderMeaning(encode, searcher.snapshot.token_means)
            return self._meaning[1]

    def store_to_write(self, generation: int) -> VectorStore | None:
        """None where it cannot be had, or is being mended: what is written meanwhile is added to it then."""
        return self.stores.store_to_write(generation, self.encoder(model_identity(self._settings)).dim)

    def to_mend(self) -> tuple[int, int] | None:
        """The generation whose store is not usable, and its dimension; None where all is well or nothing is indexed."""
        return self._current() if self.is_degraded else None

    def stop_mending(self) -> None:
        """For good; a mending that is under way fails."""
        self.stores.stop_mending()

    def mend(self, generation: int, dim: int) -> bool:
        """Whether there is a sound store now. Takes as long as filling one takes."""
        return self.stores.mend(generation, dim)

    def take_mended(self, generation: int, dim: int) -> VectorStore | None:
        """Opens what was mended and searches it from now on. Nobody here may write to the index meanwhile."""
        with self._opening:
            store = self.stores.mended(generation, dim)
            if self._searcher is not None and self._generation == generation:
                self._searcher = self._searcher.with_store(store)
            return store

    def look(self) -> None:
        """Finds out, where that is a matter of asking, whether a store that is in use is still there."""
        self.stores.look()

    def tend(self) -> None:
        """Holds a store that others write to as well against the catalog."""
        if (current := self._current()) is not None and not self.is_degraded:
            self.stores.tend(*current)

    def _current(self) -> tuple[int, int] | None:
        generation = self._catalog.current_generation()
        return None if generation is None else (generation.number, self.encoder(generation.model).dim)

    def _ready_searcher(self) -> "Searcher":
        with self._opening:
            if self._searcher is None:
                self._searcher = self._new_searcher()
            return self._searcher

    def _new_searcher(self) -> "Searcher":
        from index.search import Searcher

        while True:
            # The revision first: what is written while the rest is read makes it look too old, never too new.
            revision, generation = self._catalog.revision(), self._catalog.current_generation()
            encoder = self.encoder(self._model_of(generation))
            store = self.stores.store(generation.number, encoder.dim) if generation else None
            searcher = Searcher(self._catalog, encoder, store, self._reranker())
            if self._catalog.current_generation() == generation:
                self._revision = revision
                self._generation = generation.number if generation else None
                return searcher

    def _reranker(self) -> "Reranker | None":
        with self._opening:
            if self._one_reranker is None:
                self._one_reranker = open_reranker(self._settings)
            return self._one_reranker

    def _model_of(self, generation: Generation | None) -> str:
        return generation.model if generation else model_identity(self._settings)


def _stores(catalog: Catalog, settings: Settings) -> Stores:
    address = settings.chroma_server
    if address is None:
        return FolderStores(catalog, settings.catalog_url, settings.store_path)
    from index.server_stores import ServerStores

    return ServerStores(catalog, address)
