"""How sure an answer is follows from what speaks for the best candidate, and from its lead."""

from collections.abc import Callable
from math import tanh

import msgspec
import pytest
from small_candidates import NO_SIGNALS, make_candidate
from small_index import make_hit

from rag.candidates import Candidate, candidates
from rag.evidence import COUNTED, ELSEWHERE, LEAD_CAP, LEAST_ELSEWHERE, Calibration, calibration
from rag.evidence import evidence as evidence_of
from rag.evidence import support as support_of

QUESTION = "How many cars are built here?"


def evidence(ranked: list[Candidate]) -> dict[str, float]:
    return evidence_of(ranked, QUESTION, "en")


def support(ranked: list[Candidate], question: str = QUESTION) -> float:
    return support_of(ranked, question, "en")


def candidate(score: float = 10.0, *, article: str = "a", work: str | None = None, **signals: float) -> Candidate:
    return msgspec.structs.replace(
        make_candidate("A fact to quote.", score, article=article, work=work),
        signals=msgspec.structs.replace(NO_SIGNALS, **signals),
    )


@pytest.fixture
def calibrate(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the calibration."""

    def set_calibration(intercept: float, **weights: float) -> None:
        fitted = Calibration(intercept=intercept, weights=weights, threshold=0.5)
        monkeypatch.setattr("rag.evidence.calibration", lambda: fitted)

    return set_calibration


def test_the_signals_of_the_best_are_taken_over() -> None:
    best = candidate(unit_late=0.75, coverage=0.6, kind=-0.5)
    seen = evidence([best, candidate(9.0, article="b", unit_late=0.9)])
    assert {name: seen[name] for name in COUNTED} == {name: getattr(best.signals, name) for name in COUNTED}


def test_the_lead_is_over_the_best_of_another_work_and_no_more_than_the_cap() -> None:
    best = candidate(10.0)
    near, far = candidate(10 - LEAD_CAP / 3, article="b"), candidate(10 - LEAD_CAP * 2, article="c")
    assert evidence([best, near, far])["lead"] == pytest.approx(LEAD_CAP / 3)
    assert evidence([best, far])["lead"] == LEAD_CAP
    assert evidence([best])["lead"] == LEAD_CAP


def test_the_lead_over_a_look_alike_is_that_of_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.evidence.extraction_weights", lambda: {"other_name": -2.5})
    best, look_alike = candidate(10.0), candidate(7.0, article="b", other_name=1.0)
    assert evidence([best, look_alike])["lead"] == pytest.approx(0.5)


def test_a_second_unit_of_the_same_work_takes_nothing_from_the_lead() -> None:
    best, other = candidate(10.0), candidate(10 - LEAD_CAP / 3, article="b")
    same = candidate(9.9, article="translation", work="work-a")
    assert evidence([best, same, other])["lead"] == evidence([best, other])["lead"]


def test_late_interaction_across_languages_is_weighed_on_its_own() -> None:
    assert evidence([candidate(late=0.8)])["foreign_late"] == 0
    assert evidence([candidate(late=0.8, foreign=1.0)])["foreign_late"] == 0.8


def test_what_matches_everywhere_is_told_from_what_matches_here() -> None:
    best, same = candidate(late=0.7), candidate(late=0.7, article="translation", work="work-a")
    assert evidence([best, same])["elsewhere"] == ELSEWHERE
    assert evidence([best, candidate(late=0.7, article="b")])["elsewhere"] > ELSEWHERE
    assert evidence([best, *[candidate(article=name, late=0.1) for name in "bcd"]])["elsewhere"] == LEAST_ELSEWHERE


def test_a_best_one_of_another_kind_speaks_against_an_answer_and_one_of_the_right_kind_not_for_it() -> None:
    assert evidence([candidate(kind=-0.5)])["other_kind"] == -0.5
    assert evidence([candidate(kind=0.5)])["other_kind"] == 0


def test_a_place_that_the_passage_does_not_mention_makes_it_less_sure() -> None:
    hit = make_hit("Tax on cars in Norway is 12 kroner.", unit_scores=(0.7,), late=0.7, coverage=0.7, cosine=0.5)
    of_norway, of_sweden = "What is the tax in Norway?", "What is the tax in Sweden?"
    ranked = candidates([hit], of_norway, "en")
    assert support(ranked, of_sweden) < support(ranked, of_norway)


def test_no_candidates_are_no_support() -> None:
    assert support([]) == 0.0


def test_support_is_the_logistic_of_the_weighed_evidence(calibrate: Callable[..., None]) -> None:
    calibrate(-2.0, unit_late=4.0, lead=0.5)
    # -2 + 4 · 0.75 + 0.5 · 3 = 2.5; tanh, so that this is another way to the same figure.
    assert support([candidate(unit_late=0.75)]) == pytest.approx(0.5 + 0.5 * tanh(1.25))


def test_the_shipped_calibration_weighs_evidence_that_there_is() -> None:
    assert set(calibration().weights) <= set(evidence([candidate()]))
    assert 0 < calibration().threshold < 1


# Clear cases, with what ships


def test_a_better_match_of_the_unit_is_never_less_sure() -> None:
    found = [support([candidate(unit_late=unit_late, late=1.0)]) for unit_late in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert found == sorted(found)


def test_a_figure_that_is_nowhere_makes_it_less_sure() -> None:
    assert support([candidate(figures_missing=1.0, figures_absent=1.0)]) < support([candidate()])


def test_unrelated_text_is_not_enough_whether_of_two_works_or_of_one() -> None:
    hits = [
        make_hit(
            "Herons eat fish at dawn.", article_id=article, unit_scores=(0.05,), late=0.05, coverage=0.0, cosine=0.0
        )
        for article in "ab"
    ]
    for some in (hits, hits[:1]):
        assert (
            support(candidates(some, "Who was the first on the moon?", "en"), "Who was the first on the moon?")
            < calibration().threshold
        )


def test_a_full_match_is_enough() -> None:
    hit = make_hit("In 2021 the factory built 43,866 cars.", unit_scores=(0.95,), late=0.95, coverage=1.0, cosine=0.5)
    ranked = candidates([hit], "How many cars did the factory build in 2021?", "en")
    assert support(ranked) > calibration().threshold
