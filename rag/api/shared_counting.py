"""Counters that all processes share, by the clock of the server that keeps them.

In: a name and a rate. Out: as ``rag/api/counting.py`` says; this process counts by itself while the server fails. What
a name has counted is forgotten there after two periods.
"""

from rag.api.counting import Counters, wait_for
from rag.errors import SharedMemoryGoneError
from rag.rates import Rate
from rag.shared_memory import PREFIX, SharedMemory

_TAKE = """
local now = redis.call('TIME')
local times, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local at = (now[1] + now[2] / 1000000) / length
local period = math.floor(at)
local passed = at - period
local kept = redis.call('HMGET', KEYS[1], 'period', 'count', 'before')
local count, before = 0, 0
if tonumber(kept[1]) == period then
  count, before = tonumber(kept[2]), tonumber(kept[3])
elseif tonumber(kept[1]) == period - 1 then
  before = tonumber(kept[2])
end
if before * (1 - passed) > times - 1 - count then
  return {count, before, tostring(passed)}
end
redis.call('HSET', KEYS[1], 'period', period, 'count', count + 1, 'before', before)
redis.call('EXPIRE', KEYS[1], 2 * length)
return {}
"""
"""Counts one and returns nothing where there is room, else what is counted."""


class SharedCounters:
    """For all processes of a service."""

    def __init__(self, shared: SharedMemory, own: Counters) -> None:
        self._shared = shared
        self._own = own

    async def take(self, name: str, rate: Rate) -> float:
        key = f"{PREFIX}rate:{rate.times}/{rate.unit}:{name}"
        try:
            counted = await self._shared.ask("EVAL", _TAKE, 1, key, rate.times, rate.period_s)
        except SharedMemoryGoneError:
            return await self._own.take(name, rate)
        match counted:
            case [int(count), int(before), bytes(passed)]:
                return wait_for(rate.times, count, before, float(passed)) * rate.period_s
            case _:
                return 0.0
