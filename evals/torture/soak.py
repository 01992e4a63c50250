"""``python -m evals.torture.soak [--minutes N] [--index FOLDER]``: a real ``kilde serve`` asked without a pause.

In: the sample articles, or a folder that holds them indexed. Out: a table: questions asked, what came of them, and
whether memory and open files in the last quarter are those of the second. Every tenth reader leaves at the first event.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, at_most, markdown, none_of
from evals.torture.load import indexed, questions, serving
from evals.torture.readers import Came, crowd
from evals.torture.streams import Service
from evals.torture.watching import handles, memory_mb

MINUTES, READERS, LEAVING = 60.0, 4, 10
LOOK_S = 1.0
MOST_MB, MOST_HANDLES = 30, 10
"""More in the last quarter than in the second."""


class Look(msgspec.Struct, frozen=True):
    """At the service, at one moment."""

    memory_mb: float
    handles: int


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--index", type=Path, help="a data folder that holds the sample articles already")
    given = parser.parse_args(args)
    with indexed(given.index) as data_dir, serving(data_dir) as service:
        rows = list(soaked(service, 60 * given.minutes))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def soaked(service: Service, seconds: float) -> Iterator[Row]:
    looks: list[Look] = []
    began = time.monotonic()

    def look(_open: int) -> None:
        if time.monotonic() - began > LOOK_S * len(looks):
            looks.append(Look(memory_mb(service.pid), handles(service.pid)))

    left: set[int] = set()

    def leaves(came: Came) -> bool:
        if came.status == 200 and round(1000 * came.asked_at) % LEAVING == 0:
            left.add(id(came))
        return id(came) in left

    asked = questions(1000)
    endless = (asked[number % len(asked)] for number in count())
    came = crowd(service.url, endless, at_once=READERS, within_s=seconds, leaves=leaves, meanwhile=look)
    stayed = [one for one in came if one.ended_at]
    yield Row("minutes, questions, readers who left early", f"{seconds / 60:g}, {len(came)}, {len(left)}")
    whole = [one for one in stayed if (one.status, one.ends, one.errors) == (200, 1, 0)]
    yield none_of("answers without exactly one last event, or with an error", len(stayed) - len(whole), len(stayed))
    quarter = max(1, len(looks) // 4)
    second, last = looks[quarter : 2 * quarter], looks[-quarter:]
    more_mb = _median(second, "memory_mb"), _median(last, "memory_mb")
    yield at_most(
        f"memory more in the last quarter than in the second ({more_mb[0]:.0f} MB)",
        more_mb[1] - more_mb[0],
        MOST_MB,
        "MB",
    )
    more = _median(last, "handles") - _median(second, "handles")
    yield at_most(f"open files more, of {_median(second, 'handles'):.0f}", more, MOST_HANDLES, "")


def _median(looks: Sequence[Look], name: str) -> float:
    return float(statistics.median(getattr(look, name) for look in looks))


if __name__ == "__main__":
    main(sys.argv[1:])
