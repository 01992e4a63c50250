"""Measures of answers: what is counted, what is zero, and what is unscored."""

import msgspec
import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome

from evals.golden import Expect
from evals.measures import MEASURES
from evals.measures.short_answer import token_f1
from evals.records import Outcome, Prices
from rag.records import Answer, TextRange, Written

NOT_FOUND = Expect(status="not_found")
BERTHS = Expect(status="answered", works=(WORK,), facts=(("1,250",), ("2019",)))
FRAGMENT = Expect(status="answered", works=(WORK,), quotes=("The harbour has 1,250 berths",))


def score(name: str, scored: Outcome) -> float | None:
    return MEASURES[name].score(scored, None)


def test_an_error_is_zero_where_something_was_asked_for_and_unscored_where_an_answer_is_looked_at() -> None:
    asked = case(expect=msgspec.structs.replace(BERTHS, forbidden=("Q4",)))
    scored = {name: score(name, outcome(asked, None)) for name in MEASURES}
    zero = {"right", "status", "answered", "hit@1", "hit@3", "hit@5", "hit@10", "mrr", "ndcg@10", "citation_recall"}
    assert {name for name, value in scored.items() if value == 0.0} == {*zero, "fact_recall"}
    assert {name: value for name, value in scored.items() if value} == {"errors": 1.0}


# Citations


def test_precision_is_the_share_of_citations_that_show_a_fact_from_an_expected_work() -> None:
    given = answer(
        citation("There are 1.250 berths."),
        citation("It opened in 2019."),
        citation("The water is deep."),
        citation("1,250 berths in the other one", path="news/other.md"),
    )
    assert score("citation_precision", outcome(case(expect=BERTHS), given)) == 0.5


def test_recall_is_the_share_of_facts_that_quotes_from_an_expected_work_show() -> None:
    given = answer(citation("1,250 berths"), citation("since 2019", path="news/other.md"), text="1,250 since 2019")
    assert score("citation_recall", outcome(case(expect=BERTHS), given)) == 0.5


def test_any_translation_of_an_expected_work_counts() -> None:
    given = answer(citation("1.250 plaatsen in 2019", path="news/harbour.nl.md"))
    assert score("citation_recall", outcome(case(expect=BERTHS), given)) == 1.0


@pytest.mark.parametrize(
    ("quotes", "recall", "precision"),
    [
        (("In 2024 the harbour has 1250 berths.",), 1.0, 1.0),
        (("the harbour has",), 15 / 27, 1.0),
        (("Upstream, the harbour has",), 15 / 27, 1.0),
        (("1,250 berths are free",), 11 / 27, 0.0),
        (("berths are free",), 0.0, 0.0),
        (("has 1,250 berths are free",), 15 / 27, 1.0),
        (("the harbour h", "r has 1,250 berths"), 1.0, 0.5),
        (("The", "berths"), 0.0, 0.0),
    ],
    ids=["all", "a part", "its beginning", "less than half", "fewer than ten", "its end", "two parts", "by chance"],
)
def test_a_fragment_counts_by_the_characters_that_quotes_cover(
    quotes: tuple[str, ...], recall: float, precision: float
) -> None:
    given = outcome(case(expect=FRAGMENT), answer(*map(citation, quotes)))
    assert score("citation_recall", given) == pytest.approx(recall)
    assert score("citation_precision", given) == precision


def test_fragments_are_alternatives_of_which_the_best_covered_counts() -> None:
    expect = Expect(status="answered", quotes=("der Hafen ist voll", "the harbour is full"))
    assert score("citation_recall", outcome(case(expect=expect), answer(citation("Der Hafen ist voll.")))) == 1.0


def test_a_case_that_names_works_alone_asks_only_where_the_citations_come_from() -> None:
    given = outcome(case(), answer(citation("a"), citation("b", path="news/other.md")))
    assert (score("citation_precision", given), score("citation_recall", given)) == (0.5, 1.0)


def test_refused_is_zero_recall_and_no_precision_and_unanswerable_is_neither() -> None:
    refused = outcome(case(expect=BERTHS), REFUSAL)
    assert (score("citation_precision", refused), score("citation_recall", refused)) == (None, 0.0)
    tempted = outcome(case(expect=NOT_FOUND), answer(citation("a")))
    assert (score("citation_precision", tempted), score("citation_recall", tempted)) == (None, None)


