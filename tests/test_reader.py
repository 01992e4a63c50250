"""What is read together with the question: which candidates, their new order, and how sure it is then."""

from math import exp

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from small_candidates import make_candidate

from index.log_odds import log_odds
from index.pair_reader import TITLE
from rag import reader as module
from rag.candidates import Candidate
from rag.evidence import calibration
from rag.reader import AHEAD, HOPELESS, MARGIN, READ, SETTLED, Trust, as_read, read, trust, unread, worth_reading

TEXTS = ("The heron stands in Ghent.", "It cost nine crowns.", "Nobody has seen the terns since.", "Ebb came at six.")
SURE = 0.6


def found(*scores: float) -> list[Candidate]:
    return [make_candidate(TEXTS[n % len(TEXTS)], score) for n, score in enumerate(scores)]


class Reads:
    """Says of the texts that it is given what it was told to say, and remembers them."""

    def __init__(self, *rows: tuple[float, float]) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self._rows = rows

    def __call__(self, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        already = sum(len(some) for _, some in self.asked)
        self.asked.append((question, texts))
        return np.array(self._rows[already : already + len(texts)], np.float32) if texts else None


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = Trust(order=0.5, evidence=1.0, answers=0.25, intercept=-0.5, threshold=0.4)
    monkeypatch.setattr(module, "trust", lambda: fitted)


def test_what_answers_comes_first_and_scores_keep_their_mean() -> None:
    seen = read(found(1.0, 0.5), SURE, "Where?", Reads((0.0, -1.0), (4.0, 2.0)))
    assert [one.text for one in seen.ranked] == [TEXTS[1], TEXTS[0]]
    assert [one.score for one in seen.ranked] == [0.5 + 0.5 * 2, 1.0 - 0.5 * 2]


def test_how_sure_it_is_comes_from_evidence_and_from_the_sentence_that_answers_best() -> None:
    seen = read(found(1.0, 0.5), SURE, "Where?", Reads((0.0, -1.0), (0.0, 2.0)))
    assert seen.sure == pytest.approx(1 / (1 + exp(-(log_odds(SURE) + 0.25 * 2.0 - 0.5))))
    assert seen.is_enough


def test_what_is_read_can_speak_against_an_answer() -> None:
    seen = read(found(1.0, 0.5), SURE, "Where?", Reads((0.0, -9.0), (0.0, -8.0)))
    assert seen.sure < SURE
    assert not seen.is_enough


def test_only_what_could_come_first_is_read() -> None:
    assert worth_reading(found(3.0, 3.0 - MARGIN, 2.9 - MARGIN), SURE) == found(3.0, 3.0 - MARGIN)
    assert len(worth_reading(found(*(3.0 for _ in range(READ + 2))), SURE)) == READ
    assert worth_reading([], SURE) == []


def test_what_is_not_read_keeps_its_score() -> None:
    reads = Reads((0.0, 0.0), (1.0, 0.0))
    many = found(3.0, 2.5, -1.0, -2.0)
    assert [one.score for one in read(many, SURE, "Where?", reads).ranked][-2:] == [-1.0, -2.0]
    assert reads.asked == [("Where?", [as_read(one) for one in many[:2]])]


def test_two_are_read_at_first_and_the_others_unless_one_of_the_two_is_ahead() -> None:
    many = found(3.0, 2.9, 2.5, 2.4)
    open_still = Reads((0.0, 0.0), (2 * AHEAD, 0.0), (9.0, 0.0), (0.0, 0.0))
    assert read(many, SURE, "Where?", open_still).ranked[0].text == many[2].text
    assert [len(texts) for _, texts in open_still.asked] == [2, 2]
    ahead = Reads((0.0, 0.0), (2.5 * AHEAD, 0.0))
    assert read(many, SURE, "Where?", ahead).ranked[0].text == many[1].text
    assert [len(texts) for _, texts in ahead.asked] == [2]


@pytest.mark.parametrize(("sure", "is_enough"), [(HOPELESS - 0.001, False), (SETTLED, True)])
def test_where_it_is_plain_without_them_nothing_is_read(sure: float, is_enough: bool) -> None:
    reads = Reads((0.0, 9.0), (9.0, -9.0))
    seen = read(found(1.0, 0.5), sure, "Where?", reads)
    assert reads.asked == []
    assert (seen.ranked, seen.sure, seen.is_enough) == (found(1.0, 0.5), sure, is_enough)


@pytest.mark.parametrize("sure", [calibration().threshold, calibration().threshold - 0.01])
def test_without_what_reads_evidence_alone_decides(sure: float) -> None:
    seen = read(found(1.0, 0.5), sure, "Where?", unread)
    assert (seen.ranked, seen.sure, seen.is_enough) == (found(1.0, 0.5), sure, sure >= calibration().threshold)
    assert read([], 0.0, "Where?", Reads()).ranked == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Birds of Ghent", f"Birds of Ghent\n{TEXTS[0]}"),
        ("B" * 200, f"{'B' * TITLE}\n{TEXTS[0]}"),
        ("", TEXTS[0]),
        (TEXTS[0], TEXTS[0]),
    ],
)
def test_a_sentence_is_read_under_its_title_but_not_under_itself(title: str, expected: str) -> None:
    one = make_candidate(TEXTS[0], 1.0)
    assert as_read(msgspec.structs.replace(one, hit=msgspec.structs.replace(one.hit, title=title))) == expected


def test_the_figures_that_ship_trust_what_is_read() -> None:
    fitted = trust()
    assert fitted.order > 0
    assert fitted.answers > 0
    assert fitted.evidence > 0
    assert 0 < fitted.threshold < 1
