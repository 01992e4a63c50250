"""Rate limits that several processes share: no place is given twice; while the server fails each counts by itself."""

import threading

import anyio
import pytest
from redis_server import RedisServer

from rag.api.counting import MemoryCounters, wait_for
from rag.api.shared_counting import SharedCounters
from rag.rates import Rate
from rag.shared_memory import SharedMemory

DAY = Rate(4, "day")


def takes(counters: SharedCounters, times: int, name: str = "visitor a", rate: Rate = DAY) -> list[bool]:
    """Whether there was room, for each."""

    async def taken() -> list[bool]:
        return [await counters.take(name, rate) == 0 for _ in range(times)]

    return anyio.run(taken)


def test_two_processes_have_one_count(redis_server: RedisServer, shared: SharedMemory) -> None:
    other = SharedMemory.open(redis_server.url)
    first, second = SharedCounters(shared, MemoryCounters()), SharedCounters(other, MemoryCounters())
    assert takes(first, 3) == [True] * 3
    assert takes(second, 3) == [True, False, False]
    assert takes(first, 1) == [False]
    other.close()


def test_names_and_rates_are_counted_by_themselves(shared: SharedMemory) -> None:
    counters = SharedCounters(shared, MemoryCounters())
    takes(counters, 4)
    assert takes(counters, 1, "visitor b") == [True]
    assert takes(counters, 1, rate=Rate(4, "hour")) == [True]


def test_who_is_refused_is_told_how_long_to_wait_and_the_wait_is_enough(shared: SharedMemory) -> None:
    counters, rate = SharedCounters(shared, MemoryCounters()), Rate(2, "second")

    async def waited() -> tuple[float, float]:
        while True:  # until three fall into one second
            found = [await counters.take("visitor a", rate) for _ in range(3)]
            if found[:2] == [0, 0] and found[2] > 0:
                break
            await anyio.sleep(2)
        await anyio.sleep(found[2] + 0.01)
        return found[2], await counters.take("visitor a", rate)

    wait, after = anyio.run(waited)
    assert 0 < wait <= 2
    assert after == 0


@pytest.mark.parametrize(("before", "count", "times"), [(0, 0, 1), (9, 0, 10), (8, 2, 10), (10, 9, 10), (3, 4, 5)])
def test_the_server_sees_room_exactly_where_this_process_would(
    before: int, count: int, times: int, shared: SharedMemory
) -> None:
    rate = Rate(times, "day")
    seconds = shared.ask_here("TIME")
    assert isinstance(seconds, list)
    period, passed = divmod(int(seconds[0]) / rate.period_s, 1)  # type: ignore[call-overload]
    key = f"kilde:rate:{times}/day:a"
    shared.ask_here("HSET", key, "period", int(period), "count", count, "before", before)
    has_room = takes(SharedCounters(shared, MemoryCounters()), 1, "a", rate) == [True]
    assert has_room == (wait_for(times, count, before, passed) == 0)


def test_places_are_not_given_twice_to_many_who_come_at_once(shared: SharedMemory) -> None:
    counters, given, rate = SharedCounters(shared, MemoryCounters()), [], Rate(20, "day")
    threads = [threading.Thread(target=lambda: given.extend(takes(counters, 10, rate=rate))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(given), sum(given)) == (50, 20)


def test_what_was_counted_is_forgotten_after_two_periods(shared: SharedMemory) -> None:
    takes(SharedCounters(shared, MemoryCounters()), 1)
    (key,) = shared.ask_here("KEYS", "kilde:rate:*")  # type: ignore[misc]
    left = shared.ask_here("TTL", key)  # type: ignore[arg-type]
    assert isinstance(left, int)
    assert 2 * DAY.period_s - 5 <= left <= 2 * DAY.period_s


def test_each_process_counts_by_itself_while_the_server_is_gone(
    redis_server: RedisServer, shared: SharedMemory
) -> None:
    counters = SharedCounters(shared, MemoryCounters())
    assert takes(counters, 4) == [True] * 4
    redis_server.kill()
    assert takes(counters, 5) == [True] * 4 + [False]
