"""``python -m evals.torture.crash_turns [--kills N]``: kill -9 while turns of conversations are stored.

In: a process that stores turns and tells each when it is stored (``turns_child.py``); half of the kills come at a
marker, half at a random moment, all over one database. Out: a table of turns that were told as stored and are not
there, that are half or doubled, and of conversations without a turn.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, markdown, none_of
from evals.torture.turns_child import TURNS_EACH, turn
from rag.conversations import Conversations
from rag.records import Answer

STEPS = (
    "before INSERT conversations",
    "after INSERT conversations",
    "before INSERT messages",
    "after INSERT messages",
    "before COMMIT",
    "inside COMMIT",
    "after COMMIT",
    "before UPDATE messages",
    "after UPDATE messages",
)
LONGEST_S = 0.5
GAP = 1_000_000
"""Between the numbers of two runs' turns."""


class Stored(msgspec.Struct):
    """What all runs together have stored."""

    kills: Counter[str] = msgspec.field(default_factory=Counter)
    markers: set[str] = msgspec.field(default_factory=set)
    acknowledged: list[int] = msgspec.field(default_factory=list)


def main(args: Sequence[str] = ()) -> None:
    parser = argparse.ArgumentParser(prog="crash_turns", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="kilde-torture-") as scratch:
        rows = list(rows_of(Path(scratch), killed(Path(scratch), given.kills)))
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)


def killed(data_dir: Path, kills: int) -> Stored:
    stored, chance = Stored(), random.Random(2)
    Conversations.open(f"sqlite:///{data_dir / 'conversations.db'}").close()
    for number in range(kills):
        at_marker = number % 2 == 1
        marker = f"{STEPS[number // 2 % len(STEPS)]} {1 + number // 2 // len(STEPS) * 3}" if at_marker else ""
        stored.acknowledged += _killed_run(data_dir, number * GAP, marker, chance.uniform(0, LONGEST_S))
        stored.kills["at a marker" if at_marker else "at a random moment"] += 1
        stored.markers |= {marker} if marker else set()
    return stored


def _killed_run(data_dir: Path, first: int, marker: str, after_s: float) -> list[int]:
    """The turns that were told as stored."""
    command = [sys.executable, "-m", "evals.torture.turns_child", str(data_dir), str(first), marker]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        told = [] if marker else [process.stdout.readline()]
        if not marker:
            time.sleep(after_s)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        told += process.stdout.read().splitlines(keepends=True)
    if process.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the process was not killed, it ended with {process.returncode}")
    return [int(line) for line in told if line.endswith(b"\n")]


def rows_of(data_dir: Path, stored: Stored) -> Sequence[Row]:
    found, unread = _turns(data_dir)
    lost = [number for number in stored.acknowledged if number not in found]
    other = [number for number, kept in found.items() if not any(answer == kept for answer in _whole(number))]
    doubled, empty = _doubled_and_empty(data_dir)
    kills, acknowledged = stored.kills.total(), len(stored.acknowledged)
    return [
        *(Row(f"kills {how}", str(count)) for how, count in sorted(stored.kills.items())),
        Row("markers of different names among them", str(len(stored.markers))),
        Row("turns stored, and told as stored", f"{len(found)}, {acknowledged}"),
        none_of("turns that were told as stored and are lost", len(lost), acknowledged),
        none_of("kills that lost one", len(lost), kills),
        none_of("turns that are half or say something else", unread + len(other), len(found)),
        none_of("turns that are there twice", doubled, len(found)),
        none_of("conversations without a turn", empty, len({number // TURNS_EACH for number in found})),
    ]


def _whole(number: int) -> tuple[Answer, Answer]:
    """A turn before and after its follow-ups were searched."""
    return turn(number), turn(number, offered=("And then?",))


def _turns(data_dir: Path) -> tuple[dict[int, Answer], int]:
    """By number, and how many cannot be read."""
    found, unread = {}, 0
    with closing(sqlite3.connect(data_dir / "conversations.db")) as connection:
        for message_id, text in connection.execute("SELECT message_id, answer FROM messages"):
            try:
                found[int(message_id[1:])] = msgspec.json.decode(text, type=Answer)
            except msgspec.DecodeError:
                unread += 1
    return found, unread


def _doubled_and_empty(data_dir: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(data_dir / "conversations.db")) as connection:
        doubled = connection.execute("SELECT count(*) - count(DISTINCT message_id) FROM messages").fetchone()[0]
        without = (
            "SELECT count(*) FROM conversations WHERE conversation_id NOT IN (SELECT conversation_id FROM messages)"
        )
        return doubled, connection.execute(without).fetchone()[0]


if __name__ == "__main__":
    main(sys.argv[1:])
