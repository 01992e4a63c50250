"""Each event is one process's to answer, whatever is delivered how often, and what a crash broke off is taken up."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import anyio
import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER

from rag.conversations import Conversations
from rag.slack.asked import Asked
from rag.slack.claiming import Claiming
from rag.slack.deliveries import ATTEMPTS, GIVEN_UP_S, KEPT_S, Claimed, Deliveries
from rag.slack.naming import Names
from rag.slack.threads import IDLE_S, Threads
from rag.tables import open_tables, slack_events, slack_threads


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


NAMES = Names("xoxb-1")


def asked(key: str = "Ev1", thread: str | None = None, user: str = "U1", ts: str = "5.1") -> Asked:
    """In a conversation of its own, unless its thread is given."""
    owner = ("T1", "C1", thread or f"thread of {key}", user)
    return Asked(key=key, team="T1", channel="C1", user=user, text="Where?", ts=ts, thread_ts=thread, owner=owner)


def in_thread(key: str, ts: str) -> Asked:
    return asked(key, thread="5.1", ts=ts)


def directly(user: str = "U1") -> Asked:
    """Outside of threads."""
    return msgspec.structs.replace(asked(user=user), owner=("T1", "D1", "", user))


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    opened = open_tables(url)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def one(engine: sa.Engine, clock: Clock) -> Deliveries:
    return Deliveries(engine, NAMES, held_s=30, now=clock)


@pytest.fixture
def other(engine: sa.Engine, clock: Clock) -> Deliveries:
    """A second process."""
    return Deliveries(engine, NAMES, held_s=30, now=clock)


def claim(process: Deliveries, event: Asked) -> Claimed | None:
    return process.claim([event])[0]


def test_the_first_delivery_is_to_be_answered_and_no_other(one: Deliveries, other: Deliveries) -> None:
    assert claim(one, asked()) == Claimed(asked=asked())
    assert claim(one, asked()) is None
    assert claim(other, asked()) is None
    one.done("Ev1")
    assert claim(one, asked()) is None
    assert other.abandoned(10) == ()


def test_of_many_deliveries_at_once_one_is_answered(engine: sa.Engine) -> None:
    processes = [Deliveries(engine, NAMES) for _ in range(4)]
    claimed: list[str] = []

    def deliver(process: Deliveries) -> None:
        for n in range(25):
            if claim(process, asked(f"Ev{n}")):
                claimed.append(f"Ev{n}")

    deliverers = [threading.Thread(target=deliver, args=(process,)) for process in processes]
    for thread in deliverers:
        thread.start()
    for thread in deliverers:
        thread.join()
    assert sorted(claimed) == sorted(f"Ev{n}" for n in range(25))


def test_what_a_crash_broke_off_is_taken_up_once_by_a_retry_or_at_the_next_start(
    one: Deliveries, other: Deliveries, clock: Clock
) -> None:
    claim(one, asked("Ev1"))
    claim(one, asked("Ev2"))
    clock.now += 31
    assert claim(other, asked("Ev1")) == Claimed(asked=asked("Ev1"), attempt=2)
    assert other.abandoned(10) == (Claimed(asked=asked("Ev2"), attempt=2),)
    assert claim(one, asked("Ev1")) is None
    assert one.abandoned(10) == ()


def test_an_event_that_is_being_answered_is_left_alone(one: Deliveries, other: Deliveries, clock: Clock) -> None:
    claim(one, asked())
    for _ in range(5):
        clock.now += 20
        one.renew(["Ev1"])
        assert claim(other, asked()) is None
        assert other.abandoned(10) == ()


def test_a_process_that_slept_too_long_learns_that_its_event_is_anothers(
    one: Deliveries, other: Deliveries, clock: Clock
) -> None:
    claim(one, asked())
    clock.now += 31
    claim(other, asked())
    one.renew(["Ev1"])
    assert not one.keep_answer("Ev1", "c1", "m1")
    assert not one.keep_stream("Ev1", "7.1")
    one.done("Ev1")
    assert other.keep_answer("Ev1", "c1", "m1")


def test_an_orderly_end_leaves_its_events_at_once(one: Deliveries, other: Deliveries) -> None:
    claim(one, asked())
    one.release()
    assert [claimed.asked.key for claimed in other.abandoned(10)] == ["Ev1"]


def test_what_was_made_before_the_crash_is_known_after_it(one: Deliveries, other: Deliveries) -> None:
    claim(one, asked())
    one.keep_stream("Ev1", "7.1")
    one.keep_answer("Ev1", "c1", "m1")
    one.release()
    (found,) = other.abandoned(10)
    assert (found.conversation_id, found.message_id, found.stream_ts) == ("c1", "m1", "7.1")


def test_only_as_many_are_taken_up_as_there_is_room_for(one: Deliveries, other: Deliveries) -> None:
    for n in range(5):
        claim(one, asked(f"Ev{n}"))
    one.release()
    assert len(other.abandoned(2)) == 2
    assert other.abandoned(0) == ()
    assert len(other.abandoned(10)) == 3


def test_a_question_on_which_processes_die_again_and_again_is_given_up(one: Deliveries, clock: Clock) -> None:
    claim(one, asked())
    for _ in range(ATTEMPTS - 1):
        clock.now += 31
        assert len(one.abandoned(10)) == 1
    clock.now += 31
    assert one.abandoned(10) == ()
    assert claim(one, asked()) is None


def test_what_is_put_off_or_ended_in_order_is_tried_for_hours(one: Deliveries, clock: Clock) -> None:
    began, found = clock.now, claim(one, asked())
    for attempt in range(2, 3 * ATTEMPTS):
        assert found is not None
        if attempt % 2:
            one.release()
        else:
            one.put_off(found)
        clock.now += 61
        (found,) = one.abandoned(10)
        assert found.attempt == attempt
    clock.now = began + GIVEN_UP_S + 1
    one.release()
    assert one.abandoned(10) == ()


def test_what_is_put_off_rests_longer_each_time(one: Deliveries, clock: Clock) -> None:
    found = claim(one, asked())
    rested: list[float] = []
    for _ in range(6):
        assert found is not None
        one.put_off(found)
        began = clock.now
        while not (taken := one.abandoned(10)):
            clock.now += 0.5
        (found,) = taken
        rested.append(clock.now - began)
    assert rested == [5.5, 10.5, 20.5, 40.5, 60.5, 60.5]


def test_what_was_asked_is_forgotten_once_it_is_answered(engine: sa.Engine, one: Deliveries) -> None:
    claim(one, asked())
    one.keep_answer("Ev1", "c1", "m1")
    one.done("Ev1")
    with engine.connect() as connection:
        row = connection.execute(sa.select(slack_events)).one()
    assert (row.state, row.asked, row.conversation_id, row.message_id) == ("done", None, None, None)
    assert not [known for known in ("Ev1", "T1", "C1", "U1", "5.1") if known in str(row)]


def test_ids_of_answered_events_are_kept_for_a_week(one: Deliveries, clock: Clock) -> None:
    claim(one, asked())
    one.done("Ev1")
    clock.now += KEPT_S - 1
    one.forget_old()
    assert claim(one, asked()) is None
    clock.now += 2
    one.forget_old()
    assert claim(one, asked()) is not None


def test_of_events_that_arrive_together_each_is_claimed_once(one: Deliveries, other: Deliveries) -> None:
    claim(other, asked("Ev2"))
    found = one.claim([asked("Ev1"), asked("Ev2"), asked("Ev1"), asked("Ev3")])
    assert [claimed is not None for claimed in found] == [True, False, False, True]


def test_what_arrives_while_a_claim_is_written_shares_the_next(one: Deliveries) -> None:
    writes: list[int] = []

    class Counting(Deliveries):
        def claim(self, together: Sequence[Asked]) -> tuple[Claimed | None, ...]:
            writes.append(len(together))
            return super().claim(together)

    async def storm() -> list[Claimed | None]:
        claiming = Claiming(Counting(one._engine, NAMES))
        return await asyncio.gather(*(claiming.claim(asked(f"Ev{n % 20}")) for n in range(60)))

    found = anyio.run(storm)
    assert sum(claimed is not None for claimed in found) == 20
    assert sum(writes) == 60
    assert len(writes) <= 2


def overheard(key: str, ts: str) -> Asked:
    """A reply in the thread 5.1."""
    return msgspec.structs.replace(in_thread(key, ts), only_own_thread=True)


def test_a_reply_in_a_thread_that_is_not_its_own_is_claimed_by_nobody(one: Deliveries, threads: Threads) -> None:
    assert claim(one, overheard("Ev2", "6.1")) is None
    threads.keep(in_thread("Ev1", "5.1"), "c1")
    assert claim(one, overheard("Ev2", "6.1")) is not None


def test_a_thread_is_its_own_from_the_moment_it_was_asked_there(one: Deliveries, other: Deliveries) -> None:
    found = one.claim([overheard("Ev2", "6.1"), in_thread("Ev1", "5.1")])
    assert [claimed is not None for claimed in found] == [True, True]
    one.done("Ev1")
    one.done("Ev2")
    assert claim(other, overheard("Ev3", "7.1")) is not None


def test_a_thread_in_which_it_was_only_a_listener_is_not_its_own(one: Deliveries) -> None:
    claim(one, msgspec.structs.replace(in_thread("Ev1", "5.1"), addressed=False))
    assert claim(one, overheard("Ev2", "6.1")) is None


def test_a_thread_that_was_forgotten_is_its_own_no_longer(one: Deliveries) -> None:
    claim(one, in_thread("Ev1", "5.1"))
    one.done("Ev1")
    assert one.forget(in_thread("Ev1", "5.1").owner) == ()
    assert claim(one, overheard("Ev2", "6.1")) is None


def test_what_is_forgotten_while_it_is_answered_is_marked(one: Deliveries) -> None:
    claim(one, in_thread("Ev1", "5.1"))
    claim(one, asked("Ev9"))
    one.keep_begun("Ev1", "c1")
    assert one.forget(in_thread("Ev1", "5.1").owner) == ("c1",)
    assert one.done("Ev1").forgotten
    assert not one.done("Ev9").forgotten


def test_in_one_conversation_a_message_waits_for_those_before_it_whoever_answers_them(
    one: Deliveries, other: Deliveries
) -> None:
    assert claim(one, in_thread("Ev1", "5.1")) is not None
    assert claim(other, in_thread("Ev2", "6.1")) is None
    assert claim(one, in_thread("Ev3", "7.1")) is None
    assert claim(other, asked("Ev9")) is not None
    assert other.abandoned(10) == ()
    assert one.done("Ev1").others_wait
    assert [claimed.asked.key for claimed in one.abandoned(10)] == ["Ev2"]
    assert claim(other, in_thread("Ev3", "7.1")) is None
    assert one.done("Ev2").others_wait
    assert [claimed.asked.key for claimed in other.abandoned(10)] == ["Ev3"]
    assert not other.done("Ev3").others_wait


def test_of_what_two_processes_claim_at_once_one_conversation_is_only_one_processs(engine: sa.Engine) -> None:
    processes = [Deliveries(engine, NAMES) for _ in range(4)]
    claimed: list[int] = []

    def deliver(n: int) -> None:
        for turn in range(10):
            if claim(processes[n], in_thread(f"Ev{n}.{turn}", f"{n}.{turn}")):
                claimed.append(n)

    deliverers = [threading.Thread(target=deliver, args=(n,)) for n in range(4)]
    for thread in deliverers:
        thread.start()
    for thread in deliverers:
        thread.join()
    assert claimed
    assert len(set(claimed)) == 1


@pytest.fixture
def threads(engine: sa.Engine, clock: Clock) -> Threads:
    return Threads(engine, NAMES, clock)


def test_a_thread_is_one_conversation_for_ever(threads: Threads, clock: Clock) -> None:
    assert threads.current(asked()) is None
    threads.keep(in_thread("Ev1", "5.1"), "c1")
    clock.now += 365 * 24 * 3600
    assert threads.current(in_thread("Ev2", "6.1")) == "c1"


def test_outside_of_threads_a_long_silence_ends_the_conversation(threads: Threads, clock: Clock) -> None:
    threads.keep(directly(), "c1")
    clock.now += IDLE_S
    assert threads.current(directly()) == "c1"
    clock.now += 1
    assert threads.current(directly()) is None


def test_conversations_of_others_are_others(threads: Threads) -> None:
    threads.keep(asked(user="U1"), "c1")
    assert threads.current(asked(user="U2")) is None
    assert threads.current(asked(thread="6.1")) is None


def test_forgetting_gives_all_conversations_of_an_owner(threads: Threads, clock: Clock) -> None:
    threads.keep(directly(), "c1")
    clock.now += IDLE_S + 1
    threads.keep(directly(), "c2")
    assert sorted(threads.forget(directly().owner)) == ["c1", "c2"]
    assert threads.forget(directly().owner) == ()


def test_the_database_does_not_say_who_talked_where(engine: sa.Engine, threads: Threads) -> None:
    threads.keep(asked(), "c1")
    with engine.connect() as connection:
        stored = str(connection.execute(sa.select(slack_threads)).one())
    assert not [known for known in ("T1", "C1", "U1", "5.1") if known in stored]
    assert Threads(engine, Names("xoxb-2")).current(asked()) is None


def test_a_conversation_that_is_deleted_leaves_no_thread(
    url: str, conversations: Conversations, threads: Threads
) -> None:
    conversations.append(ANSWER)
    threads.keep(asked(), ANSWER.conversation_id)
    conversations.delete(ANSWER.conversation_id)
    assert threads.current(asked()) is None
