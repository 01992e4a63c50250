"""An answer is in the reader's language, of the time and in the unit that is asked for."""

from datetime import date

import anyio
import pytest
from small_answering import FACT, FixedSearch, ask, found, unrelated

from index.records import Filters
from rag.answer import Answering
from rag.conversations import Conversations
from rag.records import (
    Question,
)

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]


def test_the_answer_is_framed_in_the_language_asked_for_and_searched_in_the_questions(
    conversations: Conversations,
) -> None:
    search = FixedSearch(found(FACT))
    answer = ask(conversations, search, answer_lang="de")
    assert answer.lang == "de"
    assert "Englisch" in answer.text
    assert [query.lang for query in search.queries] == ["en"]


def test_filters_reach_the_search_and_every_version_is_asked_for(conversations: Conversations) -> None:
    search = FixedSearch()
    ask(conversations, search, filters=Filters(langs=("nb",)))
    (query,) = search.queries
    assert query.filters == Filters(langs=("nb",))
    assert not query.group_works


@pytest.mark.parametrize(
    ("dates", "newest"),
    [
        (("2021", "2022-12", "2022-03-01"), "2022-12"),
        (("2022-12-14", "2022-12"), "2022-12-14"),
        ((None, "2020"), "2020"),
        ((None,), None),
    ],
)
def test_an_answer_is_as_of_the_newest_article_it_cites(
    conversations: Conversations, dates: tuple[str | None, ...], newest: str | None
) -> None:
    hits = [
        found(f"In 2021 the factory built 43,866 cars, says {n}.", article_id=str(n), published=date)
        for n, date in enumerate(dates)
    ]
    answer = ask(conversations, FixedSearch(*hits))
    assert len(answer.citations) == len(dates)
    assert answer.as_of == newest


def test_articles_that_are_only_near_do_not_date_an_answer(conversations: Conversations) -> None:
    hits = found(FACT, published="2020"), unrelated("b", published="2024")
    assert ask(conversations, FixedSearch(*hits)).as_of == "2020"


def test_two_quotes_of_one_article_share_its_number(conversations: Conversations) -> None:
    hit = found(FACT, "The factory built cars in two shifts.", published="2022")
    other = found("Another factory built cars in 2021, too.", article_id="b")
    answer = ask(conversations, FixedSearch(hit, other))
    assert [citation.n for citation in answer.citations] == [1, 1, 2]
    assert [source.article_id for source in answer.sources] == ["a", "b"]
    for citation in answer.citations:
        assert answer.text[citation.answer.start : citation.answer.end] == citation.quote
        assert answer.text[citation.answer.end :].lstrip("”»“ ").startswith(f"[{citation.n}]")


@pytest.mark.parametrize("lang", ["nb", "da"])
def test_a_question_that_could_be_in_two_languages_is_in_that_of_the_articles(
    conversations: Conversations, lang: str
) -> None:
    answering = Answering(FixedSearch(found(FACT)), conversations, langs=lambda: ("en", lang))
    assert anyio.run(answering.answer, Question(question="Hvem er direktør?")).lang == lang


def test_a_distance_is_given_in_the_miles_that_are_asked_for_behind_its_quote(conversations: Conversations) -> None:
    answer = ask(conversations, FixedSearch(found("It goes 582 km.")), "How many miles does it go?")
    assert answer.citations[0].quote == "It goes 582 km."
    assert answer.text.endswith("“It goes 582 km.” [1] (582 km ≈ 362 mi)")


def test_last_year_is_the_year_before_the_day_that_is_passed_in(conversations: Conversations) -> None:
    search = FixedSearch(found("In 2020 the factory built 40,000 cars.", FACT, "In 2022 it built 50,000."))
    answering = Answering(search, conversations, today=lambda: date(2022, 1, 5))
    answer = anyio.run(answering.answer, Question(question="How many cars did the factory build last year?"))
    assert answer.question == "How many cars did the factory build last year?"
    assert (
        answer.standalone_question == search.queries[0].text == "How many cars did the factory build last year (2021)?"
    )
    assert [citation.quote for citation in answer.citations] == [FACT]