def test_exactness_is_the_share_of_quotes_that_are_what_they_claim_to_be() -> None:
    given = answer(citation("a"), citation("b"), citation("c"), citation("d"))
    assert score("quote_exactness", outcome(case(), given, false_quotes=("b",))) == 0.75
    assert score("quote_exactness", outcome(case(), answer())) is None


# Content


def test_facts_may_stand_in_the_answer_or_in_its_quotes() -> None:
    assert score("fact_recall", outcome(case(expect=BERTHS), answer(citation("1 250"), text="Since 2019."))) == 1.0
    assert score("fact_recall", outcome(case(expect=BERTHS), answer(text="12019 and 1,250"))) == 0.5


def test_a_refusal_states_no_fact_even_if_its_words_hold_one() -> None:
    assert score("fact_recall", outcome(case(expect=BERTHS), answer(status="not_found", text="1,250, 2019"))) == 0.0


def test_a_forbidden_word_counts_in_a_quote_and_in_the_text_of_an_llm_and_is_unscored_where_nothing_is_shown() -> None:
    asked = case(expect=Expect(status="answered", works=(WORK,), forbidden=("Q4",)))
    assert score("forbidden", outcome(asked, answer(citation("The Q4 is smaller")))) == 1.0
    assert score("forbidden", outcome(asked, answer(citation("The Q8"), text="not the Q4"))) == 0.0
    written = answer(citation("The Q8"), text="As the Q4 has [1].", composer="llm")
    assert score("forbidden", outcome(asked, written)) == 1.0
    assert score("forbidden", outcome(asked, REFUSAL)) is None


@pytest.mark.parametrize(
    ("text", "form", "f1"),
    [
        ("The 14 December, 2022!", "14 december 2022", 1.0),
        ("on 14 December", "14 December 2022", 2 / 3),
        ("48.5 kWh", "48,5 kWh", 1.0),
        ("生产中心", "生产", 2 / 3),
        ("very very big", "very big", 0.8),
        ("…", "x", 0.0),
    ],
)
def test_tokens_are_words_or_the_characters_of_scripts_without_spaces(text: str, form: str, f1: float) -> None:
    assert token_f1(text, form) == pytest.approx(f1)


def test_the_short_answer_is_what_is_marked_in_the_first_quote_and_else_unscored() -> None:
    plain = citation("It opened on 14 December 2022.")
    marked = msgspec.structs.replace(plain, highlight=TextRange(start=13, end=24))
    asked = case(expect=Expect(status="answered", facts=(("2022-12-14", "14 December 2022"),)))
    assert score("short_answer_f1", outcome(asked, answer(marked))) == pytest.approx(0.8)
    assert score("short_answer_f1", outcome(asked, answer(plain))) is None
    assert score("short_answer_f1", outcome(case(expect=BERTHS), answer(marked))) is None


# Numbers


def framed(before: str, quote: str, after: str = "” [1]", **source: str) -> Answer:
    return answer(citation(quote, at=len(before), **source), text=f"{before}{quote}{after}")


@pytest.mark.parametrize(
    ("given", "share"),
    [
        (answer(citation("43.866 Autos"), text="They built 43,866 cars. [1]"), 1.0),
        (answer(citation("43,866 cars in 2021"), text="In 2022 they built 43,866 cars [1]."), 0.5),
        (answer(citation("43,866 cars", at=19), text="There are 7 halls. They built 43,866 cars [1]."), 1.0),
        (answer(citation("on 14 December 2022"), text="It began in December 2022, so in 2022 [1]."), 1.0),
        (answer(citation("a", n=1), citation("12 km", n=2), text="It is 12 km long [1]. It is 12 km wide [2]."), 0.5),
        (answer(citation("12 km", n=1), citation("7 m", n=2), text="It is 12 km by 7 m [1] [2]."), 1.0),
        (answer(citation("12 km"), text="It is 12 miles [1]."), 0.0),
        (framed("Laut „Plan 2030“ (24. Mai 2022): „", "Es sind 5.", title="Plan 2030", published="2022-05-24"), 1.0),
        (framed("Laut „Plan 2030“: „", "Es sind 5. Und 6.", title="Plan 2031"), 1.0),
    ],
    ids=["notation", "other year", "uncited", "less precise", "own source", "both", "unit", "frame", "quote of two"],
)
def test_numbers_of_cited_sentences_have_to_stand_in_what_they_cite(given: Answer, share: float) -> None:
    assert score("cited_numbers", outcome(case(), given)) == share


