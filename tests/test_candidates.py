"""Every quotable unit of the best hits becomes a candidate with what speaks for it; weights only order them."""

from collections.abc import Callable, Sequence
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_index import make_hit

from index.records import Hit
from rag.candidates import CONSIDERED_HITS, Candidate, Signals, candidates, extraction_weights

LETTERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
HERON = "The heron eats fish."
CARS = "In 2021 the factory built 43,866 cars."


def texts(found: Sequence[Candidate]) -> list[str]:
    return [one.text for one in found]


def signals(hit: Hit, question: str, lang: str = "en") -> Signals:
    """Of a hit of one unit."""
    (found,) = candidates([hit], question, lang)
    return found.signals


@pytest.fixture
def weigh(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the weights by which candidates are ordered."""

    def set_weights(**weights: float) -> None:
        monkeypatch.setattr("rag.candidates.extraction_weights", lambda: weights)

    return set_weights


# What is a candidate


@settings(deadline=None)  # the first text loads the stemmers
@given(st.lists(LETTERS, min_size=1, max_size=4), st.integers(0, 1000), LETTERS)
def test_every_candidate_is_the_slice_that_its_span_names(sentences: list[str], start: int, question: str) -> None:
    hit = make_hit(*sentences, start=start)
    for found in candidates([hit], question, "en"):
        assert found.text == hit.text[found.span.start - start : found.span.end - start]
        assert found.text in sentences
        assert found.span in hit.sentences


def test_a_caption_that_repeats_the_title_and_scraps_are_no_quotes() -> None:
    hit = make_hit("Heron in the city", "See 3.", HERON, title="Heron in the city", start=200)
    assert texts(candidates([hit], "heron", "en")) == [HERON]


def test_the_sentence_that_an_article_without_a_title_is_called_by_is_a_quote() -> None:
    hit = make_hit(HERON, CARS, title=HERON)
    assert set(texts(candidates([hit], "heron", "en"))) == {HERON, CARS}


def test_how_far_search_ranks_a_chunk_behind_the_best_speaks_for_it() -> None:
    first, second = (make_hit(text, score=score) for text, score in ((HERON, 0.9), (CARS, 0.5)))
    behind = {one.text: one.signals.behind for one in candidates([first, second], "heron", "en")}
    assert behind == {HERON: 0.0, CARS: pytest.approx(log(9))}


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_score_that_was_rounded_to_an_end_has_finite_log_odds(score: float) -> None:
    hits = [make_hit(HERON, score=score), make_hit(CARS, score=0.5)]
    assert all(0 <= one.signals.behind < 10 for one in candidates(hits, "heron", "en"))


def test_a_whole_sentence_of_few_characters_is_a_quote_where_the_script_needs_no_more() -> None:
    assert texts(candidates([make_hit("产量翻了一番。", lang="zh")], "产量如何？", "zh")) == ["产量翻了一番。"]


def test_a_sentence_about_another_year_is_no_candidate() -> None:
    hit = make_hit("In 2019 it built 31,480 cars.", CARS, HERON)
    assert texts(candidates([hit], "How many cars in 2021?", "en")) == [CARS, HERON]


def test_years_are_compared_in_the_digits_of_every_script() -> None:
    hit = make_hit("في عام ٢٠٢١ بنى المصنع سيارات كثيرة.", lang="ar")
    assert texts(candidates([hit], "How many cars in 2021?", "en"))
    assert not candidates([hit], "How many cars in 2020?", "en")


def test_without_a_year_in_the_question_every_year_will_do() -> None:
    assert texts(candidates([make_hit(CARS)], "How many cars?", "en")) == [CARS]


def test_only_the_best_hits_are_looked_at() -> None:
    hits = [make_hit(f"The heron number {n} eats fish.", article_id=str(n)) for n in range(CONSIDERED_HITS + 3)]
    found = candidates(hits, "heron", "en")
    assert {one.hit.article_id for one in found} == {str(n) for n in range(CONSIDERED_HITS)}


def test_no_hits_give_no_candidates() -> None:
    assert candidates([], "heron", "en") == []


def test_a_question_without_terms_gives_candidates_all_the_same() -> None:
    assert signals(make_hit(HERON), "?!").unit_coverage == 0


def test_a_hit_is_left_as_it_is() -> None:
    hit = make_hit(HERON)
    assert candidates([hit], "heron", "en")[0].hit is hit


# Signals


def test_each_unit_has_its_own_late_interaction_and_all_of_a_hit_its_chunks() -> None:
    hit = make_hit("The canal is quiet today.", HERON, unit_scores=(0.4, 0.9), late=0.95, cosine=0.3)
    seen = {one.text: one.signals for one in candidates([hit], "What does the heron eat?", "en")}
    assert {text: one.unit_late for text, one in seen.items()} == {"The canal is quiet today.": 0.4, HERON: 0.9}
    assert {(one.late, one.cosine) for one in seen.values()} == {(0.95, 0.3)}


def test_a_unit_left_out_does_not_shift_the_scores_of_the_others() -> None:
    hit = make_hit("See 3.", HERON, unit_scores=(0.4, 0.9), late=0.9)
    assert signals(hit, "heron").unit_late == 0.9


def test_without_token_vectors_the_chunks_cosine_stands_in() -> None:
    seen = signals(make_hit(HERON, cosine=0.5, late=0.0), "heron")
    assert (seen.unit_late, seen.late) == (0.5, 0.5)


def test_a_unit_with_all_of_the_questions_terms_is_covered_and_one_with_none_is_not() -> None:
    hit = make_hit("Winter price!!", "Das Boot schwimmt.")
    coverage = {one.text: one.signals.unit_coverage for one in candidates([hit], "winter price", "en")}
    assert coverage == {"Winter price!!": pytest.approx(1.0), "Das Boot schwimmt.": 0.0}


def test_a_rare_word_covers_more_than_one_that_most_units_hold() -> None:
    units = ("The heron eats fish.", "The heron stands still.", "The heron flew away.", "An otter swims here.")
    seen = {one.text: one.signals.unit_coverage for one in candidates([make_hit(*units)], "heron otter", "en")}
    assert seen["An otter swims here."] > seen["The heron eats fish."] > 0


def test_coverage_across_languages_is_a_signal_of_its_own() -> None:
    own, foreign = (signals(make_hit(HERON, lang="en", coverage=0.7), "heron", lang) for lang in ("en-GB", "nb"))
    assert (own.foreign, own.coverage, own.foreign_coverage, own.foreign_unit_coverage) == (0, 0.7, 0, 0)
    assert (foreign.foreign, foreign.coverage, foreign.unit_coverage, foreign.foreign_coverage) == (1, 0, 0, 0.7)
    assert own.unit_coverage > 0 < foreign.foreign_unit_coverage


def test_a_unit_that_holds_the_kind_of_thing_asked_for_has_more_of_it_than_one_that_does_not() -> None:
    hit = make_hit("It has 3,000 workers.", "She is well known there.")
    seen = {one.text: one.signals.kind for one in candidates([hit], "How many work there?", "en")}
    assert seen == {"It has 3,000 workers.": 0.5, "She is well known there.": -0.5}


def test_a_question_that_asks_for_no_kind_says_nothing_of_it() -> None:
    assert signals(make_hit(CARS), "Tell me about the factory.").kind == 0


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How many cars?", 0.0),
        ("Were 43.866 cars built?", 0.0),
        ("Were 43 866 cars built in 2021?", 0.0),
        ("Were 99 cars built?", 1.0),
        ("Were 99 cars built in 2021?", 0.5),
    ],
)
def test_figures_of_the_question_are_sought_in_the_unit(question: str, missing: float) -> None:
    assert signals(make_hit(CARS), question).figures_missing == missing


def test_the_date_of_the_article_is_the_year_of_a_sentence_that_names_none() -> None:
    assert signals(make_hit(HERON, published="2022-12"), "What happened in 2022?").figures_missing == 0


def test_the_day_of_an_article_stands_for_the_day_that_is_asked_for() -> None:
    question = "What happened on 14 December 2022?"
    assert signals(make_hit(HERON, published="2022-12-14"), question).figures_missing == 0
    assert signals(make_hit(HERON, published="2022-12-15"), question).figures_missing == 0.5


def test_the_date_of_the_article_excuses_no_sentence_about_another_year() -> None:
    assert not candidates([make_hit(CARS, published="2022-12")], "What happened in 2022?", "en")


def test_a_figure_in_the_title_or_a_heading_is_not_missing() -> None:
    hit = make_hit(HERON, title="The 55 quattro", headings=("Winter 1997",))
    assert signals(hit, "Is it the 55 of 1997?").figures_missing == 0


def test_a_year_in_the_title_excuses_no_sentence_about_another_year() -> None:
    assert not candidates([make_hit(CARS, title="Results of 2022")], "How many cars in 2022?", "en")


def test_a_figure_elsewhere_in_the_chunk_is_missing_from_the_unit_and_not_absent() -> None:
    seen = {
        one.text: (one.signals.figures_missing, one.signals.figures_absent)
        for one in candidates([make_hit(HERON, CARS)], "What happened in 2021 and 1950?", "en")
    }
    assert seen == {HERON: (1.0, 0.5), CARS: (0.5, 0.5)}


def test_the_name_of_a_model_is_a_figure() -> None:
    assert signals(make_hit("The plant builds the Q8 now."), "Where is the Q8 built?").figures_missing == 0
    assert signals(make_hit("The plant builds the Q5 now."), "Where is the Q8 built?").figures_missing == 1


def test_a_unit_about_a_look_alike_of_what_is_asked_for_has_another_name() -> None:
    hits = [
        make_hit("It goes 410 km.", article_id="a", title="Tarn Lynx"),
        make_hit("The Tarn Lynx Sport goes 365 km.", article_id="b", title="Tarn Lynx Sport"),
    ]
    found = candidates(hits, "How far does the Tarn Lynx Sport go?", "en")
    assert {one.hit.article_id: one.signals.other_name for one in found} == {"a": 1.0, "b": 0.0}


@settings(deadline=None)  # the first text loads the stemmers
@given(st.lists(LETTERS, min_size=1, max_size=4), LETTERS, st.sampled_from(("en", "de", "zh")))
def test_shares_lie_between_nought_and_one_and_the_kind_between_halves(
    sentences: list[str], question: str, lang: str
) -> None:
    for one in candidates([make_hit(*sentences)], question, lang):
        seen = one.signals
        shares = (seen.unit_coverage, seen.foreign_unit_coverage, seen.figures_missing, seen.figures_absent)
        assert all(0 <= share <= 1 + 1e-9 for share in shares)
        assert -0.5 <= seen.kind <= 0.5
        assert seen.figures_absent <= seen.figures_missing


# Order


def test_the_score_is_the_weighed_sum_of_the_signals_and_the_best_comes_first(weigh: Callable[..., None]) -> None:
    weigh(unit_late=10.0, figures_missing=-4.0)
    hit = make_hit(HERON, CARS, unit_scores=(0.9, 0.7), late=0.9)
    found = candidates([hit], "What happened in 2021?", "en")
    # 10 · 0.7 - 4 · 0 and 10 · 0.9 - 4 · 1
    assert texts(found) == [CARS, HERON]
    assert [one.score for one in found] == pytest.approx([7, 5])


def test_units_that_score_alike_stay_in_the_order_of_the_hits(weigh: Callable[..., None]) -> None:
    weigh(cosine=1.0)
    hits = make_hit(HERON, "The otter sleeps now."), make_hit(CARS, article_id="b")
    assert texts(candidates(hits, "heron", "en")) == [HERON, "The otter sleeps now.", CARS]


def test_the_shipped_weights_are_of_signals_that_there_are() -> None:
    assert set(extraction_weights()) <= set(Signals.__struct_fields__)


def test_with_the_shipped_weights_a_unit_that_says_it_beats_one_that_does_not() -> None:
    hit = make_hit("The canal is quiet today.", CARS, unit_scores=(0.1, 0.95), late=0.95)
    assert texts(candidates([hit], "How many cars did the factory build?", "en"))[0] == CARS
