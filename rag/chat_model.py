"""The one client of an LLM: an OpenAI-compatible endpoint, asked for streamed text.

In: messages. Out: pieces of text as they come, then how the text ended, with the token counts where the endpoint gives
them. Every way in which an endpoint can fail (refused, TLS, status, silence, a torn or malformed stream) is one
LlmError that says what is wrong. It tries once more where the same request may succeed, before the first piece only;
waits no longer than ``Deadlines`` allow; asks no more at once than the endpoint bears; leaves it alone after failures
in a row. Whoever stops reading closes the connection, and with it the endpoint's work.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import anyio
import httpx2
import msgspec
import openai

from rag.breaker import Breaker
from rag.chat_events import ChatEvents, Ended
from rag.chat_failures import FAILURES, RefusedError, broken, failure, not_opened
from rag.errors import ConfigurationError, LlmError
from rag.patience import Clock, Deadlines, Patience
from rag.prompt import Message
from rag.settings import Settings

MOST_TOKENS = 1024
"""Of one answer; a few sentences take a tenth."""
LONGEST_PAUSE_S, LONGEST_REST_S = 3.0, 60.0
"""How long a turn waits, and the endpoint is left alone, where it asks for a pause."""
_EVENTS = "text/event-stream"
_OPTIONS = {"temperature": 0, "max_tokens": MOST_TOKENS, "stream_options": {"include_usage": True}}
"""Newer hosted models refuse one or another; none is needed."""


class ChatModel(Protocol):
    """What composing asks of an LLM."""

    @property
    def name(self) -> str: ...

    def stream(
        self, messages: Sequence[Message], patience: Patience | None = None
    ) -> AsyncGenerator[str | Ended, None]:
        """Pieces of text, then how it ended. ``patience``: of the turn, where it asks more than once. Raises LlmError;
        close it (``aclosing``) to stop early."""
        ...


class OpenAIChat:
    """One endpoint and model; any number of requests at a time, on any event loop."""

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key: str | None = None,
        *,
        at_once: int = 256,
        deadlines: Deadlines | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._model = model
        self._where = _without_credentials(base_url)
        self._deadlines = deadlines or Deadlines()
        self._breaker = breaker or Breaker()
        self._places = anyio.Semaphore(at_once)
        self._takes_options = True
        # No connection is kept: one that idles may be gone, or belong to an event loop that is closed.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._client = openai.AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=0,
            timeout=openai.Timeout(None, connect=self._deadlines.connect_s),
            http_client=openai.DefaultAsyncHttpxClient(limits=limits, follow_redirects=False),
        )
        self._completions = self._client.chat.completions.with_streaming_response

    @property
    def name(self) -> str:
        return self._model

    async def stream(
        self, messages: Sequence[Message], patience: Patience | None = None
    ) -> AsyncGenerator[str | Ended, None]:
        clock = Clock(self._deadlines, patience or Patience())
        async with self._place(clock):
            if not self._breaker.may_try():
                raise self._failure("it has failed several times in a row, or asks for a pause, and is left alone")
            async with aclosing(self._watched(messages, clock)) as pieces:
                async for piece in pieces:
                    yield piece

    @asynccontextmanager
    async def _place(self, clock: Clock) -> AsyncIterator[None]:
        try:
            with clock.waiting(self._deadlines.queue_s):
                await self._places.acquire()
        except TimeoutError:
            raise self._failure("all requests that may be made at once are being made") from None
        try:
            yield
        finally:
            self._places.release()

    async def _watched(self, messages: Sequence[Message], clock: Clock) -> AsyncGenerator[str | Ended, None]:
        """Tells the breaker what becomes of it."""
        has_begun = False
        try:
            async with aclosing(self._tries(messages, clock)) as pieces:
                async for piece in pieces:
                    if not has_begun:
                        has_begun = True
                        self._breaker.heard()
                    yield piece
        except LlmError as exc:
            if exc.is_outage:
                self._breaker.failed()
            else:
                self._breaker.heard()
            if exc.retry_after_s:
                self._breaker.rest(min(exc.retry_after_s, LONGEST_REST_S))
            raise
        except BaseException:
            if has_begun:
                self._breaker.succeeded()
            else:
                self._breaker.left()
            raise
        self._breaker.succeeded()

    async def _tries(self, messages: Sequence[Message], clock: Clock) -> AsyncGenerator[str | Ended, None]:
        has_begun, may_retry, with_options = False, True, self._takes_options
        while True:
            try:
                async with aclosing(self._read(messages, clock, with_options=with_options)) as pieces:
                    async for piece in pieces:
                        has_begun, self._takes_options = True, self._takes_options and with_options
                        yield piece
                return
            except RefusedError:
                if has_begun or not with_options:
                    raise
                with_options = False
            except LlmError as exc:
                if has_begun or not (may_retry and exc.may_retry) or exc.retry_after_s > LONGEST_PAUSE_S:
                    raise
                may_retry = False
                await self._pause(exc, clock)

    async def _pause(self, failed: LlmError, clock: Clock) -> None:
        """Raises ``failed`` where there is no time for what it asks for."""
        if failed.retry_after_s >= clock.left_s:
            raise failed
        with clock.waiting():
            await anyio.sleep(failed.retry_after_s)

    async def _read(
        self, messages: Sequence[Message], clock: Clock, *, with_options: bool
    ) -> AsyncGenerator[str | Ended, None]:
        """One request."""
        events = ChatEvents()
        async with AsyncExitStack() as stack:
            response = await self._opened(messages, stack, clock, with_options=with_options)
            content = response.iter_bytes()
            try:
                while not events.is_done and (data := await self._next(content, events, clock)) is not None:
                    for text in events.feed(data):
                        clock.heard()
                        yield text
                    if events.finish_reason is not None:
                        clock.over()
                yield events.end()
            except ValueError as exc:
                raise self._failure(str(exc)) from exc

    async def _opened(
        self, messages: Sequence[Message], stack: AsyncExitStack, clock: Clock, *, with_options: bool
    ) -> Any:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [msgspec.structs.asdict(message) for message in messages],
            "stream": True,
            **(_OPTIONS if with_options else {}),
        }
        try:
            with clock.waiting():
                response = await stack.enter_async_context(self._completions.create(**request))
        except TimeoutError as exc:
            raise self._failure("it takes too long to begin", is_outage=True) from exc
        except FAILURES as exc:
            raise not_opened(self._where, exc) from exc
        kind = response.headers.get("content-type", "")
        if not kind.lower().startswith(_EVENTS):
            raise self._failure(
                f"it sends {kind.split(';')[0] or 'no content type'} where a stream of events was asked for"
            )
        return response

    async def _next(self, content: AsyncIterator[bytes], events: ChatEvents, clock: Clock) -> bytes | None:
        """None at the end, and where only token counts are still missing and do not come."""
        try:
            with clock.waiting():
                return await anext(content, None)
        except (TimeoutError, *FAILURES) as exc:
            if events.finish_reason is not None:
                return None
            if isinstance(exc, TimeoutError):
                raise self._failure("it has fallen silent, or takes too long", is_outage=True) from exc
            raise broken(self._where, exc) from exc

    def _failure(self, wrong: str, *, is_outage: bool = False) -> LlmError:
        return failure(self._where, wrong, is_outage=is_outage)


def open_chat(settings: Settings, deadlines: Deadlines | None = None) -> OpenAIChat:
    """Raises ConfigurationError naming the setting that is missing."""
    if not settings.llm_base_url or not settings.llm_model:
        missing = "KILDE_LLM_MODEL" if settings.llm_base_url else "KILDE_LLM_BASE_URL"
        raise ConfigurationError(
            f"An LLM needs both KILDE_LLM_BASE_URL and KILDE_LLM_MODEL: set {missing}, or neither."
        )
    return OpenAIChat(
        settings.llm_base_url,
        settings.llm_model,
        settings.llm_api_key,
        at_once=settings.llm_requests_at_once,
        deadlines=deadlines,
    )


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
