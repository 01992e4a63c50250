"""Texts of 0 to 2,000,000 characters in every place that takes text: clear refusals, in bounded time."""

import pytest
from fake_backend import FakeBackend
from served import served

from evals.torture.lengths import KINDS, LENGTHS, PLACES, Sent, rows, send_all
from rag.api.completions.tokens import usage
from rag.settings import Settings

KIB = 1024


@pytest.mark.service
@pytest.mark.slow
def test_each_text_is_taken_or_refused_by_its_length() -> None:
    with served(FakeBackend(settings=Settings(rate_limit="off"))) as address:
        sent = list(send_all(address))
    assert len(sent) == len(KINDS) * len(LENGTHS) * len(PLACES)
    found = {(one.kind, one.length, one.place): one.status for one in sent}
    assert {status for (kind, _, place), status in found.items() if kind == "spaces" and place == "question"} == {
        400,
        413,
    }
    for (kind, length, place), status in found.items():
        assert status == expected(kind, length, place), (kind, length, place)
    assert all(row.met for row in rows(sent)[1:3])


def expected(kind: str, length: int, place: str) -> int:
    """Worked out from the rules: 64 KiB of body, 1 MiB for completions; 2,000 characters; something to read in it."""
    unit = KINDS[kind]
    # httpx writes JSON without escapes for other scripts; a combined letter counts once, as NFC has it.
    size = len((unit * (length // len(unit) + 1))[:length].encode())
    if size > (KIB if place in ("message", "told before") else 64) * KIB - 200:
        return 413
    if place in ("told before", "comment"):
        return 400 if place == "comment" and characters(kind, length) > 2000 else 200
    is_empty = length == 0 or kind == "spaces"
    return 400 if is_empty or characters(kind, length) > 2000 else 200


def characters(kind: str, length: int) -> int:
    """After NFC and stripping: e, dot below and acute are two, since only the dot has a letter of its own with e."""
    if kind == "spaces":
        return 0
    if kind == "combining marks":
        return 2 * (length // 3) + (length % 3 > 0)
    return length


def test_the_slowest_and_every_5xx_are_in_the_table() -> None:
    sent = [
        Sent("spaces", 1, "query", 200, 0.1),
        Sent("emoji", 2, "query", 500, 6.0),
        Sent("emoji", 2, "query", 418, 1),
    ]
    _, errors, others, slowest = rows(sent)
    assert (errors.measured, errors.met) == ("1", False)
    assert (others.measured, others.met) == ("2", False)
    assert slowest.what == "slowest (query: 2 characters, emoji)"
    assert not slowest.met


@pytest.mark.parametrize("unit", KINDS.values(), ids=KINDS)
def test_no_text_is_too_much_for_the_counting_of_tokens(unit: str) -> None:
    counted = usage([unit * 2_000_000], unit * 1_000).total_tokens
    assert 0 < counted <= 400_000
