"""The vectors of one generation on a Chroma server that several processes share.

In: the server's address; chunk ids with vectors. Out: ids with cosine, best first. Every call has a deadline and a few
tries. A server that does not answer, or has lost the collection, is not usable from then on, and is not asked again:
queries say so at once, and what would have been written is left for whoever mends it from the catalog.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import httpx
import numpy as np
from chromadb.api.client import Client
from chromadb.api.models.Collection import Collection
from chromadb.auth import UserIdentity
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError, UniqueConstraintError
from numpy.typing import NDArray

from index.errors import StoreGoneError
from index.records import Vectors
from index.server_address import ServerAddress
from index.vectors import CONFIGURATION, NAME, name_of, slices

log = logging.getLogger(__name__)
TOKEN_HEADER = "X-Chroma-Token"
CONNECT_S = 1.0
QUERY_S = 2.0
"""A reader waits no longer; exact search over the catalog takes over."""
WRITE_S = 30.0
TRIES = 3
PAUSE_S = 0.1
"""Before the second try; twice as long before each further one."""
CONNECTIONS = 32
PAGE = 10_000
"""Ids that are read at once."""
T = TypeVar("T")


class ServerVectors:
    """One collection; safe from several threads."""

    def __init__(self, address: ServerAddress, generation: int) -> None:
        """Opens or creates the collection. Raises StoreGoneError where the server does not answer."""
        self.generation = generation
        self.is_usable = True
        """False once the server has failed."""
        self._url = address.url
        self._clients: list[Client] = []
        try:
            asking = self._connected(address, QUERY_S)  # first: nobody waits longer for a server that is silent
            self._asked = self._insisting(lambda: self._opened(asking))
            self._client = self._connected(address, WRITE_S)
            self._collection = self._insisting(lambda: self._opened(self._client))
            self._batch = self._insisting(self._client.get_max_batch_size)
        except Exception:
            self.close()
            raise

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None:
        """Left out where the server fails: the catalog has it, and mending adds it."""
        for some in slices(len(chunk_ids), self._batch):
            self._write(partial(self._collection.upsert, ids=chunk_ids[some], embeddings=vectors[some]))

    def delete(self, chunk_ids: list[str]) -> None:
        """Left out where the server fails: search drops what the catalog does not have."""
        for some in slices(len(chunk_ids), self._batch):
            self._write(partial(self._collection.delete, ids=chunk_ids[some]))

    def query(self, vector: NDArray[np.float32], top_k: int) -> list[tuple[str, float]]:
        found = self._asking(
            lambda: self._asked.query(query_embeddings=vector[None, :], n_results=top_k, include=["distances"])
        )
        distances = found["distances"]
        assert distances is not None
        return [(chunk_id, 1 - distance) for chunk_id, distance in zip(found["ids"][0], distances[0], strict=True)]

    def ids(self) -> set[str]:
        found: set[str] = set()
        for start in range(0, self.count(), PAGE):
            got = self._asking(partial(self._collection.get, include=[], limit=PAGE, offset=start))
            found.update(got["ids"])
        return found

    def count(self) -> int:
        return self._asking(self._collection.count)

    def is_there(self) -> bool:
        """Whether the server answers within a reader's patience, and has the collection."""
        try:
            self._asking(self._asked.count)
        except StoreGoneError:
            return False
        return True

    def drop_older(self) -> None:
        """Delete the collections of earlier generations; a later one may be in the making elsewhere."""
        for collection in self._asking(self._client.list_collections):
            number = collection.name.removeprefix(NAME)
            if collection.name.startswith(NAME) and number.isdecimal() and int(number) < self.generation:
                self._write(partial(self._drop, collection.name))

    def _drop(self, name: str) -> None:
        with suppress(NotFoundError):  # Another process was faster.
            self._client.delete_collection(name)

    def close(self) -> None:
        self.is_usable = False
        for client in self._clients:
            client.close()
        self._clients.clear()

    def _connected(self, address: ServerAddress, timeout_s: float) -> "PatientClient":
        client = self._insisting(lambda: PatientClient(address, timeout_s))
        self._clients.append(client)
        return client

    def _opened(self, client: Client) -> Collection:
        name = name_of(self.generation)
        return client.get_or_create_collection(name, embedding_function=None, configuration=CONFIGURATION)

    def _write(self, work: Callable[[], object]) -> None:
        if not self.is_usable:
            return
        try:
            self._asking(work)
        except StoreGoneError as exc:
            log.warning("the vector store is behind the catalog until it is mended: %s", exc)

    def _asking(self, work: Callable[[], T]) -> T:
        if not self.is_usable:
            raise StoreGoneError(f"The Chroma server at {self._url} has failed before.")
        try:
            return self._insisting(work)
        except StoreGoneError:
            self.is_usable = False
            raise

    def _insisting(self, work: Callable[[], T]) -> T:
        """All that is asked of the server may be asked again."""
        for pause_s in _pauses():
            try:
                return work()
            except Exception as exc:  # The client raises its own errors, those of its HTTP library, and bare ones.
                if pause_s is None or not _may_pass(exc):
                    raise StoreGoneError(f"The Chroma server at {self._url} fails ({_told(exc)}).") from exc
                time.sleep(pause_s)
        raise AssertionError("the last try returns or raises")


class PatientClient(Client):
    """Chroma's own client, which has no deadlines, with deadlines from its first request on."""

    def __init__(self, address: ServerAddress, timeout_s: float) -> None:
        self._timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        settings = Settings(
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=address.host,
            chroma_server_http_port=address.port,
            chroma_server_ssl_enabled=address.is_encrypted,
            chroma_server_headers={TOKEN_HEADER: address.token} if address.token else None,
            chroma_http_max_connections=CONNECTIONS,
        )
        super().__init__(tenant=address.tenant, database=address.database, settings=settings)

    def get_user_identity(self) -> UserIdentity:
        """The first request of all."""
        session: Any = self._server
        session._session.timeout = self._timeout
        return self._server.get_user_identity()

    def _validate_tenant_database(self, tenant: str, database: str) -> None:
        """Makes the database where there is none yet."""
        try:
            self._server.get_database(database, tenant)
        except NotFoundError:
            with suppress(UniqueConstraintError):  # Another process was faster.
                self._server.create_database(database, tenant)


def _pauses() -> Iterator[float | None]:
    """Before each further try; None with the last one."""
    for number in range(TRIES - 1):
        yield PAUSE_S * 2**number
    yield None


def _may_pass(exc: Exception) -> bool:
    """Whether the same may succeed shortly. Who has waited until the deadline does not wait twice."""
    if isinstance(exc, NotFoundError | httpx.TimeoutException):
        return False
    return not isinstance(exc, ChromaError) or exc.code() >= 500


def _told(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"[:200]
