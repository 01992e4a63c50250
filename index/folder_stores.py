"""The derived stores of all generations in one folder of the process that owns it.

In: the catalog, and where it and the folder lie. Out: the store of a generation, or None where it was damaged, was not
closed, or cannot be had, until it is mended from the catalog. Safe from several threads.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from index.catalog import Catalog

MENDING_PAUSE_S = 600.0

if TYPE_CHECKING:
    from index.mending import Mender
    from index.vectors import ChromaVectors


class FolderStores:
    """One per process; nobody else may open the folder."""

    mending_pause_s = MENDING_PAUSE_S
    """It may take long, and fail for want of room."""

    def __init__(self, catalog: Catalog, catalog_url: str, folder: Path) -> None:
        self._catalog = catalog
        self._catalog_url = catalog_url
        self._folder = folder
        self._opening = threading.RLock()
        self._mender: Mender | None = None
        self._mends = True
        self.opened: dict[int, ChromaVectors | None] = {}

    @property
    def is_degraded(self) -> bool:
        return any(store is None or not store.is_usable for store in self.opened.values())

    def look(self) -> None:
        """A search notices what is wrong with a folder."""

    def tend(self, generation: int, dim: int) -> None:
        """Nobody else writes to it."""

    def catch_up(self, generation: int, dim: int) -> None:
        """With what another process, which has a folder of its own, has written to the catalog. Nobody here may write
        meanwhile. A generation that is not open yet is left to be mended."""
        with self._opening:
            store = self.opened.get(generation)
            if self.opened and generation not in self.opened:
                for other in self.opened.values():
                    if other is not None:
                        other.close()
                self.opened = {generation: None}
        if store is not None:
            from index.derived import reconcile

            reconcile(self._catalog, store, generation, dim)

    def close(self) -> None:
        """The store is whole and sealed once this returns."""
        self.stop_mending()
        with self._opening:
            stores = [store for store in self.opened.values() if store is not None]
            self.opened = {}
            for store in stores:
                store.close()
            if stores and all(store.is_usable for store in stores):
                from index.seal import seal

                seal(self._folder)

    def store(self, generation: int, dim: int) -> "ChromaVectors | None":
        from index.derived import open_store

        with self._opening:
            if generation not in self.opened:
                is_open = any(store is not None for store in self.opened.values())
                self.opened[generation] = open_store(self._catalog, self._folder, generation, dim, is_open=is_open)
            return self.opened[generation]

    def store_to_write(self, generation: int, dim: int) -> "ChromaVectors | None":
        is_first = generation not in self.opened
        store = self.store(generation, dim)
        if store is None and is_first and self.mend(generation, dim):
            store = self.mended(generation, dim)
        return store

    def mend(self, generation: int, dim: int) -> bool:
        """Takes as long as filling a store takes, in a child process; it is closed afterwards."""
        from index.mending import Mender, Order

        with self._opening:
            if not self._mends:
                return False
            self._mender = self._mender or Mender()
            for store in self.opened.values():
                if store is not None:
                    store.close()
            self.opened = dict.fromkeys(self.opened, None)
        order = Order(catalog_url=self._catalog_url, folder=str(self._folder), generation=generation, dim=dim)
        return self._mender.mend(order)

    def mended(self, generation: int, dim: int) -> "ChromaVectors | None":
        with self._opening:
            self.opened.pop(generation, None)
            return self.store(generation, dim)

    def stop_mending(self) -> None:
        with self._opening:
            self._mends = False
            if self._mender is not None:
                self._mender.stop()

    def drop_older(self, generation: int) -> None:
        with self._opening:
            if generation not in self.opened:
                return  # Not opened yet: what is older goes when a run opens it.
            store = self.opened[generation]
            for other in self.opened.values():
                if other is not None and other is not store:
                    other.close()
            self.opened = {generation: store}
            if store is not None:
                store.drop_others()
