"""A turn goes on where its conversation is, and into no other."""

from typing import cast

import msgspec
import pytest
from small_answering import ASKED, FACT, UNRELATED, FixedSearch, ask, found, stream

from rag.conversations import Conversations
from rag.errors import InputError, NotFoundError
from rag.records import (
    MessageEnd,
    MessageStart,
)

pytestmark = pytest.mark.usefixtures("by_late_interaction_alone")


def test_a_turn_without_a_conversation_begins_one(conversations: Conversations) -> None:
    first, second = (ask(conversations, FixedSearch(found(FACT))) for _ in range(2))
    assert first.conversation_id != second.conversation_id
    assert first.message_id != second.message_id


def test_a_turn_goes_on_where_the_conversation_is(conversations: Conversations) -> None:
    first = ask(conversations, FixedSearch(found(FACT)))
    second = ask(conversations, FixedSearch(), conversation_id=first.conversation_id)
    assert second.conversation_id == first.conversation_id
    assert conversations.turns(first.conversation_id) == (first, second)


@pytest.mark.parametrize("status", ["answered", "not_found", "out_of_scope"])
def test_every_turn_is_stored_whatever_it_ended_as(conversations: Conversations, status: str) -> None:
    asked = {"answered": ASKED, "not_found": "Who was the first man on the moon?", "out_of_scope": "Thanks!"}[status]
    answer = ask(conversations, FixedSearch(*([found(FACT)] if status == "answered" else UNRELATED)), asked)
    assert answer.status == status
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_an_unknown_conversation_is_refused_and_none_begun(conversations: Conversations) -> None:
    with pytest.raises(NotFoundError) as refused:
        ask(conversations, FixedSearch(found(FACT)), conversation_id="nowhere")
    assert refused.value.param == "conversation_id"
    assert conversations.get("nowhere") is None


def test_a_follow_up_is_asked_and_shown_as_a_question_of_its_own(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    first = ask(conversations, search, "How many cars did Audi Brussels build in 2021?")
    events = stream(conversations, search, "And in 2022?", conversation_id=first.conversation_id)
    asked = "How many cars did Audi Brussels build in 2022?"
    assert cast(MessageStart, events[0]).standalone_question == asked
    assert cast(MessageEnd, events[-1]).answer.standalone_question == asked
    assert search.queries[-1].text == asked


def test_nothing_goes_over_into_another_conversation(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    ask(conversations, search, "How many cars did Audi Brussels build in 2021?")
    other = ask(conversations, search, "Who is the mayor of Ghent?")
    question = "How many people work there?"
    assert "Audi" not in ask(conversations, search, question, conversation_id=other.conversation_id).standalone_question


def test_earlier_questions_are_context_as_in_a_conversation_and_are_not_stored(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    earlier = ("How many cars did Audi Brussels build in 2021?", "And in 2022?")
    answer = ask(conversations, search, "And in 2023?", earlier=earlier)
    assert answer.standalone_question == "How many cars did Audi Brussels build in 2023?"
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_of_many_earlier_questions_the_last_are_context(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    ask(conversations, search, "Thanks!", earlier=tuple(f"How many cars did Ghent {year} build?" for year in range(50)))
    assert {query.text for query in search.queries} >= {"How many cars did Ghent 44 build?"}
    assert not any("43" in query.text for query in search.queries)


def test_earlier_questions_go_with_no_conversation(conversations: Conversations) -> None:
    first = ask(conversations, FixedSearch(found(FACT)))
    with pytest.raises(InputError) as refused:
        ask(conversations, FixedSearch(), conversation_id=first.conversation_id, earlier=(ASKED,))
    assert refused.value.param == "earlier"


def test_what_was_offered_is_asked_as_it_stands_in_the_language_of_its_turn(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    first = ask(conversations, search, "Hvor mange biler bygde Audi i 2021?", answer_lang="nb")
    offered = "Hvor er Audi?"
    conversations.replace(msgspec.structs.replace(first, followups=(offered,)))
    answer = ask(conversations, search, offered, conversation_id=first.conversation_id)
    assert (answer.standalone_question, answer.lang) == (offered, "nb")
