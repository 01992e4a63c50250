"""The derived stores of all generations on a Chroma server, which several processes read and write.

In: the catalog, and the server's address. Out: the store of a generation, or None while the server does not answer or
lacks much, until it is mended from the catalog. Embeds nothing. Whoever mends only adds, since what is not in the
catalog yet may be what another process is writing; a chunk is deleted once two looks in a row have found it stale.
Safe from several threads.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from index.catalog import Catalog
from index.derived import MOST_ADDED, StoreReport, add_missing, current_chunks, refill, report
from index.errors import KildeError, StoreGoneError
from index.server_address import ServerAddress

if TYPE_CHECKING:
    from index.server_vectors import ServerVectors

log = logging.getLogger(__name__)
AUDITED_CHUNKS = 500
"""An even sample of so many is looked up after mending: each one is asked of the server by itself."""


class ServerStores:
    """One per process."""

    mending_pause_s = 0.0
    """To find out that a server is still down takes a second."""

    def __init__(self, catalog: Catalog, address: ServerAddress) -> None:
        self._catalog = catalog
        self.address = address
        self._opening = threading.RLock()
        self._mends = True
        self._stale: frozenset[str] = frozenset()
        self._filling: set[ServerVectors] = set()
        self.opened: dict[int, ServerVectors | None] = {}

    @property
    def is_degraded(self) -> bool:
        return any(store is None or not store.is_usable for store in self.opened.values())

    def look(self) -> None:
        """Asks the server whether the collections in use are still there."""
        for store in list(self.opened.values()):
            if store is not None and store.is_usable:
                store.is_there()

    def tend(self, generation: int, dim: int) -> None:
        """Holds the server against the catalog, whose current generation it is; meant for every minute."""
        store = self.opened.get(generation)
        if store is None or not store.is_usable:
            return
        try:
            self._tend(store, generation, dim)
        except StoreGoneError as exc:
            log.warning("the vector store cannot be compared with the catalog: %s", exc)

    def catch_up(self, generation: int, dim: int) -> None:
        """Whoever wrote to the catalog wrote to the server first."""

    def close(self) -> None:
        self.stop_mending()
        with self._opening:
            for store in self.opened.values():
                if store is not None:
                    store.close()
            self.opened = {}

    def store(self, generation: int, dim: int) -> "ServerVectors | None":
        with self._opening:
            if generation not in self.opened:
                self.opened[generation] = self._open(generation, dim, most=MOST_ADDED)
            return self.opened[generation]

    def store_to_write(self, generation: int, dim: int) -> "ServerVectors | None":
        return self.store(generation, dim)

    def mend(self, generation: int, dim: int) -> bool:
        """Takes as long as adding what is missing takes, here: a server cannot harm the process that asks it."""
        store = self._open(generation, dim, most=None) if self._mends else None
        if store is None:
            return False
        try:
            found = report(self._catalog, store, generation, audited=AUDITED_CHUNKS)
        except StoreGoneError:
            return False
        finally:
            store.close()
        if not found.is_sound:
            log.error("the vector store on the server is not sound after it was filled: %s", found)
        return found.is_sound

    def mended(self, generation: int, dim: int) -> "ServerVectors | None":
        with self._opening:
            before = self.opened.pop(generation, None)
            if before is not None:
                before.close()
            return self.store(generation, dim)

    def stop_mending(self) -> None:
        self._mends = False
        for store in list(self._filling):
            store.close()

    def drop_older(self, generation: int) -> None:
        with self._opening:
            store = self.opened.get(generation)
            for number, other in list(self.opened.items()):
                if number != generation and other is not None:
                    other.close()
            self.opened = {generation: store} if generation in self.opened else {}
        if store is not None and store.is_usable:
            try:
                store.drop_older()
            except StoreGoneError as exc:
                log.warning("stores of earlier generations stay on the server: %s", exc)

    def _open(self, generation: int, dim: int, *, most: int | None) -> "ServerVectors | None":
        """``most``: chunks that it may lack and still be waited for."""
        from index.server_vectors import ServerVectors

        try:
            store = ServerVectors(self.address, generation)
            self._filling.add(store)
            try:
                if add_missing(self._catalog, store, generation, dim, most=most) and store.is_usable:
                    return store
            finally:
                self._filling.discard(store)
            store.close()
        except StoreGoneError as exc:
            log.warning("dense search is exact, in memory: %s", exc)
        return None

    def _tend(self, store: "ServerVectors", generation: int, dim: int) -> None:
        if store.count() == self._catalog.stats().chunks:
            self._stale = frozenset()
            return
        stale = frozenset(store.ids() - self._catalog.chunk_ids(generation))
        store.delete(sorted(stale & self._stale))
        self._stale = stale - self._stale
        add_missing(self._catalog, store, generation, dim)


def fill_server_anew(catalog: Catalog, address: ServerAddress) -> int:
    """The store of the current generation, from the catalog alone; how many chunks it holds. Others may go on using it.

    Raises KildeError where nothing is indexed, or the server does not take it.
    """
    generation, chunk_ids = current_chunks(catalog)
    (vector,) = catalog.chunk_vectors(generation, chunk_ids[:1]).values()
    found = _with_store(address, generation, lambda store: _refilled(catalog, store, generation, len(vector) // 2))
    if not found.is_sound:
        raise KildeError(f"The Chroma server does not find what it was given: {found}.")
    return found.chunks


def inspect_server(catalog: Catalog, address: ServerAddress) -> StoreReport | None:
    """Compare what the server holds with the catalog; None when nothing is indexed. Raises StoreGoneError."""
    generation = catalog.current_generation()
    if generation is None:
        return None
    number = generation.number
    return _with_store(address, number, lambda store: report(catalog, store, number, audited=AUDITED_CHUNKS))


def _with_store(address: ServerAddress, generation: int, work: Callable[["ServerVectors"], StoreReport]) -> StoreReport:
    from index.server_vectors import ServerVectors

    with closing(ServerVectors(address, generation)) as store:
        return work(store)


def _refilled(catalog: Catalog, store: "ServerVectors", generation: int, dim: int) -> StoreReport:
    refill(catalog, store, generation, dim)
    return report(catalog, store, generation, audited=AUDITED_CHUNKS)
