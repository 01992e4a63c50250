"""Small versions of what ``evals.torture`` does to a service with crowds, and that its readers count right."""

from collections.abc import Iterator

import pytest
from fake_backend import ANSWER, FakeBackend, turn

from evals.benchmarks.table import Row
from evals.torture.readers import _Reader, crowd
from evals.torture.streams import Service, open_at_once, patient, stopped, vanishing
from rag.records import MessageEnd


def missed(rows: Iterator[Row]) -> list[Row]:
    return [row for row in rows if not row.met]


@pytest.fixture
def reader() -> Iterator[_Reader]:
    made = _Reader(b"", ("127.0.0.1", 9))
    yield made
    made.socket.close()


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_last_events_are_counted_once_wherever_a_piece_is_cut(reader: _Reader, step: int) -> None:
    sent = (
        b"HTTP/1.1 200 OK\r\nRetry-After: 2\r\n\r\nevent: text.delta\ndata: event: message.end\\n\n\n"
        b"event: message.end\ndata: {}\n\nevent: error\ndata: {}\n\n"
    )
    for at in range(0, len(sent), step):
        reader._take(sent[at : at + step])
    assert (reader.came.ends, reader.came.errors) == (2, 1)


def test_readers_are_served_and_what_came_of_each_is_told(address: str) -> None:
    came = crowd(address, ["Wie viele?"] * 6, at_once=1, within_s=20)
    assert [(one.status, one.ends, one.errors) for one in came] == [(200, 1, 0)] * 6
    assert all(one.asked_at < one.head_at < one.ended_at for one in came)


def test_a_reader_may_leave_and_is_not_taken_for_one_who_was_served(backend: FakeBackend, address: str) -> None:
    backend.script = (*turn()[:-1], 30.0, MessageEnd(answer=ANSWER))
    (came,) = crowd(address, ["Wie viele?"], at_once=1, within_s=20, leaves=lambda one: one.status == 200)
    assert (came.ends, came.ended_at) == (0, 0)


def test_nobody_there_is_no_status() -> None:
    assert [one.status for one in crowd("http://127.0.0.1:9", ["Wie?"], at_once=1, within_s=5)] == [0]


@pytest.fixture
def service() -> Iterator[Service]:
    with patient(pieces=3, pause_s=2.5) as started:
        yield started


@pytest.mark.slow
@pytest.mark.service
def test_streams_are_open_at_once_vanish_and_are_stopped_in_order(service: Service) -> None:
    assert missed(open_at_once(service, 60)) == []
    assert missed(vanishing(service, 30)) == []
    assert missed(stopped(service, 20)) == []
