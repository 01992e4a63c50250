"""The Chroma store in a folder: nearest chunks by cosine.

In: chunk ids with vectors. Out: ids with cosine, best first. Holds ids and vectors alone, no text, and can always be
rebuilt from the catalog. A damaged store can kill the process that opens it, so ``probe`` opens it in a child first.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from index.errors import StorageError, StoreGoneError
from index.records import Vectors

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection

EXACT_CHUNKS = 30_000
"""Up to so many chunks the nearest are found in memory: faster than by this store, and all of them."""
EF_SEARCH = 400
"""Width of the graph search; at least the number of neighbours asked for."""
PROBE_TIMEOUT_S = 60
NAME = "chunks-"
"""Of collections, before the number of their generation."""
CONFIGURATION: "CreateCollectionConfiguration" = {
    "hnsw": {"space": "cosine", "ef_search": EF_SEARCH, "ef_construction": 200, "max_neighbors": 32}
}


class ChromaVectors:
    """One collection in one folder of the process that owns the data folder."""

    def __init__(self, folder: Path, generation: int) -> None:
        """Open or create the collection of this generation; collections of other generations are left alone."""
        import chromadb
        from chromadb.config import Settings

        folder.mkdir(parents=True, exist_ok=True)
        self.is_usable = True
        """False once a query has failed."""
        settings = Settings(anonymized_telemetry=False)
        self._client = cast("Client", chromadb.PersistentClient(str(folder), settings=settings))
        self._batch = self._client.get_max_batch_size()
        self._collection: Collection = self._client.get_or_create_collection(
            name_of(generation), embedding_function=None, configuration=CONFIGURATION
        )

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None:
        with _writing():
            for some in slices(len(chunk_ids), self._batch):
                self._collection.upsert(ids=chunk_ids[some], embeddings=vectors[some])

    def delete(self, chunk_ids: list[str]) -> None:
        with _writing():
            for some in slices(len(chunk_ids), self._batch):
                self._collection.delete(ids=chunk_ids[some])

    def query(self, vector: NDArray[np.float32], top_k: int) -> list[tuple[str, float]]:
        from chromadb.errors import NotFoundError

        try:
            found = self._collection.query(query_embeddings=vector[None, :], n_results=top_k, include=["distances"])
        except NotFoundError as exc:
            raise StoreGoneError("The collection was dropped; a newer generation serves.") from exc
        except Exception as exc:  # Errors of SQLite and of its Rust core have no base of their own.
            self.is_usable = False
            raise StoreGoneError(f"The store cannot be searched ({type(exc).__name__}).") from exc
        distances = found["distances"]
        assert distances is not None
        return [(chunk_id, 1 - distance) for chunk_id, distance in zip(found["ids"][0], distances[0], strict=True)]

    def ids(self) -> set[str]:
        return set(self._collection.get(include=[])["ids"])

    def close(self) -> None:
        """Its files are whole once this returns; the process has none of them open any more."""
        self._client.close()

    def drop_others(self) -> None:
        """Delete the collections of other generations."""
        for collection in self._client.list_collections():
            if collection.name != self._collection.name:
                self._client.delete_collection(collection.name)


@contextmanager
def _writing() -> Iterator[None]:
    """Its errors, and those of SQLite below it, have no base of their own."""
    try:
        yield
    except Exception as exc:
        raise StorageError(
            f"The vector store cannot be written to ({type(exc).__name__}: {exc}). "
            "Check the disk of KILDE_DATA_DIR, then try again."
        ) from exc


def probe(folder: Path, generation: int) -> bool:
    """Whether the store opens, counts and answers a query, tried in a child process; True for a store not made yet."""
    if not folder.exists():
        return True
    try:
        done = subprocess.run(
            [sys.executable, "-m", "index.vectors", str(folder), str(generation)],
            timeout=PROBE_TIMEOUT_S,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def name_of(generation: int) -> str:
    return f"{NAME}{generation}"


def slices(count: int, size: int) -> Iterator[slice]:
    for start in range(0, count, size):
        yield slice(start, start + size)


def _probe_here(folder: str, generation: str) -> None:
    store = ChromaVectors(Path(folder), int(generation))
    peeked = store._collection.get(limit=1, include=["embeddings"])
    embeddings = peeked["embeddings"]
    if embeddings is not None and len(embeddings):
        store.query(np.asarray(embeddings[0], np.float32), 1)


if __name__ == "__main__":
    _probe_here(*sys.argv[1:])
