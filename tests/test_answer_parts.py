"""A question with several parts: each is answered, or said to be answered by nothing."""

import pytest
from small_answering import FACT, ask, found, stream, unrelated

from index.records import Hit
from index.search import Query
from rag.conversations import Conversations
from rag.framing import not_found_text
from rag.records import MessageStart

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]

BUILT = "The factory was built by Bergmann in 1998."
TWO = "How many cars did the factory build? Who built the factory?"


class SearchByWord:
    """Finds the hit whose word the query has."""

    def __init__(self, **hits: Hit) -> None:
        self.hits = hits
        self.queries: list[Query] = []

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        self.queries.append(query)
        return tuple(hit for word, hit in self.hits.items() if word in query.text.casefold().split()[0])


def test_every_part_is_answered_in_its_order(conversations: Conversations) -> None:
    search = SearchByWord(how=found(FACT, article_id="a"), who=found(BUILT, article_id="b"))
    answer = ask(conversations, search, TWO)  # type: ignore[arg-type]
    assert answer.status == "answered"
    assert [citation.quote for citation in answer.citations] == [FACT, BUILT]
    assert [citation.n for citation in answer.citations] == [1, 2]
    assert all(answer.text[one.answer.start : one.answer.end] == one.quote for one in answer.citations)


def test_a_part_that_the_articles_do_not_answer_is_named(conversations: Conversations) -> None:
    search = SearchByWord(how=found(FACT, article_id="a"), who=unrelated("b"))
    answer = ask(conversations, search, TWO)  # type: ignore[arg-type]
    assert answer.status == "partial"
    assert [citation.quote for citation in answer.citations] == [FACT]
    assert answer.text.endswith(f"\n\n“Who built the factory?” {not_found_text('en')}")


def test_nothing_found_for_any_part_is_not_found(conversations: Conversations) -> None:
    search = SearchByWord(how=unrelated("a"), who=unrelated("b"))
    answer = ask(conversations, search, TWO)  # type: ignore[arg-type]
    assert (answer.status, answer.text, answer.citations) == ("not_found", not_found_text("en"), ())


def test_a_quote_that_answers_both_parts_is_shown_once(conversations: Conversations) -> None:
    both = found("Bergmann built 43,866 cars in the factory.", article_id="a")
    answer = ask(conversations, SearchByWord(how=both, who=both), TWO)  # type: ignore[arg-type]
    assert answer.status == "answered"
    assert len(answer.citations) == 1


def test_the_parts_are_shown_as_they_are_searched(conversations: Conversations) -> None:
    search = SearchByWord(how=found(FACT, article_id="a"), who=found(BUILT, article_id="b"))
    asked = "How many cars did the factory build, and who built the factory?"
    start, *_ = stream(conversations, search, asked)  # type: ignore[arg-type]
    assert isinstance(start, MessageStart)
    assert start.standalone_question == TWO
    assert search.queries[0].text == "How many cars did the factory build?"
