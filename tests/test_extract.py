"""Quotes are slices of their articles, the best first, in the reader's language where a version says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_index import make_hit

from index.records import Hit, Span
from rag.extract import (
    CONSIDERED_HITS,
    FURTHER_QUOTE_MARGIN,
    MAX_QUOTES,
    OWN_LANGUAGE_MARGIN,
    Candidate,
    candidates,
    choose,
)

LETTERS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


def candidate(
    text: str, score: float, *, article: str = "a", work: str | None = None, lang: str = "en", at: int = 0
) -> Candidate:
    hit = make_hit(text, article_id=article, start=at, lang=lang, work_id=work or f"work-{article}")
    return Candidate(hit=hit, span=Span(at, at + len(text)), text=text, score=score, late=score, coverage=0.0)


def texts(chosen: tuple[Candidate, ...]) -> list[str]:
    return [one.text for one in chosen]


# Candidates


@given(st.lists(LETTERS, min_size=1, max_size=4), st.integers(0, 1000), LETTERS)
def test_every_candidate_is_the_slice_that_its_span_names(sentences: list[str], start: int, question: str) -> None:
    hit = make_hit(*sentences, start=start)
    for found in candidates([hit], question, "en"):
        assert found.text == hit.text[found.span.start - start : found.span.end - start]
        assert found.text in sentences
        assert found.span in hit.sentences


def test_the_unit_that_the_question_meets_best_comes_first() -> None:
    hit = make_hit("The canal is quiet today.", "The heron eats fish.", unit_scores=(0.4, 0.9), late=0.9)
    ranked = candidates([hit], "What does the heron eat?", "en")
    assert [one.text for one in ranked] == ["The heron eats fish.", "The canal is quiet today."]
    assert [one.late for one in ranked] == [0.9, 0.4]


def test_of_units_that_score_alike_the_one_with_the_questions_words_comes_first() -> None:
    hit = make_hit("The canal is quiet today.", "The price rose in winter.", unit_scores=(0.5, 0.5), late=0.5)
    assert candidates([hit], "winter price", "en")[0].text == "The price rose in winter."


def test_a_unit_with_all_of_the_questions_terms_is_covered_and_one_with_none_is_not() -> None:
    hit = make_hit("Winter price!!", "Das Boot schwimmt.")
    coverage = {one.text: one.coverage for one in candidates([hit], "winter price", "en")}
    assert coverage == {"Winter price!!": pytest.approx(1.0), "Das Boot schwimmt.": 0.0}


def test_without_token_vectors_the_chunks_cosine_stands_in() -> None:
    near = make_hit("The heron eats fish.", article_id="near", cosine=0.5, coverage=0.0)
    far = make_hit("The otter sleeps now.", article_id="far", cosine=0.1, coverage=0.0)
    assert [one.late for one in candidates([far, near], "xyz", "en")] == [0.5, 0.1]


def test_the_bare_title_and_scraps_are_no_quotes() -> None:
    hit = make_hit("Heron in the city", "See 3.", "The heron eats fish.", title="Heron in the city")
    assert [one.text for one in candidates([hit], "heron", "en")] == ["The heron eats fish."]


def test_a_whole_sentence_of_few_characters_is_a_quote_where_the_script_needs_no_more() -> None:
    assert [one.text for one in candidates([make_hit("产量翻了一番。", lang="zh")], "产量如何？", "zh")] == [
        "产量翻了一番。"
    ]


def test_only_the_best_hits_are_looked_at() -> None:
    hits = [make_hit(f"The heron number {n} eats fish.", article_id=str(n)) for n in range(CONSIDERED_HITS + 3)]
    found = candidates(hits, "heron", "en")
    assert {one.hit.article_id for one in found} == {str(n) for n in range(CONSIDERED_HITS)}


def test_no_hits_give_no_candidates() -> None:
    assert candidates([], "heron", "en") == []


def test_a_question_without_terms_gives_candidates_all_the_same() -> None:
    assert [one.coverage for one in candidates([make_hit("The heron eats fish.")], "?!", "en")] == [0.0]


# Choice


def test_nothing_to_choose_from_gives_no_quotes() -> None:
    assert choose([], "en") == ()


def test_at_most_three_quotes_are_chosen() -> None:
    ranked = [candidate(f"Fact number {n}.", 0.9, article=str(n)) for n in range(6)]
    assert len(choose(ranked, "en")) == MAX_QUOTES == 3


def test_what_scores_far_less_than_the_best_is_left_out() -> None:
    ranked = [
        candidate("The best fact.", 0.9),
        candidate("A near fact.", 0.9 - FURTHER_QUOTE_MARGIN / 2, article="b"),
        candidate("A far fact.", 0.9 - FURTHER_QUOTE_MARGIN * 2, article="c"),
    ]
    assert texts(choose(ranked, "en")) == ["The best fact.", "A near fact."]


def test_the_same_words_are_quoted_once() -> None:
    ranked = [candidate("The same fact.", 0.9), candidate("The same fact.", 0.89, article="b")]
    assert texts(choose(ranked, "en")) == ["The same fact."]


def test_a_translation_is_not_quoted_beside_its_original() -> None:
    ranked = [
        candidate("The heron eats fish.", 0.9, article="en", work="w"),
        candidate("Der Reiher frisst Fisch.", 0.89, article="de", work="w", lang="de"),
    ]
    assert texts(choose(ranked, "en")) == ["The heron eats fish."]


@pytest.mark.parametrize(
    ("below", "expected"),
    [(OWN_LANGUAGE_MARGIN / 2, "Der Reiher frisst."), (OWN_LANGUAGE_MARGIN * 1.5, "The heron eats.")],
)
def test_the_readers_version_is_quoted_where_it_says_nearly_as_much(below: float, expected: str) -> None:
    ranked = [
        candidate("The heron eats.", 0.9, article="en", work="w"),
        candidate("Der Reiher frisst.", 0.9 - below, article="de", work="w", lang="de"),
    ]
    assert texts(choose(ranked, "de"))[0] == expected


def test_another_work_in_the_readers_language_does_not_replace_the_best() -> None:
    ranked = [
        candidate("The heron eats.", 0.9, article="en", work="w"),
        candidate("Die Preise stiegen.", 0.88, article="de", work="other", lang="de"),
    ]
    assert texts(choose(ranked, "de"))[0] == "The heron eats."


def test_a_reader_of_a_regional_variety_reads_the_language() -> None:
    ranked = [
        candidate("The heron eats.", 0.9, article="en", work="w"),
        candidate("A garça come.", 0.88, article="pt", work="w", lang="pt-BR"),
    ]
    assert texts(choose(ranked, "pt"))[0] == "A garça come."


def test_quotes_of_one_article_stand_together_and_the_best_comes_first() -> None:
    ranked = [
        candidate("The best, from the middle.", 0.9, at=100),
        candidate("From another article.", 0.89, article="b"),
        candidate("From the beginning.", 0.88, at=10),
    ]
    assert texts(choose(ranked, "en")) == ["The best, from the middle.", "From the beginning.", "From another article."]


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc"), st.sampled_from(("en", "de"))), max_size=8))
def test_all_that_is_chosen_was_a_candidate_and_one_version_speaks_for_a_work(
    parts: list[tuple[float, str, str]],
) -> None:
    ranked = sorted(
        (
            candidate(f"Fact number {n}.", score, article=f"{work}-{lang}", work=work, lang=lang, at=100 * n)
            for n, (score, work, lang) in enumerate(parts)
        ),
        key=lambda one: -one.score,
    )
    chosen = choose(ranked, "de")
    assert all(one in ranked for one in chosen)
    assert bool(chosen) == bool(ranked)
    versions: dict[str, set[str]] = {}
    for one in chosen:
        versions.setdefault(one.hit.work_id, set()).add(one.hit.article_id)
    assert all(len(articles) == 1 for articles in versions.values())


def test_a_hit_is_left_as_it_is() -> None:
    hit: Hit = make_hit("The heron eats fish.")
    assert candidates([hit], "heron", "en")[0].hit is hit
