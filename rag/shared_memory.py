"""What the processes of one service keep together, in a server that speaks Redis' protocol. The only redis import.

In: its address; single commands. Out: their replies. Nothing is kept there that a service cannot do without: a server
that fails raises SharedMemoryGoneError, is left alone for a moment, and is asked again by itself. That it fails is
logged once a minute. Refuses an address that cannot be used with ConfigurationError.
"""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Self

import anyio
import anyio.to_thread

from rag.breaker import Breaker
from rag.errors import ConfigurationError, SharedMemoryGoneError
from rag.records import SharedState

if TYPE_CHECKING:
    from redis import Redis

PREFIX = "kilde:"
"""Of every key; another service takes another database of the server."""
DEADLINE_S = 0.25
PAUSE_S = 2.0
"""For so long nobody waits for a server that has failed."""
WARNING_S = 60.0
LISTEN_S = 5.0
AT_ONCE = 16
CONNECTIONS = 32
Reply = bytes | int | None | list["Reply"]
_log = logging.getLogger(__name__)


class SharedMemory:
    """Safe from several threads and event loops; ``close`` it when done."""

    def __init__(self, client: "Redis", url: str) -> None:
        self._client = client
        self._url = url
        self._breaker = Breaker(failures=1, pause_s=PAUSE_S)
        self._warned = -WARNING_S
        self._limiter: anyio.CapacityLimiter | None = None
        self.is_degraded = False
        """Whether the last command failed."""

    @classmethod
    def open(cls, url: str) -> Self:
        """Connects with the first command."""
        try:
            from redis import Redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as exc:
            raise ConfigurationError(
                "KILDE_CACHE_URL needs a package that is not installed: pip install 'kilde[redis]'"
            ) from exc
        try:
            client = Redis.from_url(
                url,
                socket_timeout=DEADLINE_S,
                socket_connect_timeout=DEADLINE_S,
                retry=Retry(NoBackoff(), 1),
                max_connections=CONNECTIONS,
                protocol=2,
            )
        except ValueError as exc:
            raise ConfigurationError("KILDE_CACHE_URL is no address such as redis://127.0.0.1:6379/0.") from exc
        client.response_callbacks.clear()  # replies as they come, whatever the command
        return cls(client, url)

    def close(self) -> None:
        self._client.close()

    async def ask(self, *command: str | bytes | int) -> Reply:
        """One command, in a thread. Raises SharedMemoryGoneError."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        return await anyio.to_thread.run_sync(self.ask_here, *command, limiter=self._limiter)

    def ask_here(self, *command: str | bytes | int) -> Reply:
        """The same in this thread."""
        from redis.exceptions import RedisError

        if not self._breaker.may_try():
            raise SharedMemoryGoneError("The shared memory has just failed.")
        try:
            reply: Reply = self._client.execute_command(*command)  # type: ignore[no-untyped-call]
        except (RedisError, OSError) as exc:
            self._failed(exc)
            raise SharedMemoryGoneError(f"The shared memory fails ({type(exc).__name__}).") from exc
        self._breaker.succeeded()
        self.is_degraded = False
        return reply

    def answers(self) -> bool:
        try:
            self.ask_here("PING")
        except SharedMemoryGoneError:
            return False
        return True

    def state(self) -> SharedState:
        return "ok" if self.answers() else "degraded"

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        """What is published there from now on. Raises SharedMemoryGoneError here and later."""
        async with aclosing(self._messages(channel)) as messages:
            await anext(messages)
            yield messages

    async def _messages(self, channel: str) -> AsyncGenerator[bytes, None]:
        """An empty one once it listens."""
        from redis.asyncio import Redis
        from redis.exceptions import RedisError

        client = Redis.from_url(self._url, protocol=2)
        pubsub = client.pubsub()
        try:
            await pubsub.subscribe(channel)
            while True:
                message = await pubsub.get_message(timeout=LISTEN_S)
                if message is None:
                    await pubsub.ping()  # a server that has gone silently is noticed
                elif message["type"] == "subscribe":
                    yield b""
                elif message["type"] == "message":
                    yield message["data"]
        except (RedisError, OSError) as exc:
            raise SharedMemoryGoneError(f"The shared memory fails ({type(exc).__name__}).") from exc
        finally:
            with anyio.CancelScope(shield=True), suppress(RedisError, OSError):
                await pubsub.aclose()  # type: ignore[no-untyped-call]
                await client.aclose()

    def _failed(self, exc: Exception) -> None:
        self._breaker.failed()
        self.is_degraded = True
        if time.monotonic() - self._warned >= WARNING_S:
            self._warned = time.monotonic()
            _log.warning(
                "KILDE_CACHE_URL does not answer (%s): limits are counted in this process, answers are made anew",
                type(exc).__name__,
            )
