"""``python -m evals.torture.load [--arrivals N] [--index FOLDER]``: a crowd before a real ``kilde serve``.

In: the sample articles, or a folder that holds them indexed. Out: a table: 2,000 questions that arrive at the same
moment, how soon those are told to come back who are not taken, and when the next answer begins as before; 100 readers
that go while their answers are made; SIGTERM while 100 wait for theirs. Nobody's requests are counted.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evals.benchmarks.machine import ARTICLES, KILDE, describe, kilde_environment
from evals.benchmarks.serving import kilde
from evals.benchmarks.table import Row, at_most, exactly, markdown, none_of
from evals.golden import QUESTIONS, load_cases
from evals.torture.readers import Came, crowd
from evals.torture.streams import CLOSED_S, STOPPED, Service, stopped
from evals.torture.watching import connections, seconds_until

ARRIVALS, GOING = 2_000, 100
REFUSED_S, NORMAL_S = 0.2, 5.0
PROBES = 5
MOMENT_S = 0.5
LONGEST_S = 120.0


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--arrivals", type=int, default=ARRIVALS)
    parser.add_argument("--index", type=Path, help="a data folder that holds the sample articles already")
    given = parser.parse_args(args)
    with indexed(given.index) as data_dir, serving(data_dir) as service:
        rows = [*arriving(service, given.arrivals), *going(service, GOING), *stopped(service, STOPPED)]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


@contextmanager
def indexed(folder: Path | None) -> Iterator[Path]:
    """The sample articles, ingested unless that is done."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="kilde-torture-") as data_dir:
        kilde(Path(data_dir), "ingest", str(ARTICLES))
        yield Path(data_dir)


@contextmanager
def serving(data_dir: Path) -> Iterator[Service]:
    """Killed in the end, if it still runs then."""
    command = [KILDE, "serve", "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, env=kilde_environment(data_dir), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = next((word for line in process.stdout for word in line.split() if word.startswith("http://")), "")
            yield Service(url, process)
        finally:
            process.kill()


def questions(count: int) -> list[str]:
    asked = [case.question for case in load_cases(QUESTIONS / "sample.jsonl")]
    return [asked[number % len(asked)] for number in range(count)]


def arriving(service: Service, arrivals: int) -> Iterator[Row]:
    before_s = _median_begin_s(service)
    began = time.monotonic()
    came = crowd(service.url, questions(arrivals), at_once=arrivals, within_s=LONGEST_S)
    refused = sorted(one.head_s for one in came if one.status in (429, 503))
    taken = [one for one in came if one.status == 200]
    yield Row("arrivals at once: taken, refused", f"{len(taken)}, {len(refused)}")
    yield none_of("neither taken nor told to come back", _lost(came), len(came))
    yield none_of("taken and not ended by exactly one last event", sum(one.ends != 1 for one in taken), len(taken))
    yield Row("a refusal, p50", f"{1000 * refused[len(refused) // 2]:.0f} ms" if refused else "none")
    worst_s = refused[-1] if refused else 0.0
    yield at_most("a refusal, the last", 1000 * worst_s, 1000 * REFUSED_S, "ms")
    last_s = max((one.ended_at for one in taken), default=began) - began
    yield at_most("until the last that was taken has its answer", last_s, NORMAL_S, "s")
    again_s = _median_begin_s(service)
    yield Row("an answer begins, before and after", f"{1000 * before_s:.0f} and {1000 * again_s:.0f} ms")


def _lost(came: Sequence[Came]) -> int:
    return sum(not (one.status == 200 or (one.status in (429, 503) and one.has_retry_after)) for one in came)


def _median_begin_s(service: Service) -> float:
    """Of one question at a time."""
    came = crowd(service.url, questions(PROBES), at_once=1, within_s=LONGEST_S)
    return sorted(one.head_s for one in came)[len(came) // 2]


def going(service: Service, readers: int) -> Iterator[Row]:
    """All who were taken go a moment later, in the midst of their answers."""
    before = connections(service.pid)
    came = crowd(service.url, questions(readers), at_once=readers, within_s=MOMENT_S)
    took_s = seconds_until(lambda: connections(service.pid) <= before, 30)
    left = sum(one.status in (0, 200) and not one.ended_at for one in came)
    yield at_most(f"until all is closed that {left} readers held who went at once", took_s, CLOSED_S, "s")
    began = time.monotonic()
    (next_one,) = crowd(service.url, questions(1), at_once=1, within_s=LONGEST_S)
    yield exactly("the next answer's last events", next_one.ends, 1)
    yield at_most("the next answer is whole after", time.monotonic() - began, NORMAL_S, "s")


if __name__ == "__main__":
    main(sys.argv[1:])
