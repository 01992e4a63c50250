"""What the model that reads pairs is fitted on, and how far it is trusted: what training sees, and what is counted."""

from collections import Counter

import msgspec
import numpy as np
import pytest
from small_candidates import make_candidate

from evals.benchmarks.fit_pair_reader import AMONG, example, teaches
from evals.benchmarks.fit_reader import FALSE_REFUSALS, HEAD, Read, fit, read, row
from evals.benchmarks.pair_training import TEMPTING, WRONG, Example, Seen, _some_of
from evals.benchmarks.publishers import PUBLISHERS, REPORTED
from evals.benchmarks.reading_cases import FEW, FITTED_ON, KEPT_PUBLISHERS, Asked, Posed, about, tuned_on
from evals.golden import load_cases
from rag.candidates import Candidate
from rag.reader import as_read

QUESTION = "Where does the heron fish?"


def asked(right: tuple[bool, ...], *, source: str = "publishers", answerable: bool = True, path: str = "") -> Asked:
    return Asked(
        posed=Posed(QUESTION, "en", source),
        answerable=answerable,
        evidence=0.0,
        found=tuple(candidate(number, path) for number, _ in enumerate(right)),
        right=right,
    )


def candidate(number: int, path: str) -> Candidate:
    one = make_candidate(f"The heron fishes in canal number {number}.", -2.0 * number)
    return msgspec.structs.replace(one, hit=msgspec.structs.replace(one.hit, path=path))


def test_training_sees_one_right_sentence_and_a_draw_of_the_most_tempting_wrong_ones() -> None:
    seen = [Seen(f"wrong {n}", -float(n), False) for n in range(TEMPTING + 3)]
    given = Example(QUESTION, (*seen[:2], Seen("right", -1.5, True), *seen[2:]))
    for seed in range(5):
        drawn = _some_of(given, np.random.default_rng(seed)).seen
        assert [one.is_right for one in drawn] == [True] + [False] * (WRONG + 1)
        assert {one.text for one in drawn[1:-1]} <= {f"wrong {n}" for n in range(TEMPTING)}
        assert drawn[-1].text in {f"wrong {n}" for n in range(TEMPTING, TEMPTING + 3)}
    alone = Example(QUESTION, (Seen("wrong", 0.0, False),))
    assert _some_of(alone, np.random.default_rng(0)) == alone


@pytest.mark.parametrize(
    ("answerable", "right", "source", "expected"),
    [
        (True, (False, True), "xquad", True),
        (True, (False, False), "xquad", False),
        (True, (False,) * AMONG + (True,), "xquad", False),
        (False, (False, False), "publishers", True),
        (False, (False, False), "xquad", False),
    ],
)
def test_a_question_teaches_where_its_answer_is_among_the_first_or_there_is_none(
    answerable: bool, right: tuple[bool, ...], source: str, expected: bool
) -> None:
    assert source in FITTED_ON
    assert teaches(asked(right, source=source, answerable=answerable)) is expected


def test_training_sees_sentences_as_they_are_read_but_none_of_the_articles_that_are_for_reports() -> None:
    even, odd = (example(asked((True, False), source="xquad", path=f"en/{number}-01.txt")) for number in (12, 13))
    assert even.seen == (
        Seen(as_read(candidate(0, "")), 0.0, True),
        Seen(as_read(candidate(1, "")), -2.0, False),
    )
    assert odd.seen == ()


def test_what_is_read_of_a_question_adds_to_its_foremost_candidates_and_nothing_on_average() -> None:
    said = np.array([[1.0, -2.0], [4.0, 3.0]], np.float32)
    seen = read(asked((False, True, False, False, False, False)), lambda _question, texts: said[: len(texts)])
    assert seen is not None
    assert seen.added.tolist() == [-1.5, 1.5, 0.0, 0.0, 0.0, 0.0]
    assert seen.answers == 3.0
    assert (seen.is_right(0.0), seen.is_right(1.0)) == (False, True)


def test_a_question_that_is_plain_without_it_is_not_read() -> None:
    plain = msgspec.structs.replace(asked((True, False)), evidence=9.0)
    assert read(plain, lambda _question, texts: np.zeros((len(texts), 2), np.float32) if texts else None) is None


def reads(answerable: bool, answers: float, *, evidence: float = 0.0, source: str = "xquad") -> Read:
    return Read(
        source=source,
        answerable=answerable,
        evidence=evidence,
        scores=np.array([1.0, 0.0]),
        added=np.array([-1.5, 1.5]),
        answers=answers,
        right=np.array([False, answerable]),
        ms=10.0,
    )


def test_what_is_read_is_trusted_as_far_as_it_helps() -> None:
    chance = np.random.default_rng(0)
    seen = [
        reads(answerable, float(chance.normal(3 * answerable)), evidence=float(chance.normal()), source=source)
        for source in FITTED_ON
        for answerable in (True, False)
        for _ in range(100 if source == "xquad" else 50)
    ]
    fitted = fit(seen)
    assert fit([*seen, *[reads(True, -9.0, evidence=-9.0, source=FEW)] * 500]) == fitted
    assert fitted.order > 0
    assert fitted.answers > 1
    assert abs(fitted.evidence) < 0.3
    answered = np.array([[one.evidence, one.answers] for one in seen if one.answerable])
    weights = np.array([1.0 if one.source == "xquad" else 2.0 for one in seen if one.answerable])
    odds = answered @ [fitted.evidence, fitted.answers] + fitted.intercept
    refused = np.average(1 / (1 + np.exp(-odds)) < fitted.threshold, weights=weights)
    assert refused == pytest.approx(FALSE_REFUSALS, abs=0.02)


def test_the_report_counts_first_candidates_and_tells_evidence_from_what_is_read() -> None:
    seen = [reads(True, 2.0), reads(True, 1.0), reads(False, -1.0), reads(False, 5.0, source="publishers")]
    told = dict(zip(HEAD, row("xquad", seen, fit(seen)), strict=True))
    assert told["questions"] == "2 + 1"
    assert (told["first right, 0.0 added"], told["first right, 1.0 added"]) == ("0.000", "1.000")
    assert (told["AUROC of evidence"], told["of what is read"]) == ("0.500", "1.000")
    assert (told["read"], told["ms, p50"]) == ("2.0", "10")


def test_publishers_that_are_for_reports_teach_nothing_and_some_of_the_others_are_kept() -> None:
    assert set(tuned_on()).isdisjoint(REPORTED)
    assert len(tuned_on()) == 42
    assert set(KEPT_PUBLISHERS) < set(tuned_on())


@pytest.mark.parametrize("publisher", KEPT_PUBLISHERS)
def test_every_question_of_a_kept_publisher_is_about_one_of_its_works(publisher: str) -> None:
    folder = PUBLISHERS / publisher
    stems = {path.name.split(".")[0] for path in (folder / "content").rglob("*.md")}
    told = {case: about(case, stems) for case in load_cases(folder / "questions.jsonl")}
    assert Counter(told.values()) == dict.fromkeys(stems, 12)
    assert all(case.expect.works[0].endswith(f"/{work}.md") for case, work in told.items() if case.answerable)
