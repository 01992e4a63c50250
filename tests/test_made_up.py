"""The outcomes that the benchmark of the evaluation is made of."""

from evals.benchmarks.made_up import made_up_run
from evals.measures import MEASURES, scores
from evals.suite import load_suite


def test_made_up_answers_are_right_where_they_are_to_be_and_nowhere_else() -> None:
    cases = load_suite("golden").cases
    made = scores(made_up_run(cases, range(0, len(cases), 3))).questions
    assert [of["right"] for of in made.values()] == [float(at % 3 == 0) for at in range(len(cases))]


def test_right_ones_are_the_best_there_is_in_every_measure_of_answers() -> None:
    cases = load_suite("golden").cases
    made = scores(made_up_run(cases, range(len(cases)))).questions.values()
    perfect = ("status", "citation_precision", "citation_recall", "fact_recall", "answer_language", "cited_numbers")
    for name in perfect:
        assert {of[name] for of in made} - {None} == {1.0}, MEASURES[name].title
