"""The best quotes are chosen, in the reader's language where a version says it, in the order to be read."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_candidates import make_candidate

from rag.candidates import Candidate
from rag.extract import FURTHER_QUOTE_MARGIN, MAX_QUOTES, OWN_LANGUAGE_MARGIN, choose


def texts(chosen: tuple[Candidate, ...]) -> list[str]:
    return [one.text for one in chosen]


def test_nothing_to_choose_from_gives_no_quotes() -> None:
    assert choose([], "en") == ()


def test_at_most_three_quotes_are_chosen() -> None:
    ranked = [make_candidate(f"Fact number {n}.", 0.9, article=str(n)) for n in range(6)]
    assert len(choose(ranked, "en")) == MAX_QUOTES == 3


def test_what_scores_far_less_than_the_best_is_left_out() -> None:
    ranked = [
        make_candidate("The best fact.", 0.9),
        make_candidate("A near fact.", 0.9 - FURTHER_QUOTE_MARGIN / 2, article="b"),
        make_candidate("A far fact.", 0.9 - FURTHER_QUOTE_MARGIN * 2, article="c"),
    ]
    assert texts(choose(ranked, "en")) == ["The best fact.", "A near fact."]


def test_the_same_words_are_quoted_once() -> None:
    ranked = [make_candidate("The same fact.", 0.9), make_candidate("The same fact.", 0.89, article="b")]
    assert texts(choose(ranked, "en")) == ["The same fact."]


def test_a_translation_is_not_quoted_beside_its_original() -> None:
    ranked = [
        make_candidate("The heron eats fish.", 0.9, article="en", work="w"),
        make_candidate("Der Reiher frisst Fisch.", 0.89, article="de", work="w", lang="de"),
    ]
    assert texts(choose(ranked, "en")) == ["The heron eats fish."]


def test_a_further_quote_is_in_the_readers_language_too_where_a_version_says_it() -> None:
    ranked = [
        make_candidate("The heron eats fish.", 0.9, article="en", work="w"),
        make_candidate("Der Kranich frisst Korn.", 0.89, article="v-de", work="v", lang="de"),
        make_candidate("The crane eats corn.", 0.5, article="v-en", work="v"),
    ]
    assert texts(choose(ranked, "en")) == ["The heron eats fish.", "The crane eats corn."]


def test_an_item_is_not_quoted_beside_the_list_that_it_is_part_of() -> None:
    ranked = [
        make_candidate("Two colours:\nred\nblue", 0.9),
        make_candidate("red", 0.89, at=13),
        make_candidate("The next sentence.", 0.88, at=30),
    ]
    assert texts(choose(ranked, "en")) == ["Two colours:\nred\nblue", "The next sentence."]


@pytest.mark.parametrize(
    ("below", "expected"),
    [(OWN_LANGUAGE_MARGIN / 2, "Der Reiher frisst."), (OWN_LANGUAGE_MARGIN * 1.5, "The heron eats.")],
)
def test_the_readers_version_is_quoted_where_it_says_nearly_as_much(below: float, expected: str) -> None:
    ranked = [
        make_candidate("The heron eats.", 0.9, article="en", work="w"),
        make_candidate("Der Reiher frisst.", 0.9 - below, article="de", work="w", lang="de"),
    ]
    assert texts(choose(ranked, "de"))[0] == expected


def test_another_work_in_the_readers_language_does_not_replace_the_best() -> None:
    ranked = [
        make_candidate("The heron eats.", 0.9, article="en", work="w"),
        make_candidate("Die Preise stiegen.", 0.88, article="de", work="other", lang="de"),
    ]
    assert texts(choose(ranked, "de"))[0] == "The heron eats."


def test_a_reader_of_a_regional_variety_reads_the_language() -> None:
    ranked = [
        make_candidate("The heron eats.", 0.9, article="en", work="w"),
        make_candidate("A garça come.", 0.88, article="pt", work="w", lang="pt-BR"),
    ]
    assert texts(choose(ranked, "pt"))[0] == "A garça come."


def test_quotes_of_one_article_stand_together_and_the_best_comes_first() -> None:
    ranked = [
        make_candidate("The best, from the middle.", 0.9, at=100),
        make_candidate("From another article.", 0.89, article="b"),
        make_candidate("From the beginning.", 0.88, at=10),
    ]
    assert texts(choose(ranked, "en")) == ["The best, from the middle.", "From the beginning.", "From another article."]


def test_a_look_alike_does_not_lead_where_what_was_asked_for_says_nearly_as_much() -> None:
    sport = make_candidate("The Lynx Sport charges in 36 minutes.", 0.9, other_name=1.0)
    near = make_candidate("The Lynx takes 28 minutes.", 0.9 - FURTHER_QUOTE_MARGIN / 2, article="b", names_asked=True)
    far = msgspec.structs.replace(near, score=0.9 - FURTHER_QUOTE_MARGIN * 2)
    silent = make_candidate("It takes 28 minutes.", near.score, article="c")
    assert texts(choose([sport, near], "en")) == ["The Lynx takes 28 minutes."]
    assert texts(choose([sport, far], "en")) == ["The Lynx Sport charges in 36 minutes."]
    assert texts(choose([sport, silent], "en"))[0] == "The Lynx Sport charges in 36 minutes."


def test_a_look_alike_is_not_quoted_beside_what_was_asked_for() -> None:
    ranked = [
        make_candidate("The Lynx goes 410 km.", 0.9),
        make_candidate("The Lynx Sport goes 365 km.", 0.8, article="b", other_name=1.0),
    ]
    assert texts(choose(ranked, "en")) == ["The Lynx goes 410 km."]


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc"), st.sampled_from(("en", "de"))), max_size=8))
def test_all_that_is_chosen_was_a_candidate_and_one_version_speaks_for_a_work(
    parts: list[tuple[float, str, str]],
) -> None:
    ranked = sorted(
        (
            make_candidate(f"Fact number {n}.", score, article=f"{work}-{lang}", work=work, lang=lang, at=100 * n)
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
