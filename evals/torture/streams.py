"""``python -m evals.torture.streams [--streams N]``: thousands of answers that are open at once.

In: a service whose answers take a minute (``patient_service.py``). Out: a table: 2,000 open streams and what they
cost; 500 readers that all go at the same moment; SIGTERM while 100 streams are open.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, at_most, exactly, markdown, none_of
from evals.torture.readers import Came, crowd
from evals.torture.watching import connections, memory_mb, seconds_until

STREAMS, VANISHING, STOPPED = 2_000, 500, 100
PIECES, PAUSE_S = 12, 5.0
ARRIVING = 16
"""Readers come no faster than a service on one core queues them: what comes all at once is for ``load``."""
MOST_MB, CLOSED_S, EXIT_S = 200, 2.0, 10.0
QUESTION = "How many people work there?"


class Service(msgspec.Struct, frozen=True):
    """A running one."""

    url: str
    process: "subprocess.Popen[str]"

    @property
    def pid(self) -> int:
        return self.process.pid


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="streams", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--streams", type=int, default=STREAMS)
    given = parser.parse_args(args)
    with patient(PIECES, PAUSE_S) as service:
        rows = [*open_at_once(service, given.streams), *vanishing(service, min(VANISHING, given.streams))]
        rows += stopped(service, min(STOPPED, given.streams))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


@contextmanager
def patient(pieces: int, pause_s: float) -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="kilde-torture-") as scratch:
        command = [sys.executable, "-m", "evals.torture.patient_service", str(Path(scratch)), str(pieces), str(pause_s)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                yield Service(process.stdout.readline().strip(), process)
            finally:
                process.kill()


def open_at_once(service: Service, streams: int) -> Iterator[Row]:
    """All of them, each to its end."""
    before_mb, most, most_mb = memory_mb(service.pid), 0, 0.0

    def look(open_now: int) -> None:
        nonlocal most, most_mb
        most = max(most, open_now)
        most_mb = max(most_mb, memory_mb(service.pid))

    came = crowd(
        service.url,
        [QUESTION] * streams,
        at_once=streams,
        arriving=ARRIVING,
        within_s=3 * PIECES * PAUSE_S,
        meanwhile=look,
    )
    yield exactly("answer streams open at once", most, streams)
    yield none_of("of them without exactly one last event", sum(one.ends != 1 for one in came), len(came))
    yield none_of("that ended with an error, or were refused", sum(not is_whole(one) for one in came), len(came))
    yield at_most(f"memory more than before ({before_mb:.0f} MB), at most", most_mb - before_mb, MOST_MB, "MB")
    yield Row("memory more than before, when all have ended", f"{memory_mb(service.pid) - before_mb:.0f} MB")


def is_whole(one: Came) -> bool:
    return (one.status, one.ends, one.errors) == (200, 1, 0)


def vanishing(service: Service, readers: int) -> Iterator[Row]:
    before = connections(service.pid)
    most = 0

    def look(open_now: int) -> None:
        nonlocal most
        most = max(most, connections(service.pid) - before)

    crowd(service.url, [QUESTION] * readers, at_once=readers, arriving=ARRIVING, within_s=PAUSE_S, meanwhile=look)
    took_s = seconds_until(lambda: connections(service.pid) <= before, 30)
    yield at_most(f"until all is closed that {most} readers held who vanished at once", took_s, CLOSED_S, "s")


def stopped(service: Service, streams: int) -> Iterator[Row]:
    """The service is told to stop once all are there, be they taken or refused."""
    told_at = 0.0

    def stop(_open: int) -> None:
        nonlocal told_at
        if not told_at and time.monotonic() - began > 1.0:
            told_at = time.monotonic()
            service.process.send_signal(signal.SIGTERM)

    began = time.monotonic()
    came = crowd(service.url, [QUESTION] * streams, at_once=streams, within_s=30, meanwhile=stop)
    code = service.process.wait(30)
    took_s = time.monotonic() - told_at
    taken = [one for one in came if one.status == 200]
    yield Row(f"of {len(came)} who asked a second before SIGTERM: taken, still open then", _open_at(taken, told_at))
    yield none_of("of those taken, without exactly one last event", sum(one.ends != 1 for one in taken), len(taken))
    yield none_of("neither taken nor told to come back", sum(one.status not in (200, 503) for one in came), len(came))
    yield at_most("from SIGTERM to the end of the process", took_s, EXIT_S, "s")
    yield exactly("its exit code", code)


def _open_at(taken: Sequence[Came], at: float) -> str:
    return f"{len(taken)}, {sum(not one.ended_at or one.ended_at > at for one in taken)}"


if __name__ == "__main__":
    main(sys.argv[1:])
