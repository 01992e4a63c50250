"""Claims of many events at once: those that arrive while one transaction is under way share the next.

In: events, as they arrive. Out: for each, whether it is this process's to answer. A storm of events so costs few
writes, and none of them waits for what answers write. Raises what the database raises, for all that shared it.
"""

import asyncio

import anyio
import anyio.to_thread

from rag.slack.asked import Asked
from rag.slack.deliveries import Claimed, Deliveries


class Claiming:
    """For one event loop."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._limiter = anyio.CapacityLimiter(1)
        self._arrived: list[tuple[Asked, asyncio.Future[Claimed | None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def claim(self, asked: Asked) -> Claimed | None:
        """None for what is answered, is being answered, or is no question after all."""
        claimed: asyncio.Future[Claimed | None] = asyncio.get_running_loop().create_future()
        self._arrived.append((asked, claimed))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await claimed

    async def _run(self) -> None:
        while self._arrived:
            together, self._arrived = self._arrived, []
            try:
                found = await anyio.to_thread.run_sync(
                    self._deliveries.claim, [asked for asked, _ in together], limiter=self._limiter
                )
            except Exception as exc:
                for _, waiting in together:
                    if not waiting.done():
                        waiting.set_exception(exc)
                continue
            for (_, waiting), claimed in zip(together, found, strict=True):
                if not waiting.done():
                    waiting.set_result(claimed)
