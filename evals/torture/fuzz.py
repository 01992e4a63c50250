"""``python -m evals.torture.fuzz [--minutes N] [--target NAME]``: coverage-guided fuzzing of everything that parses.

In: seeds (``fuzz_targets.py``). Out: a table of runs, and every input that fails as a file in ``tests/fuzz``, where it
stays as a test. Needs atheris; without it says how to get it.
"""

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from evals.benchmarks.machine import describe
from evals.benchmarks.table import Row, markdown, none_of
from evals.torture.fuzz_targets import SEEDS, TARGETS

MINUTES = 10.0
SLOWEST_S, MOST_MB, LONGEST_BYTES = 5, 1024, 4096
MOST_FAILURES = 5
"""After so many a target is given up; they are likely the same."""
FAILED = Path(__file__).resolve().parents[2] / "tests" / "fuzz"
_UNITS = re.compile(rb"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(rb"cov: (\d+)")


class Fuzzed(msgspec.Struct):
    """What a target has gone through."""

    inputs: int = 0
    covered: int = 0
    failures: int = 0
    seconds: float = 0.0


def main(args: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for each target")
    parser.add_argument("--target", choices=list(TARGETS), action="append")
    given = parser.parse_args(args)
    if importlib.util.find_spec("atheris") is None:
        print("Fuzzing needs atheris, on Linux: pip install atheris", file=sys.stderr)
        return 2
    rows = [row for name in given.target or TARGETS for row in _rows(name, fuzzed(name, 60 * given.minutes))]
    print(f"{markdown(rows)}\n\n{describe()}", flush=True)
    return 0


def fuzzed(target: str, seconds: float) -> Fuzzed:
    """Started anew after each failure, with what it has learnt so far."""
    found, began = Fuzzed(), time.monotonic()
    kept = FAILED / target
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kilde-fuzz-") as corpus:
        for number, seed in enumerate(SEEDS[target]):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        while found.failures < MOST_FAILURES and (left := seconds - (time.monotonic() - began)) >= 1:
            code, told = _run(target, [corpus], kept, left)
            found.inputs += int(_last(_UNITS, told))
            found.covered = max(found.covered, int(_last(_COVERED, told)))
            if code == 0:
                break
            found.failures += 1
            sys.stderr.buffer.write(told[-3000:] + b"\n")
    found.seconds = time.monotonic() - began
    return found


def _run(target: str, folders: Sequence[str], failed: Path, seconds: float) -> tuple[int, bytes]:
    options = (
        f"-max_total_time={int(seconds)}",
        f"-timeout={SLOWEST_S}",
        f"-rss_limit_mb={MOST_MB}",
        f"-max_len={LONGEST_BYTES}",
        f"-artifact_prefix={failed}/",
        "-print_final_stats=1",
    )
    command = [sys.executable, "-m", "evals.torture.fuzz_child", target, *folders, *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr


def _last(pattern: re.Pattern[bytes], told: bytes) -> bytes:
    found: list[bytes] = pattern.findall(told)
    return found[-1] if found else b"0"


def _rows(name: str, found: Fuzzed) -> Iterator[Row]:
    yield none_of(
        f"{name}: inputs that raised, took over {SLOWEST_S} s or over {MOST_MB} MB", found.failures, found.inputs
    )
    yield Row(f"{name}: branches covered, minutes", f"{found.covered}, {found.seconds / 60:.1f}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
