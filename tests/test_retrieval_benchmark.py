"""The retrieval benchmark: pools, measures worked by hand, TREC files, and what counts as a right passage."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_index import small_index

from evals.benchmarks.arms import ARMS
from evals.benchmarks.retrieval_pages import asked as asked_pages
from evals.benchmarks.retrieval_pages import right_chunks
from evals.benchmarks.retrieval_pools import MIXED, SEVERAL, Asked, average_precision, measure, pools, right_path
from evals.benchmarks.retrieval_report import (
    by_pair,
    cross_hit,
    mean,
    mixed_own_hit,
    own_hit,
    several_cross,
    several_own,
)
from evals.benchmarks.retrieval_runs import largest_difference, write_runs
from evals.benchmarks.search_index import SearchIndex
from evals.benchmarks.xquad import XquadQuestion
from evals.golden import QUESTIONS, Case, Expect, load_cases

LANGS = ("de", "en", "es")
TOP_SPEED = Case(
    id="top-speed",
    question="how fast does the red car drive",
    lang="en",
    expect=Expect(status="answered", works=("red.md",), facts=(("250 km/h", "250 km/t"),)),
)


def question(lang: str = "en", article: int = 1, paragraph: int = 2) -> XquadQuestion:
    return XquadQuestion(lang=lang, article=article, paragraph=paragraph, place=0, text="Who?", answers=("Ann",))


def asked(one: XquadQuestion, found: dict[str, list[str]]) -> Asked:
    """Every arm found the same; pools that are not named found nothing."""
    over = {pool.name: pool for pool in pools(one.lang, LANGS)}
    ranked = {name: dict.fromkeys(ARMS, tuple(found.get(name, ()))) for name in over}
    right = {name: tuple(right_path(one, lang) for lang in pool.langs) for name, pool in over.items()}
    measured = {(arm, name): measure(ranked[name][arm], right[name]) for name in over for arm in ARMS}
    return Asked(one, ranked, right, measured)


def test_a_question_is_asked_over_each_language_over_all_and_over_the_three() -> None:
    assert [pool.name for pool in pools("en", LANGS)] == ["de", "en", "es", MIXED, SEVERAL]
    assert [pool.name for pool in pools("ru", ("de", "en", "es", "ru"))] == ["de", "en", "es", "ru", MIXED]
    assert [pool.name for pool in pools("en", ("en", "ru"))] == ["en", "ru", MIXED]


def test_average_precision_counts_right_passages_that_were_not_found_as_zero() -> None:
    assert average_precision(["a", "x", "b"], ["a", "b", "c"]) == pytest.approx((1 + 2 / 3) / 3)
    assert average_precision([], ["a"]) == 0


def test_recall_looks_at_the_first_ten_alone() -> None:
    ranking = ["a", *(f"x{number}" for number in range(9)), "b"]
    assert measure(ranking, ["a", "b"]).recall == 0.5


def test_a_right_passage_in_another_language_is_no_hit_in_the_own_ones() -> None:
    one = asked(question("en"), {"en": ["en/01-03.txt", "en/01-02.txt"], "de": ["de/01-02.txt"]})
    assert own_hit(one, "whole") == 0
    assert cross_hit(one, "whole") == 0.5


def test_among_all_languages_the_first_passage_in_the_own_one_is_judged() -> None:
    right = asked(question("en"), {MIXED: ["de/07-00.txt", "en/01-02.txt", "en/07-00.txt"]})
    wrong = asked(question("en"), {MIXED: ["de/01-02.txt", "en/07-00.txt", "en/01-02.txt"]})
    assert (mixed_own_hit(right, "whole"), mixed_own_hit(wrong, "whole")) == (1, 0)


def test_recall_over_three_languages_is_told_apart_by_own_and_other_versions() -> None:
    one = asked(question("en"), {SEVERAL: ["es/01-02.txt", "en/07-00.txt"]})
    assert (several_own(one, "whole"), several_cross(one, "whole")) == (0, 0.5)


def test_a_mean_lies_within_its_interval_and_articles_are_drawn_whole() -> None:
    good, bad = ({"en": [f"en/{article:02d}-02.txt"]} for article in (1, 9))
    some = [asked(question("en", 1), good), asked(question("en", 1), good), asked(question("en", 3), bad)]
    found = mean(some, own_hit, "whole")
    assert found.value == pytest.approx(2 / 3)
    assert (found.low, found.high) == (0, 1)


def test_pairs_stand_with_the_questions_language_down_and_the_passages_across() -> None:
    some = [asked(question("en"), {"de": ["de/01-02.txt"]}), asked(question("de"), {})]
    assert by_pair(some, "whole")[1:] == [["de", "0.000", "0.000"], ["en", "1.000", "0.000"]]


def test_measures_on_the_trec_files_are_those_of_ir_measures(tmp_path: Path) -> None:
    some = [
        asked(question("en"), {"en": ["en/01-03.txt", "en/01-02.txt"], MIXED: ["de/01-02.txt", "x", "en/01-02.txt"]}),
        asked(question("de"), {"en": ["en/01-02.txt"], SEVERAL: [f"x{n}" for n in range(9)] + ["es/01-02.txt"]}),
    ]
    write_runs(some, tmp_path)
    assert (tmp_path / "whole.run").read_text("utf-8").splitlines()[:2] == [
        "en-1-2-0@en Q0 en/01-03.txt 1 2 whole",
        "en-1-2-0@en Q0 en/01-02.txt 2 1 whole",
    ]
    assert largest_difference(some, tmp_path) < 1e-9


def test_a_ranking_that_the_files_lack_is_a_difference(tmp_path: Path) -> None:
    one, other = (asked(question(article=article), {"en": ["en/01-02.txt"]}) for article in (1, 3))
    write_runs([one], tmp_path)
    assert largest_difference([one, other], tmp_path) == float("inf")


def test_the_questions_on_real_pages_are_eighty_in_eight_languages_with_marked_passages() -> None:
    cases = load_cases(QUESTIONS / "pages.jsonl")
    assert len(cases) == 80
    assert len({case.lang for case in cases}) == 8
    assert all(case.expect.works and case.expect.facts for case in cases)


@pytest.fixture
def cars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchIndex]:
    small = small_index(tmp_path, monkeypatch)
    small.write("red.md", "The red car drives 250 km/h.", title="Red car")
    small.write("red.nb.md", "Den red car kjører 250 km/t.", title="Rød bil")
    small.write("blue.md", "The blue car drives 250 km/h.", title="Blue car")
    small.ingest()
    yield SearchIndex(small.encoder, None, small.searcher())
    small.close()


def test_right_passages_are_those_of_an_expected_work_that_hold_every_fact(cars: SearchIndex) -> None:
    assert sorted(right_chunks(cars, TOP_SPEED).values()) == ["en", "nb"]
    other = Case(id="x", question="?", lang="en", expect=Expect(status="answered", works=("red.md",), facts=(("25",),)))
    assert right_chunks(cars, other) == {}


def test_a_question_on_pages_is_asked_over_all_and_over_every_language_that_answers(cars: SearchIndex) -> None:
    places = list(asked_pages(cars, TOP_SPEED, cars.encoder.encode_question(TOP_SPEED.question)))
    assert [one.passages for one in places if one.arm == "whole"] == ["", "en", "nb"]
    assert [one.first for one in places if one.arm == "whole"] == [1, 1, 1]
