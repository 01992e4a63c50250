"""The one client of an LLM: an OpenAI-compatible endpoint, asked for streamed text.

In: messages. Out: pieces of text as they come, then the token counts where the endpoint gives them. Every way in which
an endpoint can fail (refused, TLS, status, silence, a torn or malformed stream) is one LlmError that says what is
wrong. It tries once more where the same request may succeed, before the first piece only; waits no longer than
``Deadlines`` allow; asks no more at once than the endpoint bears; leaves it alone after failures in a row. Whoever
stops reading closes the connection, and with it the endpoint's work.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import anyio
import httpx2
import msgspec
import openai

from rag.breaker import Breaker
from rag.chat_events import ChatEvents, Usage
from rag.errors import ConfigurationError, LlmError
from rag.prompt import Message
from rag.settings import Settings

MOST_TOKENS = 1024
"""Of one answer; a few sentences take a tenth."""
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_WRONG = {
    400: "it refuses the request: {detail}",
    401: "it refuses the key. Set KILDE_LLM_API_KEY.",
    403: "the key has no right to it. Set KILDE_LLM_API_KEY.",
    404: "it knows no such address or model. Check KILDE_LLM_BASE_URL, which ends before /chat/completions, and "
    "KILDE_LLM_MODEL.",
    429: "it takes no more requests at this moment, or the account has run out.",
}
_EVENTS = "text/event-stream"


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. A client's own defaults allow half an hour."""

    connect_s: float = 3.0
    first_s: float = 20.0
    """Until the first piece of text."""
    gap_s: float = 15.0
    """Between pieces of text."""
    total_s: float = 120.0
    queue_s: float = 5.0
    """For a place among the requests that are made at once."""
    tail_s: float = 1.0
    """For what follows the text: the token counts."""


class ChatModel(Protocol):
    """What composing asks of an LLM."""

    @property
    def name(self) -> str: ...

    def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        """Raises LlmError; close it (``aclosing``) to stop early."""
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
        self._knows_options = True
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

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        if not self._breaker.may_try():
            raise self._error("it has failed several times in a row and is left alone for a moment.")
        async with self._place(), aclosing(self._tries(messages)) as pieces:
            try:
                async for piece in pieces:
                    yield piece
            except LlmError:
                self._breaker.failed()
                raise
            self._breaker.succeeded()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            with anyio.fail_after(self._deadlines.queue_s):
                await self._places.acquire()
        except TimeoutError:
            raise self._error("all requests that may be made at once are being made.") from None
        try:
            yield
        finally:
            self._places.release()

    async def _tries(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        has_begun = False
        try:
            async with aclosing(self._read(messages)) as pieces:
                async for piece in pieces:
                    has_begun = True
                    yield piece
            return
        except LlmError as exc:
            if has_begun or not exc.may_retry:
                raise
        async with aclosing(self._read(messages)) as pieces:
            async for piece in pieces:
                yield piece

    async def _read(self, messages: Sequence[Message]) -> AsyncGenerator[str | Usage, None]:
        """One request."""
        clock = _Clock(self._deadlines)
        events = ChatEvents()
        async with AsyncExitStack() as stack:
            response = await self._opened(messages, stack, clock)
            content = response.iter_bytes()
            while not events.is_done and (data := await self._next(content, events, clock)) is not None:
                for piece in self._decoded(events, data):
                    clock.heard(piece)
                    yield piece
            try:
                events.end()
            except ValueError as exc:
                raise self._error(f"{exc}.") from exc

    async def _opened(self, messages: Sequence[Message], stack: AsyncExitStack, clock: "_Clock") -> Any:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [msgspec.structs.asdict(message) for message in messages],
            "stream": True,
        }
        if self._knows_options:
            request |= {
                "temperature": 0,
                "max_tokens": MOST_TOKENS,
                "stream_options": {"include_usage": True},
            }
        try:
            with anyio.fail_after(clock.left_s()):
                response = await stack.enter_async_context(self._completions.create(**request))
        except TimeoutError as exc:
            raise self._error("it takes too long to begin.") from exc
        except openai.BadRequestError as exc:
            # Newer hosted models refuse one option or another; none is needed.
            may_retry, self._knows_options = self._knows_options, False
            raise self._error(_WRONG[400].format(detail=exc.message[:200]), may_retry=may_retry) from exc
        except openai.APIStatusError as exc:
            wrong = _WRONG.get(exc.status_code, f"it answers with status {exc.status_code}.")
            raise self._error(wrong, may_retry=exc.status_code in _TRANSIENT) from exc
        except openai.APITimeoutError as exc:
            raise self._error("it takes too long to connect.") from exc
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as exc:
            raise self._error(f"it cannot be reached: {_root(exc)}.", may_retry=True) from exc
        kind = response.headers.get("content-type", "")
        if not kind.lower().startswith(_EVENTS):
            raise self._error(
                f"it sends {kind.split(';')[0] or 'no content type'} where a stream of events was asked for."
            )
        return response

    async def _next(self, content: AsyncIterator[bytes], events: ChatEvents, clock: "_Clock") -> bytes | None:
        """None at the end, and where only token counts are still missing and do not come."""
        is_over = events.finish_reason is not None
        left_s = self._deadlines.tail_s if is_over else clock.left_s()
        try:
            if not left_s:  # Bytes that are there already would be read without looking at the clock.
                raise TimeoutError
            with anyio.fail_after(left_s):
                return await anext(content, None)
        except TimeoutError as exc:
            if is_over:
                return None
            raise self._error("it has fallen silent, or takes too long.") from exc
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, ValueError, OSError) as exc:
            if is_over:
                return None
            raise self._error(f"the connection broke: {_root(exc)}.", may_retry=True) from exc

    def _decoded(self, events: ChatEvents, data: bytes) -> Iterator[str | Usage]:
        try:
            yield from events.feed(data)
        except ValueError as exc:
            raise self._error(f"{exc}.") from exc

    def _error(self, wrong: str, *, may_retry: bool = False) -> LlmError:
        return LlmError(f"The LLM at {self._where} cannot be used: {wrong}", may_retry=may_retry)


class _Clock:
    """How long one request may still be waited for."""

    def __init__(self, deadlines: Deadlines) -> None:
        now = anyio.current_time()
        self._gap_s = deadlines.gap_s
        self._last = now + deadlines.total_s
        self._next = now + deadlines.first_s

    def heard(self, piece: str | Usage) -> None:
        if isinstance(piece, str):
            self._next = anyio.current_time() + self._gap_s

    def left_s(self) -> float:
        return max(0.0, min(self._next, self._last) - anyio.current_time())


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


def _root(exc: BaseException) -> str:
    """What the first cause says; the client's own words are "Connection error."."""
    while exc.__cause__ is not None or exc.__context__ is not None:
        exc = exc.__cause__ or exc.__context__ or exc
    return (str(exc) or type(exc).__name__)[:200].rstrip(".")
