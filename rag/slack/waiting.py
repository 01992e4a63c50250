"""Events that wait for their turn: a bounded queue in which a conversation is answered in its own order.

In: claimed events. Out: the longest waiting one whose conversation is not being answered right now. Refuses an event
for which there is no room.
"""

import asyncio
from collections import deque

from rag.slack.deliveries import Claimed


class Waiting:
    """For one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._reserved = 0
        self._waiting: deque[Claimed] = deque()
        self._running: dict[str, Claimed] = {}
        self._owners: set[tuple[str, ...]] = set()
        self._changed = asyncio.Event()

    @property
    def room(self) -> int:
        return self._most - len(self._waiting) - self._reserved

    @property
    def keys(self) -> list[str]:
        """Of those that wait, and of those whose turn it is."""
        return [*(one.asked.key for one in self._waiting), *self._running]

    @property
    def is_running(self) -> bool:
        """Whether it is anybody's turn."""
        return bool(self._running)

    def reserve(self) -> bool:
        """A place for an event that is about to be claimed, until ``unreserve``."""
        if self.room <= 0:
            return False
        self._reserved += 1
        return True

    def unreserve(self) -> None:
        self._reserved -= 1

    def put(self, claimed: Claimed) -> None:
        """Also where there is no room: what is claimed must be answered."""
        self._waiting.append(claimed)
        self._changed.set()

    async def take(self) -> Claimed:
        """The next one; its conversation is kept from the others until it is ``finished``."""
        while True:
            for one in self._waiting:
                if one.asked.owner not in self._owners:
                    self._waiting.remove(one)
                    self._owners.add(one.asked.owner)
                    self._running[one.asked.key] = one
                    return one
            self._changed.clear()
            await self._changed.wait()

    def taken_back(self, owner: tuple[str, ...]) -> list[Claimed]:
        """Those of the conversation that wait, which are no longer here."""
        found = [one for one in self._waiting if one.asked.owner == owner]
        self._waiting = deque(one for one in self._waiting if one.asked.owner != owner)
        return found

    def finished(self, claimed: Claimed) -> None:
        del self._running[claimed.asked.key]
        self._owners.discard(claimed.asked.owner)
        self._changed.set()
