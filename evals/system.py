"""What is evaluated: a service in this process, or one at a URL.

In: a runtime, or an address. Out: a ``System`` to ask, and a description of it. ``rag.api.backend.Backend`` is a
``System`` as it is. Raises the errors of ``rag/errors.py`` only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import anyio.to_thread

from index.records import ArticleDetail, ArticleSummary, Stats
from rag.owner import ServiceAddress
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.remote import Remote


class System(Protocol):
    """Calls that an evaluation needs; any number at a time."""

    async def answer(self, question: Question) -> Answer: ...

    async def search(self, request: SearchRequest) -> SearchResponse: ...

    async def articles(self) -> tuple[ArticleSummary, ...]: ...

    async def article(self, article_id: str) -> ArticleDetail: ...

    async def delete_conversation(self, conversation_id: str) -> None: ...


class Described(System, Protocol):
    """A system that says what it runs on."""

    async def stats(self) -> Stats: ...


class Served:
    """A service at a URL; each call waits in a thread of its own."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def answer(self, question: Question) -> Answer:
        return await anyio.to_thread.run_sync(self._remote.answer, question)

    async def search(self, request: SearchRequest) -> SearchResponse:
        return await anyio.to_thread.run_sync(self._remote.search, request)

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return await anyio.to_thread.run_sync(self._remote.articles)

    async def article(self, article_id: str) -> ArticleDetail:
        return await anyio.to_thread.run_sync(self._remote.article, article_id)

    async def delete_conversation(self, conversation_id: str) -> None:
        await anyio.to_thread.run_sync(self._remote.delete_conversation, conversation_id)

    async def stats(self) -> Stats:
        return await anyio.to_thread.run_sync(self._remote.stats)


@contextmanager
def open_served(url: str, admin_key: str | None) -> Iterator[Served]:
    """The service at ``url``; the admin key, where there is one, opens its description."""
    with Remote(ServiceAddress(url=url.rstrip("/"), token=admin_key or "")) as remote:
        yield Served(remote)
