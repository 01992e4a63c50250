"""A running service as something on an event loop calls it.

In: its address, and the synchronous calls of it. Out: the records that a runtime in this process gives. A turn is read
as it arrives, so that it can be given up at any moment; the short calls wait in threads. Raises UnreachableError where
the service does not answer or breaks off, and otherwise the error that it reported.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Self

import anyio.to_thread
import httpx
import msgspec

from index.records import ArticleDetail, ArticleSummary
from rag.errors import UnreachableError
from rag.feedback_records import Feedback, FeedbackRequest
from rag.owner import ServiceAddress
from rag.records import Conversation, Event, MessageEnd, Question, StreamError
from rag.remote import ANSWER_S, CONNECT_S, Remote
from rag.replies import decode_event, error_of, parse_sse, split_lines

_END = b"\n\n"


class Served:
    """An asynchronous context manager that closes its connections."""

    def __init__(self, address: ServiceAddress) -> None:
        self._address = address
        self._remote = Remote(address)

    async def __aenter__(self) -> Self:
        timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
        # The bot asks for everybody in Slack: without the token they would share what one visitor may ask.
        headers = {"Authorization": f"Bearer {self._address.token}"} if self._address.token else {}
        self._client = httpx.AsyncClient(base_url=self._address.url, headers=headers, timeout=timeout, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        self._remote.close()

    async def events(self, question: Question) -> AsyncIterator[Event]:
        """The turn step by step; ends with exactly one MessageEnd or StreamError."""
        body = msgspec.json.encode(msgspec.structs.replace(question, stream=True))
        headers = {"Content-Type": "application/json"}
        try:
            async with self._client.stream("POST", "/v1/chat", content=body, headers=headers) as response:
                if response.is_error:
                    raise error_of(response.status_code, await response.aread())
                async for event in _events(response.aiter_bytes()):
                    yield event
                    if isinstance(event, MessageEnd | StreamError):
                        return
        except (httpx.HTTPError, msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise UnreachableError(f"The service at {self._address.url} broke off ({type(exc).__name__}).") from exc
        raise UnreachableError(f"The service at {self._address.url} broke off in the middle of an answer.")

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return await anyio.to_thread.run_sync(self._remote.articles)

    async def article(self, article_id: str) -> ArticleDetail:
        return await anyio.to_thread.run_sync(self._remote.article, article_id)

    async def conversation(self, conversation_id: str) -> Conversation:
        return await anyio.to_thread.run_sync(self._remote.conversation, conversation_id)

    async def delete_conversation(self, conversation_id: str) -> None:
        await anyio.to_thread.run_sync(self._remote.delete_conversation, conversation_id)

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        return await anyio.to_thread.run_sync(self._remote.give_feedback, message_id, request)


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    rest = b""
    async for chunk in chunks:
        *blocks, rest = (rest + chunk).split(_END)
        for event in _decoded(blocks):
            yield event


def _decoded(blocks: list[bytes]) -> Iterator[Event]:
    for name, data in parse_sse(split_lines(block + _END for block in blocks)):
        if (event := decode_event(name, data)) is not None:
            yield event
