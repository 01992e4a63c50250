"""How sure an answer is follows from what search and extraction saw, figure by figure."""

from math import tanh

import msgspec
import pytest
from small_index import make_hit

from index.records import Span
from rag.evidence import LEAD_CAP, Evidence, calibration, evidence, support
from rag.extract import Candidate

TEXT = "In 2021 the factory built 43,866 cars."


def candidate(score: float = 0.8, *, late: float = 0.8, article: str = "a", **hit: object) -> Candidate:
    found = make_hit(TEXT, article_id=article, **({"late": late, "coverage": 0.6} | hit))  # type: ignore[arg-type]
    return Candidate(hit=found, span=Span(0, len(TEXT)), text=TEXT, score=score, late=late, coverage=0.7)


def test_what_search_and_extraction_saw_of_the_best_is_taken_over() -> None:
    seen = evidence("How many?", "en", [candidate(late=0.75)])
    assert (seen.late, seen.unit_late, seen.chunk_coverage, seen.unit_coverage) == (0.75, 0.75, 0.6, 0.7)


def test_the_lead_is_over_the_best_of_another_work_and_no_more_than_the_cap() -> None:
    best = candidate(10.0)
    near, far = candidate(10 - LEAD_CAP / 3, article="b"), candidate(10 - LEAD_CAP * 2, article="c")
    assert evidence("?", "en", [best, near, far]).lead == pytest.approx(LEAD_CAP / 3)
    assert evidence("?", "en", [best, far]).lead == LEAD_CAP


def test_a_second_unit_of_the_same_work_takes_nothing_from_the_lead() -> None:
    best, other = candidate(10.0), candidate(10 - LEAD_CAP / 3, article="b")
    same = candidate(9.9, article="translation", work_id="work-a")
    assert evidence("?", "en", [best, same, other]).lead == evidence("?", "en", [best, other]).lead


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How many cars?", 0.0),
        ("Were 43.866 cars built?", 0.0),
        ("Were 43 866 cars built in 2021?", 0.0),
        ("Were 99 cars built?", 1.0),
        ("Were 99 cars built in 2021?", 0.5),
        ("What happened in 2022?", 0.0),
        ("What happened in 2019?", 1.0),
    ],
)
def test_figures_of_the_question_are_sought_in_passage_title_and_date(question: str, missing: float) -> None:
    assert evidence(question, "en", [candidate(published="2022-12")]).figures_missing == missing


def test_a_figure_in_the_title_or_a_heading_is_not_missing() -> None:
    best = candidate(title="The 55 quattro", headings=("Winter 1997",))
    assert evidence("Is it the 55 of 1997?", "en", [best]).figures_missing == 0.0


def test_a_quote_in_another_language_than_asked_is_weighed_on_its_own() -> None:
    own, foreign = evidence("?", "en-GB", [candidate()]), evidence("?", "nb", [candidate()])
    assert (own.foreign, own.foreign_late) == (0.0, 0.0)
    assert (foreign.foreign, foreign.foreign_late, foreign.foreign_chunk_coverage) == (1.0, 0.8, 0.6)


def test_no_candidates_are_no_support() -> None:
    assert support("How many?", "en", []) == 0.0


def test_support_is_the_logistic_of_the_weighed_evidence() -> None:
    fitted = calibration()
    seen = msgspec.structs.asdict(evidence("How many?", "en", [candidate()]))
    weighed = fitted.intercept + sum(fitted.weights[name] * value for name, value in seen.items())
    given = support("How many?", "en", [candidate()])
    assert 0 < given < 1
    # tanh, so that this is another way to the same figure.
    assert given == pytest.approx(0.5 + 0.5 * tanh(weighed / 2))


def test_the_shipped_calibration_weighs_exactly_the_evidence_there_is() -> None:
    assert set(calibration().weights) == set(Evidence.__struct_fields__)
    assert 0 < calibration().threshold < 1


def test_a_better_match_is_never_less_sure() -> None:
    found = [support("How many cars?", "en", [candidate(late=late)]) for late in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert found == sorted(found)


def test_a_figure_that_is_nowhere_makes_it_less_sure() -> None:
    assert support("Were 99 cars built?", "en", [candidate()]) < support("Were cars built?", "en", [candidate()])


def test_unrelated_text_is_not_enough_and_a_full_match_is() -> None:
    unrelated = [
        msgspec.structs.replace(candidate(0.1, late=0.1, article=article, coverage=0.0), coverage=0.0)
        for article in ("a", "b")
    ]
    assert support("Who was the first on the moon?", "en", unrelated) < calibration().threshold
    full = msgspec.structs.replace(candidate(1.8, late=0.95, coverage=0.9), coverage=1.0)
    assert support("Were 43,866 cars built?", "en", [full]) > calibration().threshold


def test_unrelated_text_is_not_enough_where_there_is_but_one_work_either() -> None:
    only = msgspec.structs.replace(candidate(0.1, late=0.1, coverage=0.0), coverage=0.0)
    assert support("Who was the first on the moon?", "en", [only]) < calibration().threshold
