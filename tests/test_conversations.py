"""Conversations keep turns as they were given, oldest first, and forget them when told."""

import threading
import uuid
from pathlib import Path

import msgspec
import sqlalchemy as sa
from fake_backend import ANSWER
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.conversations import Conversations
from rag.records import Answer


def answer(message_id: str, conversation_id: str = "c1", text: str = "Ja.") -> Answer:
    return msgspec.structs.replace(ANSWER, message_id=message_id, conversation_id=conversation_id, text=text)


def test_an_unknown_conversation_has_no_turns(conversations: Conversations) -> None:
    assert conversations.turns("nope") == ()
    assert conversations.get("nope") is None


def test_turns_come_oldest_first(conversations: Conversations) -> None:
    turns = tuple(answer(message_id) for message_id in ("m9", "m1", "m5"))
    for turn in turns:
        conversations.append(turn)
    assert conversations.turns("c1") == turns


def test_a_turn_comes_back_as_it_was_given(conversations: Conversations) -> None:
    conversations.append(ANSWER)
    assert conversations.turns("c1") == (ANSWER,)


def test_conversations_are_kept_apart(conversations: Conversations) -> None:
    conversations.append(answer("m1", "c1"))
    conversations.append(answer("m2", "c2"))
    assert conversations.turns("c2") == (answer("m2", "c2"),)


def test_a_message_that_is_there_already_stays_as_it_is(conversations: Conversations) -> None:
    conversations.append(answer("m1", text="first"))
    conversations.append(answer("m1", text="again"))
    assert conversations.turns("c1") == (answer("m1", text="first"),)


def test_a_turn_can_be_replaced_and_keeps_its_place(conversations: Conversations) -> None:
    for message_id in ("m1", "m2"):
        conversations.append(answer(message_id))
    conversations.replace(answer("m1", text="more"))
    assert conversations.turns("c1") == (answer("m1", text="more"), answer("m2"))


def test_a_turn_that_is_gone_is_not_replaced(conversations: Conversations) -> None:
    conversations.replace(answer("m1"))
    assert conversations.turns("c1") == ()


def test_the_same_question_after_a_stopped_turn_takes_its_place(conversations: Conversations) -> None:
    stopped = msgspec.structs.replace(answer("m1"), stopped=True)
    for turn in (stopped, answer("m2"), answer("m3")):
        conversations.append(turn)
    assert conversations.turns("c1") == (answer("m2"), answer("m3"))


def test_another_question_leaves_a_stopped_turn_where_it_is(conversations: Conversations) -> None:
    stopped = msgspec.structs.replace(answer("m1"), stopped=True)
    other = msgspec.structs.replace(answer("m2"), question="Und die Katzen?")
    for turn in (stopped, other):
        conversations.append(turn)
    assert conversations.turns("c1") == (stopped, other)


def test_get_tells_when_the_conversation_began(conversations: Conversations) -> None:
    conversations.append(answer("m1"))
    began = conversations.get("c1")
    conversations.append(answer("m2"))
    now = conversations.get("c1")
    assert began is not None
    assert now is not None
    assert now.created_at == began.created_at
    assert now.created_at.endswith("+00:00")
    assert now.messages == (answer("m1"), answer("m2"))


def test_delete_forgets_the_turns_and_says_whether_there_were_any(conversations: Conversations) -> None:
    conversations.append(answer("m1"))
    assert conversations.delete("c1") is True
    assert conversations.turns("c1") == ()
    assert conversations.get("c1") is None
    assert conversations.delete("c1") is False


def test_turns_outlive_the_process(url: str) -> None:
    first = Conversations.open(url)
    first.append(ANSWER)
    first.close()
    second = Conversations.open(url)
    assert second.turns("c1") == (ANSWER,)
    second.close()


def test_its_migrations_leave_other_tables_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kilde.db'}"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE articles (id TEXT)"))
    Conversations.open(url).close()
    assert set(sa.inspect(engine).get_table_names()) == {
        "articles",
        "conversations",
        "conversations_version",
        "erased",
        "feedback",
        "keys",
        "messages",
        "slack_events",
        "slack_threads",
    }
    engine.dispose()


def test_threads_that_write_at_once_lose_nothing(conversations: Conversations) -> None:
    writers = [
        threading.Thread(target=lambda n=n: [conversations.append(answer(f"m{n}-{turn}")) for turn in range(10)])
        for n in range(4)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(conversations.turns("c1")) == 40


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=("Cs",))))
def test_any_text_survives_storage(conversations: Conversations, text: str) -> None:
    one = uuid.uuid4().hex
    conversations.append(answer(one, one, text=text))
    assert conversations.turns(one)[0].text == text
