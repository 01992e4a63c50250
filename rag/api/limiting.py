"""How often visitors may ask, and how much the readers of one site together.

In: a visitor, a key or a site, for each request of theirs. Out: nothing, or 429 with ``Retry-After`` and words that say
when to come back. What is refused is not counted.
"""

import math

import msgspec
from litestar.exceptions import TooManyRequestsException

from rag.api.counting import Counters
from rag.keys import Key
from rag.rates import Rate, parse_rate


class Limiter(msgspec.Struct, frozen=True, kw_only=True):
    """A rate of None limits nothing."""

    visitor_rate: Rate | None
    site_rate: Rate | None
    counters: Counters

    async def count_visit(self, visitor: str) -> None:
        await self._take(f"visitor {visitor}", self.visitor_rate, "Too many requests from one place")

    async def count_key(self, key: Key) -> None:
        rate = parse_rate(key.rate, "--rate") if key.rate else self.visitor_rate
        await self._take(f"key {key.key_id}", rate, "Too many requests with this key")

    async def count_question(self, site: str | None) -> None:
        """None: the service's own pages, programs, and whoever else names no site; they share one count."""
        whose = "of this site" if site else "who name no site"
        await self._take(f"site {site or ''}", self.site_rate, f"The readers {whose} have asked too much")

    async def _take(self, name: str, rate: Rate | None, what: str) -> None:
        seconds = math.ceil(await self.counters.take(name, rate)) if rate else 0
        if seconds:
            told = f"{what}: {rate} are the most. Try again in {in_words(seconds)}."
            raise TooManyRequestsException(told, headers={"Retry-After": str(seconds)})


def in_words(seconds: int) -> str:
    """Rounded up, to whole hours from two hours on, to whole minutes from two minutes on."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{math.ceil(seconds / length)} {unit}"
    return f"{seconds} seconds" if seconds > 1 else "a second"
