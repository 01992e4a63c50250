"""Feedback is kept per message, once; what was asked in vain comes out of it with nothing personal; erasing erases."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER, SOURCE

from index.database import writer
from rag.conversations import Conversations
from rag.errors import NotFoundError
from rag.feedback import FeedbackStore
from rag.feedback_records import Feedback, FeedbackRequest
from rag.pseudonyms import Pseudonyms
from rag.records import Answer
from rag.tables import open_tables

DOWN = FeedbackRequest(rating="down", reason="outdated", comment="Alt.")
PSEUDONYMS = Pseudonyms(bytes(32))


def not_found(message_id: str, question: str = "Was kostet es?", conversation_id: str = "c1") -> Answer:
    return msgspec.structs.replace(
        ANSWER,
        message_id=message_id,
        conversation_id=conversation_id,
        status="not_found",
        question=question,
        standalone_question=question,
        citations=(),
        sources=(),
        nearest=(SOURCE,),
    )


def answered(message_id: str, conversation_id: str = "c1") -> Answer:
    return msgspec.structs.replace(ANSWER, message_id=message_id, conversation_id=conversation_id)


@pytest.fixture
def store(url: str) -> Iterator[FeedbackStore]:
    opened = FeedbackStore.open(url, PSEUDONYMS)
    yield opened
    opened.close()


def rows(url: str, table: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(f"SELECT * FROM {table}"))]
    engine.dispose()
    return found


# Giving


def test_feedback_comes_back_as_it_is_kept(conversations: Conversations, store: FeedbackStore) -> None:
    conversations.append(answered("m1"))
    assert store.give("m1", DOWN) == Feedback(message_id="m1", rating="down", reason="outdated", comment="Alt.")


def test_feedback_on_an_unknown_message_is_refused(store: FeedbackStore, url: str) -> None:
    with pytest.raises(NotFoundError, match="no message 'm9'"):
        store.give("m9", DOWN)
    assert rows(url, "feedback") == []


def test_given_again_it_replaces_what_was_there(conversations: Conversations, store: FeedbackStore, url: str) -> None:
    conversations.append(answered("m1"))
    store.give("m1", DOWN)
    store.give("m1", FeedbackRequest(rating="up"))
    assert [row[:5] for row in rows(url, "feedback")] == [("m1", "c1", "up", None, "")]


def test_null_takes_it_back(conversations: Conversations, store: FeedbackStore, url: str) -> None:
    conversations.append(answered("m1"))
    store.give("m1", DOWN)
    taken = store.give("m1", FeedbackRequest(rating=None, reason="wrong", comment="x"))
    assert taken == Feedback(message_id="m1", rating=None, reason=None, comment="")
    assert rows(url, "feedback") == []


def test_a_comment_is_redacted_before_it_is_stored(
    conversations: Conversations, store: FeedbackStore, tmp_path: Path
) -> None:
    conversations.append(answered("m1"))
    store.give("m1", FeedbackRequest(rating="down", comment="Ask jane.doe@mail.example"))
    assert store.unanswered()[0].comment == "Ask [e-mail]"
    assert all(b"jane.doe" not in file.read_bytes() for file in tmp_path.iterdir())


# Reading what was asked in vain


def test_what_was_not_found_and_what_got_a_thumbs_down_is_listed_oldest_first(
    conversations: Conversations, store: FeedbackStore
) -> None:
    for answer in (not_found("m1"), answered("m2"), answered("m3"), not_found("m4"), answered("m5")):
        conversations.append(answer)
    store.give("m2", FeedbackRequest(rating="up"))
    store.give("m3", DOWN)
    listed = store.unanswered()
    assert [(one.status, one.rating, one.reason) for one in listed] == [
        ("not_found", None, None),
        ("answered", "down", "outdated"),
        ("not_found", None, None),
    ]
    assert store.count_unanswered() == 3


def test_a_thumbs_down_taken_back_is_no_longer_listed(conversations: Conversations, store: FeedbackStore) -> None:
    conversations.append(answered("m1"))
    store.give("m1", DOWN)
    store.give("m1", FeedbackRequest(rating=None))
    assert store.unanswered() == ()


def test_questions_are_listed_redacted_with_the_turns_before_them(
    conversations: Conversations, store: FeedbackStore
) -> None:
    conversations.append(answered("m0", "c2"))
    conversations.append(msgspec.structs.replace(answered("m1"), question="Ich bin jo@mail.example. Wie viele?"))
    conversations.append(not_found("m2", "Und unter 030 1234567?"))
    (listed,) = store.unanswered()
    assert listed.question == "Und unter [phone]?"
    assert listed.standalone_question == "Und unter [phone]?"
    assert listed.turns == ("Ich bin [e-mail]. Wie viele?",)


def test_ids_of_messages_and_conversations_are_listed_as_keyed_hashes_only(
    conversations: Conversations, store: FeedbackStore
) -> None:
    for answer in (not_found("m1", conversation_id="c1"), not_found("m2", conversation_id="c1")):
        conversations.append(answer)
    first, second = store.unanswered()
    assert first.question_id == PSEUDONYMS.of("message", "m1")
    assert first.question_id != second.question_id
    assert first.asker == second.asker == PSEUDONYMS.of("conversation", "c1")
    assert not {"m1", "c1"} & {str(value) for value in msgspec.structs.asdict(first).values()}


def test_the_articles_that_were_shown_are_listed_best_first(conversations: Conversations, store: FeedbackStore) -> None:
    other = msgspec.structs.replace(SOURCE, article_id="a2")
    conversations.append(msgspec.structs.replace(not_found("m1"), nearest=(other, SOURCE)))
    assert store.unanswered()[0].nearest == ("a2", "a1")


def test_only_the_newest_are_read_where_there_are_many(conversations: Conversations, store: FeedbackStore) -> None:
    for n in range(5):
        conversations.append(not_found(f"m{n}", f"Frage {n}?"))
    assert [one.question for one in store.unanswered(limit=2)] == ["Frage 3?", "Frage 4?"]


def test_nothing_before_the_day_asked_for_is_listed(
    conversations: Conversations, store: FeedbackStore, url: str
) -> None:
    for message_id in ("m1", "m2"):
        conversations.append(not_found(message_id, message_id))
    set_time(url, "m1", "2024-02-11T23:59:59+00:00")
    set_time(url, "m2", "2024-02-12T00:00:00+00:00")
    assert [one.question for one in store.unanswered("2024-02-12")] == ["m2"]
    assert store.count_unanswered("2024-02-12") == 1


# Erasing


def test_a_conversation_that_is_deleted_takes_its_feedback_and_its_questions_along(
    conversations: Conversations, store: FeedbackStore, url: str
) -> None:
    conversations.append(not_found("m1", conversation_id="c1"))
    conversations.append(not_found("m2", conversation_id="c2"))
    store.give("m1", DOWN)
    store.give("m2", DOWN)
    conversations.delete("c1")
    assert [row[0] for row in rows(url, "feedback")] == ["m2"]
    assert [one.asker for one in store.unanswered()] == [PSEUDONYMS.of("conversation", "c2")]


def test_the_database_itself_deletes_the_feedback_of_a_message_that_goes(
    conversations: Conversations, store: FeedbackStore, url: str
) -> None:
    conversations.append(answered("m1"))
    store.give("m1", DOWN)
    engine = open_tables(url)
    with writer(engine).begin() as connection:
        connection.execute(sa.text("DELETE FROM messages"))
    engine.dispose()
    assert rows(url, "feedback") == []


# Older databases


def test_turns_of_an_older_database_are_dated_by_their_conversation(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    write_first_version(url, not_found("m1"), created_at="2024-02-14T08:00:00+00:00")
    store = FeedbackStore.open(url, PSEUDONYMS)
    listed = store.unanswered()
    store.close()
    assert [(one.asked_at, one.status) for one in listed] == [("2024-02-14T08:00:00+00:00", "not_found")]


def set_time(url: str, message_id: str, asked_at: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE messages SET asked_at = :at WHERE message_id = :id"), {"at": asked_at, "id": message_id}
        )
    engine.dispose()


def write_first_version(url: str, answer: Answer, created_at: str) -> None:
    """The tables as the first migration made them, with one turn."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (
            "CREATE TABLE conversations_version (version_num VARCHAR(32) PRIMARY KEY)",
            "INSERT INTO conversations_version VALUES ('0001')",
            "CREATE TABLE conversations (conversation_id TEXT PRIMARY KEY, created_at TEXT NOT NULL)",
            "CREATE TABLE messages (place INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE,"
            " conversation_id TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE, answer TEXT NOT NULL)",
        ):
            connection.execute(sa.text(statement))
        connection.execute(sa.text("INSERT INTO conversations VALUES ('c1', :at)"), {"at": created_at})
        connection.execute(
            sa.text("INSERT INTO messages (message_id, conversation_id, answer) VALUES ('m1', 'c1', :answer)"),
            {"answer": msgspec.json.encode(answer).decode()},
        )
    engine.dispose()


