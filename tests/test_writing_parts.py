"""Questions of several parts that an LLM answers: each with its sources, and what is left out is quoted or named."""

import pytest
from scripted_llm import ended, saying, written
from small_answering import FACT, FixedSearch, found, unrelated

from evals.benchmarks.scripted_llm import prompt_of
from index.records import Hit
from index.search import Query
from rag.conversations import Conversations
from rag.framing import not_found_text
from rag.generate import SILENT

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]

OTHER = "The plant in Ghent employed 3,000 people at that time."


def test_an_answer_to_a_part_of_the_question_is_partial(conversations: Conversations) -> None:
    with saying(f"In 2021, the factory built 43,866 cars [1]. {SILENT}") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT)), server))
    assert answer.status == "partial"
    assert answer.text == ("In 2021, the factory built 43,866 cars. [1]\n\nThe articles answer only part of this.")


class TwoSearches(FixedSearch):
    """Finds the fact for a question for cars, and another for one for people."""

    def __init__(self, *people: Hit) -> None:
        super().__init__(found(FACT))
        self.people = people

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        return self.people if "people" in query.text else super().__call__(query)


TWO_PARTS = "How many cars did the factory build in 2021, and how many people worked at the plant in Ghent?"


def test_a_question_of_two_parts_is_written_with_the_sources_of_both(conversations: Conversations) -> None:
    search = TwoSearches(found(OTHER, article_id="b"))
    with saying("In 2021, the factory built 43,866 cars [1]. The plant in Ghent employed 3,000 people [2].") as server:
        answer = ended(written(conversations, search, server, TWO_PARTS))
    assert (answer.composer, answer.status, [citation.n for citation in answer.citations]) == (
        "llm",
        "answered",
        [1, 2],
    )
    assert answer.text == "In 2021, the factory built 43,866 cars. [1] The plant in Ghent employed 3,000 people. [2]"


def test_a_part_that_the_llm_passes_over_is_quoted(conversations: Conversations) -> None:
    search = TwoSearches(found(OTHER, article_id="b"))
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        answer = ended(written(conversations, search, server, TWO_PARTS))
    assert answer.text == (f"In 2021, the factory built 43,866 cars. [1]\n\nAccording to “Title of b”: “{OTHER}” [2]")


def test_a_part_that_no_article_answers_is_named_behind_what_the_llm_says(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        answer = ended(written(conversations, TwoSearches(unrelated("b")), server, TWO_PARTS))
    assert (answer.composer, answer.status) == ("llm", "partial")
    first, last = answer.text.split("\n\n")
    assert first == "In 2021, the factory built 43,866 cars. [1]"
    assert last.startswith("“How many people worked at the plant in Ghent?”")
    assert last.endswith(not_found_text("en"))
    assert "people" not in prompt_of(server.requests[0]).rpartition("Question")[2]
