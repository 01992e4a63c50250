"""What is offered next is what the articles answer, in the reader's language, and nothing that was quoted already."""

import pytest
from small_answering import ASKED, FACT, FixedSearch, found, unrelated

from index.records import Hit
from index.search import Query
from rag.candidates import candidates
from rag.followups import Answered, at_once, searched

pytestmark = pytest.mark.usefixtures("by_late_interaction_alone")

NEXT_YEAR = "In 2022 the factory built 47,215 cars."
ROWS = ("Plant: Solar roof | Size: 58,000 m²", "Plant: Canteen | Seats: 310")
ROOF, CANTEEN = "What do the articles say about “Solar roof”?", "What do the articles say about “Canteen”?"


def answered(*hits: Hit, reader: str = "en") -> Answered:
    ranked = candidates(hits, ASKED, "en")
    return Answered(question=ASKED, lang="en", hits=hits, quoted=(ranked[0],), reader=reader)


def finding(search: FixedSearch, turn: Answered, *before: str) -> tuple[str, ...]:
    return searched(turn, lambda text, lang: search(Query(text=text, lang=lang)), before)


def test_the_same_question_of_another_year_is_offered() -> None:
    assert at_once(answered(found(FACT, NEXT_YEAR))) == ("How many cars did the factory build in 2022?",)


@pytest.mark.parametrize(
    "sentence",
    [
        "In 2022 the factory closed.",  # holds no number that could be the answer
        "In 2022 and 2021 the factory built 47,215 cars.",  # quoted itself
    ],
)
def test_a_year_that_has_no_answer_of_its_own_is_not_offered(sentence: str) -> None:
    hits = (found(sentence),) if "2021" in sentence else (found(FACT, sentence),)
    assert at_once(answered(*hits)) == ()


def test_what_search_is_not_sure_of_is_not_offered() -> None:
    assert at_once(answered(found(FACT, NEXT_YEAR, unit_scores=(0.95, 0.4)))) == ()


def test_a_question_in_another_language_than_the_readers_is_not_varied() -> None:
    assert at_once(answered(found(FACT, NEXT_YEAR), reader="de")) == ()


def test_a_row_that_is_found_when_it_is_asked_for_is_offered_behind_the_others() -> None:
    turn = answered(found(FACT, *ROWS, title="", unit_scores=(0.95, 0.2, 0.1)))
    roof = FixedSearch(found(ROWS[0]))
    assert finding(roof, turn, "And in 2022?") == ("And in 2022?", ROOF)
    assert [query.text for query in roof.queries] == [ROOF, CANTEEN]


def test_a_row_that_is_not_found_is_not_offered() -> None:
    turn = answered(found(FACT, *ROWS, title="", unit_scores=(0.95, 0.2, 0.1)))
    assert finding(FixedSearch(unrelated("b")), turn) == ()
    assert finding(FixedSearch(found("Another roof is red.")), turn) == ()


def test_three_are_enough() -> None:
    turn = answered(found(FACT, *ROWS, title="", unit_scores=(0.95, 0.2, 0.1)))
    search = FixedSearch(found(ROWS[0]))
    assert finding(search, turn, "One?", "Two?", "Three?") == ("One?", "Two?", "Three?")
    assert search.queries == []