# All judgements, for editors


def test_judgements_are_listed_newest_first_with_nothing_personal(
    conversations: Conversations, store: FeedbackStore
) -> None:
    question = "Was kostet es? Ich bin jo@mail.example"
    conversations.append(not_found("m1", question))
    conversations.append(answered("m2", "c2"))
    store.give("m1", DOWN)
    store.give("m2", FeedbackRequest(rating="up"))
    listed = store.given(10)
    assert listed.total == 2
    assert [(one.rating, one.reason, one.comment) for one in listed.feedback] == [
        ("up", None, ""),
        ("down", "outdated", "Alt."),
    ]
    assert listed.feedback[1].question == "Was kostet es? Ich bin [e-mail]"
    assert [source.path for source in listed.feedback[1].sources] == [SOURCE.path]
    assert {"m1", "m2"}.isdisjoint({one.message for one in listed.feedback})


def test_no_more_judgements_are_listed_than_asked_for_but_all_are_counted(
    conversations: Conversations, store: FeedbackStore
) -> None:
    for message_id in ("m1", "m2", "m3"):
        conversations.append(answered(message_id))
        store.give(message_id, DOWN)
    listed = store.given(2)
    assert (listed.total, len(listed.feedback)) == (3, 2)


def test_the_judgement_of_an_erased_conversation_is_listed_no_more(
    conversations: Conversations, store: FeedbackStore
) -> None:
    conversations.append(answered("m1"))
    store.give("m1", DOWN)
    conversations.delete("c1")
    assert store.given(10).total == 0
    assert store.given(10).feedback == ()
