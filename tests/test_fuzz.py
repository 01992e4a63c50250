"""Every parser against its seeds, a fixed choice of what can be made of them, and inputs that failed before."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.torture.fuzz_targets import SEEDS, TARGETS

FAILED = Path(__file__).parent / "fuzz"
MADE = 150
"""Of each target's inputs; minutes of them are for ``python -m evals.torture.fuzz``."""


def made(target: str) -> Iterator[bytes]:
    """Seeds cut, joined, repeated, and with bytes changed; the same each time."""
    chance, seeds = random.Random(target), SEEDS[target]
    for _ in range(MADE):
        one, other = bytearray(chance.choice(seeds)), chance.choice(seeds)
        at = chance.randrange(len(one))
        one[at:at] = other[chance.randrange(len(other)) :] * chance.choice((1, 1, 1, 20))
        for _ in range(chance.randrange(6)):
            one[chance.randrange(len(one))] = chance.randrange(256)
        yield bytes(one)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_is_made_of_the_seeds_raises(target: str) -> None:
    for data in [b"", b"\0", *SEEDS[target], *made(target)]:
        TARGETS[target](data)


def test_inputs_that_failed_once_do_so_no_more() -> None:
    """Files that ``evals.torture.fuzz`` left in ``fuzz/TARGET``."""
    for target in TARGETS:
        for file in sorted((FAILED / target).glob("*")):
            TARGETS[target](file.read_bytes())


def test_a_parser_that_raises_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.torture.fuzz_targets.read_article", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        TARGETS["reader"](b"\0Text.")
