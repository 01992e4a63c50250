"""A question that finds no answer is asked again with its slips put right, and says how it was understood."""

import anyio
import pytest
from small_answering import ASKED, FACT, found, unrelated

from index.records import Hit
from index.search import Query
from rag.answer import Answering
from rag.composing import Aids
from rag.conversations import Conversations
from rag.records import Answer, MessageEnd, MessageStart, Question

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]
MISSPELT = "How many cars did the factroy build in 2021?"
WEAK = found(FACT, score=0.05)


class ByText:
    """Finds by the very words of a question; anything else finds what does not answer."""

    def __init__(self, found: dict[str, tuple[Hit, ...]], other: tuple[Hit, ...] = (WEAK,)) -> None:
        self._found = found
        self._other = other
        self.asked: list[str] = []

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        self.asked.append(query.text)
        return self._found.get(query.text, self._other)


def surprises(words: list[str]) -> list[float]:
    return [30.0 if word == "factroy" else 10.0 for word in words]


def answering(search: ByText, conversations: Conversations) -> Answering:
    return Answering(search, conversations, aids=Aids(surprises))


def ask(search: ByText, conversations: Conversations, question: str = MISSPELT) -> Answer:
    return anyio.run(answering(search, conversations).answer, Question(question=question))


def test_what_finds_no_answer_is_asked_as_the_articles_spell_it(conversations: Conversations) -> None:
    search = ByText({ASKED: (found(FACT),)})
    answer = ask(search, conversations)
    assert search.asked[:2] == [MISSPELT, ASKED]
    assert (answer.status, answer.question, answer.standalone_question) == ("answered", MISSPELT, ASKED)
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_a_stream_says_in_the_end_how_the_question_was_understood(conversations: Conversations) -> None:
    search = ByText({ASKED: (found(FACT),)})

    async def asked() -> list[str]:
        events = answering(search, conversations).events(Question(question=MISSPELT, stream=True))
        said = [event async for event in events if isinstance(event, MessageStart | MessageEnd)]
        return [
            one.answer.standalone_question if isinstance(one, MessageEnd) else one.standalone_question for one in said
        ]

    assert anyio.run(asked) == [MISSPELT, ASKED]


def test_what_finds_an_answer_is_not_asked_again(conversations: Conversations) -> None:
    search = ByText({MISSPELT: (found(FACT),)})
    answer = ask(search, conversations)
    assert (answer.status, answer.standalone_question) == ("answered", MISSPELT)
    assert ASKED not in search.asked


@pytest.mark.parametrize("again", [(), (unrelated("a"),)])
def test_what_finds_no_answer_either_way_stays_as_it_was_asked(
    conversations: Conversations, again: tuple[Hit, ...]
) -> None:
    answer = ask(ByText({ASKED: again}), conversations)
    assert (answer.status, answer.standalone_question) == ("not_found", MISSPELT)
    assert [source.article_id for source in answer.nearest] == ["a"]


def test_without_a_model_that_knows_words_nothing_is_put_right(conversations: Conversations) -> None:
    search = ByText({ASKED: (found(FACT),)})
    answer = anyio.run(Answering(search, conversations).answer, Question(question=MISSPELT))
    assert (answer.status, search.asked) == ("not_found", [MISSPELT])


def test_a_part_with_a_slip_is_put_right_alone(conversations: Conversations) -> None:
    place = "Where does the plant lie today?"
    search = ByText({ASKED: (found(FACT),), place: (found("The plant lies in Ghent today.", article_id="b"),)})
    answer = ask(
        search, conversations, "How many cars did the factroy build in 2021 and where does the plant lie today?"
    )
    assert answer.status == "answered"
    assert answer.standalone_question == f"{ASKED} {place}"
