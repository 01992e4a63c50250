"""The derived store and the catalog kept in step: opened where it can be trusted, repaired from the catalog, audited.

In: the catalog and the folder of the store. Out: a store that holds exactly the catalog's current chunks, or None where
it was damaged or not closed, or cannot be had: dense search is exact then, in memory, until the store is mended. Embeds
nothing.
"""

import logging
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog
from index.catalog_records import unpack_vectors
from index.errors import KildeError
from index.records import Vectors, VectorStore
from index.seal import break_seal, is_sealed, seal
from index.vectors import EXACT_CHUNKS, ChromaVectors, probe

log = logging.getLogger(__name__)
AUDITED_NEIGHBOURS = 10
AUDITED_CHUNKS = 20_000
"""At most so many chunks are looked up one by one; an even sample of more."""
ADDED_AT_ONCE = 5_000
MIN_RECALL = 0.98
MOST_UNREACHED = 1 - MIN_RECALL
"""Share of the chunks looked up that a graph search may not reach by their own vectors, where it is what searches. Of a
million on a Chroma server it was 0.8 %, with a recall@10 of 0.992."""
MOST_ADDED = 5_000
"""Chunks that the store may lack when it is opened; more are for whoever has the time."""


def open_store(
    catalog: Catalog, folder: Path, generation: int, dim: int, *, is_open: bool = False
) -> ChromaVectors | None:
    """The store of a generation, in step with the catalog. ``is_open``: this process has opened it before."""
    wanted = catalog.chunk_ids(generation)
    if not (is_open or is_sealed(folder) or (not folder.exists() and not wanted)):
        log.warning("the derived vector store is missing, damaged or was not closed; dense search is exact, in memory")
        return None
    try:
        if not is_open:
            break_seal(folder)
        store = ChromaVectors(folder, generation)
        if len(wanted - store.ids()) > MOST_ADDED and not is_open:
            store.close()
            return None
        reconcile(catalog, store, generation, dim)
    except Exception:
        # Chroma raises its own errors, those of SQLite and panics of its Rust core; search goes on without it.
        log.exception("the derived vector store cannot be used; dense search is exact, in memory")
        return None
    return store


def filled_store(catalog: Catalog, folder: Path, generation: int, dim: int) -> ChromaVectors:
    """The store of a generation, however much it takes; raises whatever Chroma raises."""
    store = ChromaVectors(folder, generation)
    reconcile(catalog, store, generation, dim)
    return store


def reconcile(catalog: Catalog, store: VectorStore, generation: int, dim: int) -> tuple[int, int]:
    """Add what the store lacks and delete what it should not have; returns how many of each."""
    wanted, present = catalog.chunk_ids(generation), store.ids()
    missing, stale = sorted(wanted - present), sorted(present - wanted)
    added = _add(catalog, store, generation, dim, missing)
    if stale:
        store.delete(stale)
    return added, len(stale)


def add_missing(catalog: Catalog, store: VectorStore, generation: int, dim: int, *, most: int | None = None) -> bool:
    """Add what the store lacks, and leave alone what others may just be writing; False where it lacks more than
    ``most``, and nothing was added."""
    wanted = catalog.chunk_ids(generation)  # first: what is visible there is in the store already
    missing = sorted(wanted - store.ids())
    if most is not None and len(missing) > most:
        return False
    _add(catalog, store, generation, dim, missing)
    return True


def _add(catalog: Catalog, store: VectorStore, generation: int, dim: int, missing: list[str]) -> int:
    """Those that have a vector; how many."""
    added = 0
    for start in range(0, len(missing), ADDED_AT_ONCE):
        vectors = catalog.chunk_vectors(generation, missing[start : start + ADDED_AT_ONCE])
        if vectors:
            store.upsert(list(vectors), unpack_vectors(list(vectors.values()), dim))
        added += len(vectors)
    return added


class StoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the derived store differs from the catalog; sound when nothing is missing and nearly all is found."""

    chunks: int
    missing: int
    stale: int
    looked_up: int
    lost: int
    """Chunks of those looked up that the store does not find by their own vectors."""
    bare: int
    """Chunks of those looked up that have no vector in the catalog."""
    recall: float
    """recall@10 against exact search, on a sample."""

    @property
    def is_sound(self) -> bool:
        most_lost = MOST_UNREACHED * self.looked_up if self.chunks > EXACT_CHUNKS else 0
        return not self.missing and not self.bare and self.lost <= most_lost and self.recall >= MIN_RECALL


def inspect_store(catalog: Catalog, folder: Path) -> StoreReport | None:
    """Compare the whole store with the catalog, changing nothing; None when it does not open or nothing is indexed."""
    generation = catalog.current_generation()
    if generation is None or not folder.exists():
        return None
    was_sealed = is_sealed(folder)
    if not probe(folder, generation.number):
        return None
    store = ChromaVectors(folder, generation.number)
    try:
        return report(catalog, store, generation.number)
    finally:
        store.close()
        if was_sealed:
            seal(folder)  # Chroma writes to its files whenever it opens them.


def report(catalog: Catalog, store: VectorStore, generation: int, *, audited: int = AUDITED_CHUNKS) -> StoreReport:
    """Compare a store that is open with the catalog's chunks of its generation; at most ``audited``, or twice as many,
    are looked up one by one."""
    wanted, present = catalog.chunk_ids(generation), store.ids()
    both = sorted(wanted & present)
    both = both[:: max(1, len(both) // audited)]
    packed = catalog.chunk_vectors(generation, both)
    dim = len(next(iter(packed.values()), b"")) // 2
    lost, recall = audit(store, list(packed), unpack_vectors(list(packed.values()), dim))
    return StoreReport(
        chunks=len(wanted),
        missing=len(wanted - present),
        stale=len(present - wanted),
        looked_up=len(both),
        lost=lost,
        bare=len(both) - len(packed),
        recall=recall,
    )


def current_chunks(catalog: Catalog) -> tuple[int, list[str]]:
    """The number of the current generation, and its chunks in order. Raises KildeError where there are none."""
    generation = catalog.current_generation()
    chunk_ids = sorted(catalog.chunk_ids(generation.number)) if generation else []
    if generation is None or not chunk_ids:
        raise KildeError("Nothing has been ingested yet: run `kilde ingest PATH` first.")
    return generation.number, chunk_ids


def refill(catalog: Catalog, store: VectorStore, generation: int, dim: int) -> None:
    """Empty the store and fill it from the catalog."""
    store.delete(sorted(store.ids()))
    reconcile(catalog, store, generation, dim)


def audit(store: VectorStore, chunk_ids: list[str], vectors: Vectors, sample: int = 200) -> tuple[int, float]:
    """How many chunks do not find themselves, and recall@10 against exact search on an even sample of them."""
    lost = sum(not _finds_itself(store, chunk_id, vectors[row]) for row, chunk_id in enumerate(chunk_ids))
    rows = range(0, len(chunk_ids), max(1, len(chunk_ids) // sample))
    recalls = [_recall(store, chunk_ids, vectors, row) for row in rows]
    return lost, float(np.mean(recalls)) if recalls else 1.0


def _finds_itself(store: VectorStore, chunk_id: str, vector: NDArray[np.float32]) -> bool:
    found = store.query(vector, 1)
    # Equal texts have equal vectors, so another id at cosine 1 is as good.
    return bool(found) and (found[0][0] == chunk_id or found[0][1] > 0.9999)


def _recall(store: VectorStore, chunk_ids: list[str], vectors: Vectors, row: int) -> float:
    """What it finds of those given that are no farther than the farthest it finds, which may be one of others."""
    found = dict(store.query(vectors[row], min(AUDITED_NEIGHBOURS, len(chunk_ids))))
    if not found:
        return 0.0
    exact = dict(zip(chunk_ids, (vectors @ vectors[row]).tolist(), strict=True))
    farthest = min(exact.get(chunk_id, cosine) for chunk_id, cosine in found.items())
    missed = sum(cosine > farthest + 1e-4 and chunk_id not in found for chunk_id, cosine in exact.items())
    known = sum(chunk_id in found for chunk_id in exact)
    return known / (known + missed) if known + missed else 1.0