def test_an_answer_without_numbers_or_without_markers_has_no_numbers_to_check() -> None:
    assert score("cited_numbers", outcome(case(), answer(citation("a"), text="So it is [1]."))) is None
    assert score("cited_numbers", outcome(case(), answer(citation("a"), text="So it is 7."))) is None


# Status and language


@pytest.mark.parametrize(
    ("expect", "given", "scored"),
    [
        (BERTHS, answer(), (1.0, 1.0, None, None)),
        (BERTHS, answer(status="partial"), (1.0, 1.0, None, None)),
        (BERTHS, REFUSAL, (0.0, 0.0, 0.0, None)),
        (NOT_FOUND, REFUSAL, (1.0, None, 1.0, 1.0)),
        (NOT_FOUND, answer(), (0.0, None, None, 0.0)),
        (NOT_FOUND, answer(status="out_of_scope"), (0.0, None, 1.0, 1.0)),
        (NOT_FOUND, None, (0.0, None, None, 0.0)),
        (msgspec.structs.replace(BERTHS, status="partial"), answer(), (0.0, 1.0, None, None)),
    ],
)
def test_status_answered_refusal_precision_and_recall(
    expect: Expect, given: Answer | None, scored: tuple[float | None, ...]
) -> None:
    names = ("status", "answered", "refusal_precision", "refusal_recall")
    assert tuple(score(name, outcome(case(expect=expect), given)) for name in names) == scored


def test_the_language_is_that_of_the_question_unless_the_case_names_another() -> None:
    german = case(lang="de")
    assert score("answer_language", outcome(german, answer(lang="de"))) == 1.0
    assert score("answer_language", outcome(german, answer(lang="en"))) == 0.0
    asked = case(lang="de", expect=Expect(status="answered", works=(WORK,), answer_lang="pt"))
    assert score("answer_language", outcome(asked, answer(lang="pt-BR"))) == 1.0
    assert score("answer_language", outcome(asked, None)) is None


def test_prose_of_an_llm_has_to_be_in_the_language_it_is_labelled_with() -> None:
    english = "The harbour has been open since the spring and there are more berths than before. "
    german = "Der Hafen ist seit dem Frühjahr offen, und es gibt dort mehr Liegeplätze als je zuvor. "
    quote = citation(english)
    asked = case(lang="de")
    for text, expected in (
        (german + english, 1.0),
        (english + english, 1.0),
        (english.replace("berths", "ships"), 0.0),
    ):
        given = answer(quote, text=text, lang="de", composer="llm")
        assert score("answer_language", outcome(asked, given)) == expected


# Follow-ups and what is not measured yet


def test_a_follow_up_loses_what_its_standalone_question_finds() -> None:
    asked = case(standalone="The same by itself?")
    there, not_there = found(WORK), found("a", "b", "c", "d", "e", WORK)
    scored = [
        score("followup_loss", outcome(asked, hits=hits, standalone_hits=alone))
        for hits, alone in ((there, there), (not_there, there), (there, not_there))
    ]
    assert scored == [0.0, 1.0, -1.0]
    assert score("followup_loss", outcome(case(), hits=not_there, standalone_hits=there)) is None


def test_tokens_are_those_that_the_endpoint_counted_and_cost_is_theirs_at_the_prices_given() -> None:
    written = Written(model="m", prompt_sha256="0", prompt_tokens=900, answer_tokens=60)
    counted = msgspec.structs.replace(answer(composer="llm"), written=written)
    uncounted = msgspec.structs.replace(counted, written=Written(model="m", prompt_sha256="0"))
    assert score("tokens", outcome(case(), counted)) == 960.0
    assert [score("tokens", outcome(case(), one)) for one in (uncounted, answer(), None)] == [None, None, None]
    prices = Prices(prompt=2.5, answer=10)
    priced = [msgspec.structs.replace(outcome(case(), one), prices=prices) for one in (counted, uncounted, answer())]
    assert [score("cost", one) for one in (*priced, outcome(case(), counted))] == [0.00285, None, None, None]
